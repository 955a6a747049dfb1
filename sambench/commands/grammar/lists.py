"""Lists of names for the pages of `--help`."""

from __future__ import annotations

from collections.abc import Mapping

from sambench.config import registry


def choices(group: str) -> str:
    """Return the choices of a group, a line each with what its file says of it."""
    return listed(registry.options(group))


def listed(lines: Mapping[str, str]) -> str:
    """Return names with a line about each, one below the other."""
    width = max(map(len, lines), default=0)
    return "\n".join(f"  {name:{width}}  {line}" for name, line in lines.items())
