"""Tables of a terminal: without styling where that is asked for, and folded where they are wider than it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table


def plain_console(stderr: bool = False) -> Console:
    """Return a console that styles nothing by itself, and with NO_COLOR set nothing at all, not even bold heads."""
    if os.environ.get("NO_COLOR"):
        return Console(highlight=False, markup=False, color_system=None, stderr=stderr)
    return Console(highlight=False, markup=False, stderr=stderr)


def print_folded(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]], keep: int) -> None:
    """Print a table; of one that is wider than the terminal the last columns stand below it, a line each.

    No cell is wrapped and nothing is left out: a column that does not fit is told as `head: name cell, name cell`.

    Args:
        console: Where it is printed.
        heads: The columns' heads, the most important first; the first column holds the rows' names.
        rows: Texts.
        keep: Columns that stay in the table however narrow the terminal is.
    """
    shown = len(heads)
    while shown > keep and _width(console, _table(heads[:shown], rows)) > console.width:
        shown -= 1
    console.print(_table(heads[:shown], rows))
    for place in range(shown, len(heads)):
        cells = ", ".join(f"{row[0]} {row[place]}" for row in rows if row[place])
        if cells:
            console.print(f"{heads[place]}: {cells}", soft_wrap=True)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row[: len(heads)])
    return table


def _width(console: Console, table: Table) -> int:
    """Return the columns that a table takes where nothing narrows it."""
    return Measurement.get(console, console.options.update(width=100_000), table).maximum
