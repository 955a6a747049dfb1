"""Tables of a terminal: without styling where that is asked for, and folded where they are wider than it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from tabulate import tabulate

_ANY = 100_000
"""Columns of a file or a pipe: as many as anything takes."""


def plain_console() -> Console:
    """Return a console that styles nothing by itself, and with NO_COLOR set nothing at all, not even bold heads.

    In a file or a pipe it is as wide as what is printed, so that nothing is folded there.
    """
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(highlight=False, markup=False, color_system=colours, width=terminal_width() or _ANY)


def print_line(console: Console, text: str) -> None:
    """Print a sentence, broken at its spaces where the terminal is narrower."""
    console.print("\n".join(broken(text, console.width)), soft_wrap=True)


@dataclass
class Columns:
    """A table to be printed.

    Attributes:
        heads: The columns' heads: those that name a row first, then the others, the most important first.
        sides: "left" or "right" for each column.
        naming: How many of the first columns name a row; they and the next one stay however narrow the terminal is.
        rows: Texts.
    """

    heads: Sequence[str]
    sides: Sequence[str]
    naming: int = 1
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def print(self, console: Console) -> None:
        """Print it, what does not fit below it (`print_folded`)."""
        print_folded(console, self.heads, self.rows, self.naming + 1, self.sides, self.naming)


def folded_text(
    heads: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str], leave: Sequence[str], width: int | None
) -> str:
    """Return a table as plain text; of one that is wider than the terminal some columns stand below it, a line each.

    Args:
        heads: The columns' heads; the first column holds the rows' names.
        rows: Texts.
        align: "left" or "right" for each column.
        leave: Heads of the columns that may leave the table, the first to leave first.
        width: Columns of the terminal; None for as many as it takes (`terminal_width`).
    """

    def table(shown: Sequence[int]) -> str:
        cells = [[row[index] for index in shown] for row in rows]
        chosen = [heads[index] for index in shown]
        return tabulate(
            cells, chosen, tablefmt="simple", disable_numparse=True, colalign=[align[index] for index in shown]
        )

    def fits(shown: Sequence[int]) -> bool:
        return width is None or max(map(len, table(shown).splitlines())) <= width

    shown = _staying(len(heads), map(heads.index, leave), fits)
    lines = _columns_below(heads, rows, shown)
    return "\n".join([table(shown), *(part for line in lines for part in broken(line, width))])


def _staying(columns: int, leaving: Iterable[int], fits: Callable[[Sequence[int]], bool]) -> list[int]:
    """Return the columns that stay: of those that may leave a table one after the other goes until the rest fit."""
    shown, waiting = list(range(columns)), list(leaving)
    while waiting and not fits(shown):
        shown.remove(waiting.pop(0))
    return shown


def _columns_below(
    heads: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[int], naming: int = 1
) -> list[str]:
    """Tell the other columns in a line each, `head: name cell, name cell`; a row without a name has that above it."""
    names, first, lines = list[str](), "", []
    for row in rows:
        first = row[0] or first
        names.append(" ".join([first, *row[1:naming]]))
    for index in (index for index in range(len(heads)) if index not in shown):
        if cells := ", ".join(f"{name} {row[index]}" for name, row in zip(names, rows, strict=True) if row[index]):
            lines.append(f"{heads[index]}: {cells}" if heads[index] else cells)
    return lines


def print_folded(
    console: Console,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    keep: int,
    justify: Sequence[str] | None = None,
    naming: int = 1,
) -> None:
    """Print a table; of one that is wider than the terminal the last columns stand below it, a line each.

    No cell is wrapped and nothing is left out: a column that does not fit is told as `head: name cell, name cell`.

    Args:
        console: Where it is printed.
        heads: The columns' heads, the most important first; the first column holds the rows' names.
        rows: Texts.
        keep: Columns that stay in the table however narrow the terminal is.
        justify: "left" or "right" for each column; all but the first to the right by default.
        naming: How many of the first columns name a row.
    """
    sides = justify or ["right" if index else "left" for index in range(len(heads))]

    def fits(shown: Sequence[int]) -> bool:
        return _width(console, _table(heads[: len(shown)], rows, sides)) <= console.width

    shown = _staying(len(heads), range(len(heads) - 1, keep - 1, -1), fits)
    console.print(_table(heads[: len(shown)], rows, sides))
    for line in _columns_below(heads, rows, shown, naming):
        print_line(console, line)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], sides: Sequence[str]) -> Table:
    table = Table()
    for head, side in zip(heads, sides, strict=False):
        table.add_column(head, justify="left" if side == "left" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row[: len(heads)])
    return table


def _width(console: Console, table: Table) -> int:
    """Return the columns that a table takes where nothing narrows it."""
    return Measurement.get(console, console.options.update(width=_ANY), table).maximum


def terminal_width() -> int | None:
    """Return the columns of the terminal, None where standard output is a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def broken(line: str, width: int | None, indent: str = "  ") -> list[str]:
    """Break a line at its spaces; a word that is longer than the terminal is wide, as a path, stays whole.

    Args:
        line: The line.
        width: Columns of the terminal; None leaves the line as it is.
        indent: What stands before the second line and those after it, beside what stands before the first.
    """
    if width is None or len(line) <= width:
        return [line]
    before = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, width, subsequent_indent=before + indent, break_long_words=False, break_on_hyphens=False)
