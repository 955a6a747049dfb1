"""Results of commands that print tables of texts, and of those that write files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from sambench.commands.results.runs import MetricTold
from sambench.metrics.latency.ratios import StepRatio

if TYPE_CHECKING:
    import pandas as pd


class TableTold(TypedDict):
    """A table of texts, as it is printed: a mark of a footnote is " [1]" at a cell's end, its text among the notes."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


class ShownRun(TypedDict):
    """A run that a table shows, with its metrics as numbers."""

    run: str
    label: str
    metrics: dict[str, MetricTold]


class TablesResult(TypedDict):
    """Tables, the runs that they show, and the files that were written."""

    tables: list[TableTold]
    runs: list[ShownRun]
    files: list[str]


class SweepResult(TypedDict):
    """A sweep: its table, its members' runs, and how many of them failed; or, with dry=true, its commands alone."""

    tables: list[TableTold]
    runs: list[ShownRun]
    files: list[str]
    commands: list[str]
    failed: int


class LatencyResult(TypedDict):
    """Two models timed in turn: median seconds of each step, and their ratio; which are slower than `most` allows."""

    baseline: str
    candidate: str
    steps: list[StepRatio]
    slow: list[str]
    notes: list[str]
    files: list[str]


class ParetoTold(TypedDict):
    """A model with both metrics, and whether it is on the front."""

    model: str
    x: MetricTold
    y: MetricTold
    standing: str


class ParetoResult(TypedDict):
    """Models on two axes."""

    x: str
    y: str
    models: list[ParetoTold]
    notes: list[str]
    files: list[str]


class FilesResult(TypedDict):
    """Files that were written."""

    files: list[str]
    notes: list[str]


class BsdsResult(TypedDict):
    """The Berkeley benchmark's files of a run; those that sum all images up with their text."""

    run: str
    folder: str
    files: list[str]
    summaries: dict[str, str]


class FileResult(TypedDict):
    """One file that was written."""

    file: str
    bytes: int


def table_result(name: str, table: pd.DataFrame, notes: Sequence[str], title: str) -> dict[str, Any]:
    """Return a table as `TableTold`."""
    rows = [list(map(str, row)) for row in table.to_numpy().tolist()]
    return {"name": name, "title": title, "columns": list(map(str, table.columns)), "rows": rows, "notes": list(notes)}


def shown_runs(runs: Sequence[Any]) -> list[dict[str, Any]]:
    """Return runs as `ShownRun`."""
    from sambench.commands.results.runs import metric_result

    return [
        {
            "run": run.location,
            "label": run.label,
            "metrics": {name: metric_result(one) for name, one in run.metrics.items()},
        }
        for run in runs
    ]
