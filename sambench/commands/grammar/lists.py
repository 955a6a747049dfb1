"""Lists of names for the pages of `--help`."""

from __future__ import annotations

from collections.abc import Mapping

from sambench.config import registry
from sambench.tables.folding import broken


def choices(group: str) -> str:
    """Return the choices of a group, a line each with what its file says of it."""
    return listed(registry.options(group))


def listed(lines: Mapping[str, str], before: str = "  ", width: int | None = None) -> str:
    """Return names with a line about each, one below the other.

    Args:
        lines: Name -> what is told of it.
        before: What stands before each name.
        width: Columns of the terminal, in which a long line goes on below its beginning; None for as many as it takes.
    """
    longest = max(map(len, lines), default=0)
    rows = (f"{before}{name:{longest}}  {line}" for name, line in lines.items())
    return "\n".join(part for row in rows for part in broken(row, width, " " * (longest + 2)))
