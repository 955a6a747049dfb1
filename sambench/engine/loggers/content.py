"""What trackers are told of a run: its settings, metrics with intervals, pictures and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.files.atomic import files_below
from sambench.redact import redacted
from sambench.runs.run import RECORD, ROWS, Run
from sambench.runs.seals import flatten

PICTURES = 24
"""Pictures that a tracker is given."""


@dataclass(frozen=True)
class Content:
    """What a tracker is told of a run.

    Attributes:
        key: A short name that is the run's own, so that telling it again changes the same entry.
        name: What the run is called.
        settings: Dotted key -> value: switches, model, data, code, machine.
        numbers: Name -> value, as "edges/ods"; ends of intervals as "edges/ods_low" and "_high"; seconds and bytes.
        tags: Words that it is found by.
        notes: What was noted of it.
        pictures: Name -> PNG file.
        files: Its record and its rows.
    """

    key: str
    name: str
    settings: dict[str, Any]
    numbers: dict[str, float]
    tags: list[str]
    notes: str | None
    pictures: dict[str, Path] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def content_of(run: Run) -> Content:
    """Gather what a tracker is told of a finished run; credentials are left out, undefined numbers too."""
    record = run.record
    parts = {**record.identity.stored, "code": record.stored.get("code", {}), "run_sha256": record.sha256}
    settings = {key: value for key, value in flatten(redacted(parts)).items() if value is not None}
    pictures = [path for path in files_below(run.folder / "pictures") if path.suffix == ".png"][:PICTURES]
    return Content(
        key=record.sha256[:16] or run.folder.name,
        name=run.label if run.label != record.model.name else run.folder.name,
        settings=settings,
        numbers=numbers_of(run),
        tags=list(record.config.run.tags),
        notes=record.config.run.notes,
        pictures={path.relative_to(run.folder / "pictures").with_suffix("").as_posix(): path for path in pictures},
        files=[path for path in (run.folder / RECORD, run.folder / ROWS) if path.is_file()],
    )


def numbers_of(run: Run) -> dict[str, float]:
    """Return a run's numbers by name; undefined ones are left out."""
    numbers: dict[str, float] = {}
    for name, metric in run.metrics.items():
        own = f"{run.record.task_name}/{name}"
        low, high = metric.ci95 or (float("nan"), float("nan"))
        numbers |= {own: metric.value, f"{own}_low": low, f"{own}_high": high}
    numbers |= {f"seconds/{stage}": took.seconds for stage, took in run.record.timings.items()}
    numbers |= {f"costs/{name}": float(value) for name, value in run.record.costs.items()}
    return {name: value for name, value in numbers.items() if value == value}
