"""What a report says of each run: its metrics, its stages' times and where its numbers come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sambench.drawing.figures.parts import RUN_COLOURS
from sambench.engine.stages import STAGES
from sambench.redact import without_absolute_paths
from sambench.runs.run import Run
from sambench.runs.seals import flatten
from sambench.runs.summary import carriers, interval, number
from sambench.tables.departures import Beside, published_beside
from sambench.types import COUNTED, Metric

SHOWN_METRICS = 6
"""Metrics of a task that stand in sight; further ones are folded away."""


class MetricLine(NamedTuple):
    """A run's value of a metric; positions are percent of a scale from 0 to 1, None where the metric has none."""

    label: str
    colour: int
    value: str
    interval: str
    n: str
    published: str
    at: float | None
    low: float | None
    high: float | None


class Segment(NamedTuple):
    """A stage of a run: its name, its share of all stages in percent, and its seconds as texts."""

    stage: str
    share: float
    seconds: str
    per_image: str


def metric_lines(runs: Sequence[Run], labels: Sequence[str]) -> list[tuple[str, list[MetricLine]]]:
    """Return each metric with a line for every run that has it, in the order in which runs name them."""
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    rows = [published_beside(run) for run in runs]
    return [
        (name, [_line(run, name, labels[at], at, rows[at]) for at, run in enumerate(runs) if name in run.metrics])
        for name in names
    ]


def _line(run: Run, name: str, label: str, colour: int, rows: Sequence[Beside]) -> MetricLine:
    metric = run.metrics[name]
    published = ", ".join(f"{row.values[name]} {row.name}" for row in rows if name in row.values)
    value = metric_text(metric)
    ends: tuple[float | None, float | None, float | None] = (None, None, None)
    if metric.unit not in COUNTED and value:
        low, high = metric.ci95 if interval(metric) and metric.ci95 else (metric.value, metric.value)
        ends = (_percent(metric.value), _percent(low), _percent(high))
    return MetricLine(
        label, colour % len(RUN_COLOURS), value, interval(metric), carriers(metric) or str(metric.n), published, *ends
    )


def metric_text(metric: Metric) -> str:
    """Write a metric's value; counts without needless digits."""
    return f"{metric.value:g}" if metric.unit == "masks" else number(metric.value)


def _percent(value: float) -> float:
    return round(100 * min(max(value, 0.0), 1.0), 2)


def segments(run: Run) -> list[Segment]:
    """Return a run's stages; they overlap, so that their seconds may add up to more than the wall's."""
    timings = {stage: took for stage, took in run.record.timings.items() if stage != "wall"}
    whole = sum(took.seconds for took in timings.values()) or 1.0
    return [
        Segment(stage, round(100 * took.seconds / whole, 2), f"{took.seconds:.1f}", f"{took.per_image:.3f}")
        for stage, took in timings.items()
    ]


def stage_colour(stage: str) -> int:
    """Return the number of a stage's colour: the same for one stage in all runs and on all pages."""
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def wall(run: Run) -> str:
    """Return the seconds from a run's start to its end, or nothing."""
    return f"{run.record.timings['wall'].seconds:.1f}" if "wall" in run.record.timings else ""


def provenance(run: Run) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return where a run's numbers come from: sections of (key, value)."""
    record = run.record
    model = {key: value for key, value in record.model.stored.items() if key != "missing"}
    data = {key: value for key, value in record.data.stored.items() if key not in ("card", "truths")}
    sections: dict[str, Any] = {
        "Switches": record.switches,
        "Model": model,
        "Data": {"title": record.data.card.title, "terms": record.data.card.terms, **data},
        "Code": record.stored.get("code", {}),
        "Environment": record.stored.get("environment", {}),
        "Sessions": {
            str(index + 1): f"{one.started}, {one.resumed} images done before"
            for index, one in enumerate(record.sessions)
        },
        "Cache": record.stored.get("cache") or {},
        "Identity": record.identity.stored,
    }
    return [
        (
            title,
            [
                (key, _text(value))
                for key, value in flatten(without_absolute_paths(content)).items()
                if value is not None
            ],
        )
        for title, content in sections.items()
        if content
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value).strip()


def coded(note: str) -> list[tuple[bool, str]]:
    """Split a note at its backquotes: (whether it is code, text)."""
    return [(index % 2 == 1, text) for index, text in enumerate(re.split("`", note)) if text]
