"""Tables of a terminal: without styling where that is asked for, and folded where they are wider than it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from tabulate import tabulate


def plain_console(stderr: bool = False) -> Console:
    """Return a console that styles nothing by itself, and with NO_COLOR set nothing at all, not even bold heads."""
    if os.environ.get("NO_COLOR"):
        return Console(highlight=False, markup=False, color_system=None, stderr=stderr)
    return Console(highlight=False, markup=False, stderr=stderr)


def terminal_width() -> int | None:
    """Return the columns of the terminal, None where standard output is a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


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
    shown, waiting, below = list(range(len(heads))), list(leave), list[int]()

    def table() -> str:
        cells = [[row[place] for place in shown] for row in rows]
        chosen = [heads[place] for place in shown]
        return tabulate(
            cells, chosen, tablefmt="simple", disable_numparse=True, colalign=[align[place] for place in shown]
        )

    while width is not None and waiting and max(map(len, table().splitlines())) > width:
        below.append(heads.index(waiting.pop(0)))
        shown.remove(below[-1])
    return "\n".join([table(), *_told_below(heads, rows, sorted(below))])


def _told_below(
    heads: Sequence[str], rows: Sequence[Sequence[str]], places: Sequence[int], naming: int = 1
) -> list[str]:
    """Tell columns in a line each, `head: name cell, name cell`; a row without a name has that of the one above."""
    names, first, lines = list[str](), "", []
    for row in rows:
        first = row[0] or first
        names.append(" ".join([first, *row[1:naming]]))
    for place in places:
        if cells := ", ".join(f"{name} {row[place]}" for name, row in zip(names, rows, strict=True) if row[place]):
            lines.append(f"{heads[place]}: {cells}" if heads[place] else cells)
    return lines


def print_table(console: Console, table: Table, naming: int = 1) -> None:
    """Print a table that is made already as `print_folded` does.

    Args:
        console: Where it is printed.
        table: The table.
        naming: How many of its first columns name a row; they and the next one stay.
    """
    heads = [str(column.header) for column in table.columns]
    rows = [list(map(str, cells)) for cells in zip(*(column.cells for column in table.columns), strict=True)]
    print_folded(console, heads, rows, naming + 1, [str(column.justify) for column in table.columns], naming)


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
    sides = justify or ["right" if place else "left" for place in range(len(heads))]
    shown = len(heads)
    while shown > keep and _width(console, _table(heads[:shown], rows, sides)) > console.width:
        shown -= 1
    console.print(_table(heads[:shown], rows, sides))
    for line in _told_below(heads, rows, range(shown, len(heads)), naming):
        console.print(line, soft_wrap=True)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], sides: Sequence[str]) -> Table:
    table = Table()
    for head, side in zip(heads, sides, strict=False):
        table.add_column(head, justify="left" if side == "left" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row[: len(heads)])
    return table


def _width(console: Console, table: Table) -> int:
    """Return the columns that a table takes where nothing narrows it."""
    return Measurement.get(console, console.options.update(width=100_000), table).maximum
