"""Results of commands that make, list, hold together and remove runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from sambench.runs.run import Run
    from sambench.types import Metric


class MetricTold(TypedDict):
    """A metric; null stands for what is undefined."""

    value: float | None
    ci95: list[float | None] | None
    n: int
    support: int | None
    unit: str
    higher_is_better: bool
    note: str


class Beside(TypedDict):
    """A published row that the run answers to, its numbers as they are printed there."""

    row: str
    values: dict[str, str]


class RunResult(TypedDict):
    """A finished run."""

    run: str
    was_finished: bool
    task: str
    preset: str | None
    data: str
    split: str
    images: int
    model: str
    label: str
    name: str
    finished: str
    caption: str
    metrics: dict[str, MetricTold]
    published: list[Beside]
    seconds: dict[str, float]
    notes: list[str]


class ListedRun(TypedDict):
    """A stored run; one that has not begun, or cannot be read, has place and state alone."""

    run: str
    state: str
    bytes: NotRequired[int]
    task: NotRequired[str]
    data: NotRequired[str]
    images: NotRequired[int]
    name: NotRequired[str]
    label: NotRequired[str]
    model: NotRequired[str]
    finished: NotRequired[str]
    tags: NotRequired[list[str]]
    notes: NotRequired[str | None]
    metrics: NotRequired[dict[str, float | None]]


ListedRuns = list[ListedRun]


class NamedRun(TypedDict):
    """A run that a result is about."""

    run: str
    label: str
    state: str


class UnlikeTold(TypedDict):
    """One thing in which two runs differ, with the values as the records have them."""

    key: str
    first: Any
    second: Any


class MovedTold(TypedDict):
    """A metric of two runs, and the second's less the first's."""

    metric: str
    first: float | None
    second: float | None
    difference: float | None


class DiffResult(TypedDict):
    """What two runs differ in."""

    runs: list[NamedRun]
    settings: list[UnlikeTold]
    environment: list[UnlikeTold]
    metrics: list[MovedTold]


class RemovedRun(TypedDict):
    """A run that is no more."""

    run: str
    bytes: int


class RemovedResult(TypedDict):
    """What was removed."""

    removed: list[RemovedRun]


def metric_result(metric: Metric) -> dict[str, Any]:
    """Return a metric as `MetricTold`."""
    return {
        "value": metric.value,
        "ci95": None if metric.ci95 is None else list(metric.ci95),
        "n": metric.n,
        "support": metric.support,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "note": metric.note,
    }


def run_result(run: Run, was_finished: bool, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a finished run as `RunResult`, with what else a result has."""
    from sambench.runs.labels import own_label
    from sambench.runs.summary import caption, metric_notes, missing_note
    from sambench.tables.departures import published_beside

    record = run.record
    missing = missing_note(run).removeprefix("; ")
    return {
        "run": run.location,
        "was_finished": was_finished,
        "task": record.task_name,
        "preset": record.config.task.preset,
        "data": record.data.name,
        "split": record.data.split,
        "images": record.data.samples,
        "model": record.model.name,
        "label": run.label,
        "name": own_label(record),
        "finished": record.finished,
        "caption": caption(run),
        "metrics": {name: metric_result(metric) for name, metric in run.metrics.items()},
        "published": [{"row": one.name, "values": dict(one.values)} for one in published_beside(run)],
        "seconds": {stage: took.seconds for stage, took in record.timings.items()},
        "notes": [*([missing] if missing else []), *metric_notes(run)],
        **(more or {}),
    }
