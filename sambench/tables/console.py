"""The table a run prints when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sambench.runs.run import Run
from sambench.runs.summary import caption, carriers, interval, number
from sambench.tables.departures import published_beside
from sambench.types import COSTS

if TYPE_CHECKING:
    from rich.table import Table


def print_run(run: Run) -> None:
    """Print metrics with intervals, beside the published rows they answer to, the stages' times and the run folder."""
    rows = published_beside(run)
    table = Table()
    for column in ("metric", "measured", "95 % interval", "n"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    for row in rows:
        table.add_column(row.name, justify="right")
    for name, metric in run.metrics.items():
        beside = (row.values.get(name, "") for row in rows)
        titled = f"{name}, {metric.unit}" if metric.unit in COSTS else name
        table.add_row(titled, number(metric.value), interval(metric), carriers(metric) or str(metric.n), *beside)
    console = Console(highlight=False, markup=False)
    console.print(caption(run), soft_wrap=True)
    console.print(table)
    console.print(_stages(run))
    if (cache := run.record.cache) is not None:
        console.print(f"embedding cache: {cache.hits} hits, {cache.misses} misses", soft_wrap=True)
    console.print(f"run folder: {run.place}", soft_wrap=True)


def _stages(run: Run) -> Table:
    """Make the table of what each stage took; stages overlap, so their seconds may add up to more than the wall's."""
    table = Table()
    for column in ("stage", "seconds", "share", "s / image"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, took in run.record.timings.items():
        table.add_row(stage, f"{took.seconds:.1f}", f"{100 * took.share:.0f} %", f"{took.per_image:.3f}")
    return table
