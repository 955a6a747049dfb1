"""`sambench ls runs`: stored runs, what they are and how they came out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of, show
from sambench.commands.grammar.words import read
from sambench.errors import RunError, SambenchError
from sambench.files.safe_names import printable
from sambench.files.storage.locations import join
from sambench.redact import without_secrets
from sambench.tables.fitting import joined
from sambench.tables.folding import terminal_width

FILTERS = ("name", "task", "data", "model")
SEARCHED = ("label", "name", "task", "data", "model", "notes")
"""What a word is looked for in, beside the place and the tags."""
METRICS = 4
"""Metrics a line tells, the first ones of the run."""


def main(words: list[str]) -> int:
    """Print the runs below a folder; a damaged one is told, not skipped."""
    from sambench.runs import removing
    from sambench.runs.open import load_run, run_locations
    from sambench.runs.run import with_distinct_names

    texts = [word for word in words if "=" not in word and not word.startswith("-")]
    values = {**read(RUNS, [word for word in words if word not in texts]), "texts": texts}
    folder = join(values["results"])
    runs, damaged = [], []
    for location in run_locations(folder):
        try:
            runs.append(load_run(location))
        except SambenchError as error:
            damaged.append({"run": without_secrets(str(location)), "state": f"cannot be read: {error.what}"})
    described_runs = [(run, described(run)) for run in with_distinct_names(runs)]
    # Every file of a run is asked for its size, so those alone that are shown.
    kept = [
        {**described, "bytes": removing.bytes_of(run)} for run, described in described_runs if wanted(described, values)
    ]
    if values["format"] == JSON:
        print(json_of([*kept, *damaged]))
        return 0
    if not described_runs and not damaged:
        show(f"no runs below {without_secrets(str(folder))}")
    width = terminal_width()
    for one in (*kept, *damaged):
        print(line_of(one, width))
    if len(kept) < len(described_runs):
        show(f"{len(described_runs) - len(kept)} of {len(described_runs)} runs are left out by what was asked for")
    return 0


def described(run: Any) -> dict[str, Any]:
    """Return what is told of a run but its size; of one that has not begun its place and state alone.

    Args:
        run: A `sambench.runs.run.Run`.
    """
    from sambench.runs.labels import own_label

    record = run.record
    fields: dict[str, Any] = {"run": run.location, "state": record.status}
    with suppress(RunError):
        fields |= {"task": record.task_name, "data": record.data.name, "images": record.data.samples}
        fields |= {
            "name": own_label(record),
            "label": run.label,
            "model": record.model.name,
            "finished": record.finished,
        }
        fields |= {"tags": list(record.config.run.tags), "notes": record.config.run.notes}
        fields |= {"metrics": {name: one.value for name, one in record.metrics.items()}}
    return fields


def wanted(run: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell whether a run has the name, task, data, model, tag and words that were asked for."""
    same = all(values[key] is None or run.get(key) == values[key] for key in FILTERS)
    searched = [run["run"], *(str(run.get(key) or "") for key in SEARCHED), *run.get("tags", ())]
    matches = all(any(text.lower() in one.lower() for one in searched) for text in values["texts"])
    return same and matches and (values["tag"] is None or values["tag"] in run.get("tags", ()))


def line_of(run: Mapping[str, Any], width: int | None = None) -> str:
    """Write a run in one line: place, state, day, task, name, data, tags, first metrics, size, note.

    Args:
        run: From `described`, with its size as `bytes` where that is told.
        width: Columns of the terminal, in which it takes several lines; None for as many as it takes.
    """
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
    return joined([printable(part) for part in parts if part], width)


RUNS = Command(
    name="ls runs",
    summary="stored runs with their state and first metrics",
    main=main,
    runs_bare=True,
    argument="[WORD ...]",
    about="""\
Prints every stored run below a folder: its place, state, day, task, name (run.name, else its model's), data, tags,
first metrics, size and notes; or that it cannot be read. With words only the runs that have each of them in their
place, name, task, data, model, tags or notes; large and small letters count alike.""",
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
    examples=(
        "sambench ls runs results=s3://bucket/results",
        "sambench ls runs hierarchy texture",
        "sambench ls runs task=edges tag=ablation format=json",
    ),
)
