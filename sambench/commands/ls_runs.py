"""`sambench ls runs`: stored runs, what they are and how they came out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of
from sambench.commands.grammar.words import read
from sambench.errors import RunError, SambenchError
from sambench.files.safe_names import printable
from sambench.redact import without_secrets
from sambench.storage.places import join

FILTERS = ("name", "task", "data", "model")
METRICS = 4
"""Metrics a line tells, the first ones of the run."""


def main(words: list[str]) -> int:
    """Print the runs below a folder; a damaged one is told, not skipped."""
    from sambench.runs.open import load_run, run_places
    from sambench.runs.run import with_distinct_names

    values = read(RUNS, words)
    folder = join(values["results"])
    runs, damaged = [], []
    for place in run_places(folder):
        try:
            runs.append(load_run(place))
        except SambenchError as error:
            damaged.append({"run": without_secrets(str(place)), "state": f"cannot be read: {error.what}"})
    found = [described(run) for run in with_distinct_names(runs)]
    kept = [run for run in found if wanted(run, values)]
    if values["format"] == JSON:
        print(json_of([*kept, *damaged]))
        return 0
    if not found and not damaged:
        print(f"no runs below {without_secrets(str(folder))}")
    for run in (*kept, *damaged):
        print(line_of(run))
    if len(kept) < len(found):
        print(f"{len(found) - len(kept)} of {len(found)} runs are left out by what was asked for")
    return 0


def described(run: Any) -> dict[str, Any]:
    """Return what is told of a run; of one that has not begun its place and state alone.

    Args:
        run: A `sambench.runs.run.Run`.
    """
    from sambench.runs.labels import own_label
    from sambench.runs.removing import bytes_of

    record = run.record
    told: dict[str, Any] = {"run": run.place, "state": record.status, "bytes": bytes_of(run)}
    with suppress(RunError):
        told |= {"task": record.task_name, "data": record.data.name, "images": record.data.samples}
        told |= {"name": own_label(record), "label": run.label, "model": record.model.name, "finished": record.finished}
        told |= {"tags": list(record.config.run.tags), "notes": record.config.run.notes}
        told |= {"metrics": {name: one.value for name, one in record.metrics.items()}}
    return told


def wanted(run: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell whether a run has the name, task, data, model and tag that were asked for."""
    same = all(values[key] is None or run.get(key) == values[key] for key in FILTERS)
    return same and (values["tag"] is None or values["tag"] in run.get("tags", ()))


def line_of(run: Mapping[str, Any]) -> str:
    """Write a run in one line: place, state, day, task, name, data, tags, first metrics, size, note."""
    from sambench.runs.summary import number

    metrics = [(name, value) for name, value in run.get("metrics", {}).items() if value is not None][:METRICS]
    parts = [
        run["run"],
        run["state"],
        (run.get("finished") or "")[:10],
        f"{run['task']}, {run['label']} on {run['data']}, {run['images']} images" if "label" in run else "",
        " ".join(f"#{tag}" for tag in run.get("tags", ())),
        ", ".join(f"{name} {number(value)}" for name, value in metrics),
        f"{run['bytes'] / 1e6:.1f} MB" if "bytes" in run else "",
        run.get("notes") or "",
    ]
    return printable("  ".join(part for part in parts if part))


RUNS = Command(
    name="ls runs",
    summary="stored runs with their state and first metrics",
    main=main,
    runs_bare=True,
    about="""\
Prints every stored run below a folder: its place, state, day, task, name (run.name, else its model's), data, tags,
first metrics, size and notes; or that it cannot be read.""",
    keys=(
        Key("results", "where runs are looked for, a path or URL", str, "results", path="url"),
        Key("tag", "those with this word in run.tags", str | None, example="WORD"),
        Key("name", "those of this name", str | None, example="TEXT"),
        Key("task", "those of this task", str | None, example="edges"),
        Key("data", "those on this data", str | None, example="bsds500"),
        Key("model", "those of this model", str | None, example="sam_vit_b"),
        FORMAT,
    ),
    result="runs:ListedRuns",
    examples=("sambench ls runs results=s3://bucket/results", "sambench ls runs task=edges tag=ablation format=json"),
)
