"""What published numbers a run answers to, and how it departs from them.

One rule for the console, tables, figures and the report: a published number stands beside a measured one only where the
run answers to it, that is where it is on all of the row's data, by the row's protocol, in the row's unit. A user's own
data, a part of the data, another preset or switch, boxes for masks: none of these answers to a published row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sambench.metrics.published import published_texts
from sambench.runs.run import Run
from sambench.runs.seals import flatten
from sambench.runs.summary import missing_note, nan_note
from sambench.tables.specs import Answer, Expected, TableSpec, preset_of, read_config, specs_of_task
from sambench.types import Metric


@dataclass(frozen=True)
class Departure:
    """How a run departs from a published row.

    Attributes:
        text: In words; empty where it does not.
        comparable: Whether the run answers to the row, so that a difference of the two has a meaning.
    """

    text: str
    comparable: bool


@dataclass(frozen=True)
class Beside:
    """A published row that a run answers to.

    Attributes:
        name: The row's name and source.
        values: Metric -> the row's number, as it is printed there; metrics without one are left out.
    """

    name: str
    values: Mapping[str, str]


def is_own(run: Run) -> bool:
    """Tell whether a run is on a user's own data."""
    return run.record.data.card.own


def published_beside(run: Run) -> list[Beside]:
    """Return the published rows that stand beside a run's numbers, those of the article's tables first."""
    beside = []
    for spec in specs_of_task(run.record.task_name):
        answer = spec.answer(run)
        if answer is None or not departure(run, spec).comparable:
            continue
        row, columns = answered_row(spec, answer), measured_names(spec, run)
        values = {name: row[column] for column, name in columns.items() if name is not None and row.get(column)}
        if values:
            beside.append(Beside(answer.name, values))
    return beside


def answered_row(spec: TableSpec, answer: Answer) -> dict[str, str]:
    """Return a published row as it is printed: column -> text."""
    texts = published_texts(spec.published)
    return dict(texts[(texts["method"] == answer.method) & (texts["source"] == answer.source)].iloc[0])


def measured(spec: TableSpec, run: Run) -> dict[str, Metric | None]:
    """Return a run's metric for each column; those of `own` only where it has none for a published column."""
    metrics = run.metrics
    return {column: None if name is None else metrics[name] for column, name in measured_names(spec, run).items()}


def measured_names(spec: TableSpec, run: Run) -> dict[str, str | None]:
    """Return the name of a run's metric for each column; see `measured`."""
    metrics = run.metrics
    by_reference = {metric.reference: name for name, metric in metrics.items()}
    by_column = {column: by_reference.get(f"{spec.published}/{column}") for column in spec.columns}
    names = {} if is_own(run) and spec.published else spec.metrics.get(run.record.data.name, {})
    by_column |= {column: name if name in metrics else None for column, name in names.items()}
    if any(by_column.values()):
        return by_column
    # A metric's name may say what it is the mean of, as in "mIoU@1 (SA-23)".
    matching = {
        column: next((one for one in metrics if one == name or one.startswith(f"{name} (")), None)
        for column, name in spec.own.items()
    }
    return by_column | matching


def departure(run: Run, spec: TableSpec) -> Departure:
    """Say how a run departs from the published row it answers to: data, left-out images, switches."""
    parts = _data(run, spec)
    whole = not parts and run.record.shard is None and not _left_out(run) and not nan_note(run)
    if missing := missing_note(run):
        parts.append(missing.removeprefix("; "))
    changed = departing_switches(run, spec)
    if changed:
        parts.append("switches: " + switches_text(changed))
    return Departure("; ".join(parts), whole and not changed)


def departs(run: Run) -> str:
    """Say in what a run departs from the first published table of its task; empty where it does not."""
    spec = next((one for one in specs_of_task(run.record.task_name) if one.published), None)
    return "" if spec is None else departure(run, spec).text


def departing_switches(run: Run, spec: TableSpec) -> dict[str, Any]:
    """Return a run's switches that are not those of the published row its protocol is nearest to."""
    answer = spec.answer(run)
    changed = _changed(run, spec, answer.preset if answer else "paper")
    return {key: value for key, value in changed.items() if answer is None or key not in answer.switches}


def missing_rows(spec: TableSpec, runs: Sequence[Run]) -> list[Expected]:
    """Return the expected rows of a table that no run fills: the model over all of the data, by the row's preset."""
    return [row for row in spec.expected if not any(_fills(row, run, spec) for run in runs)]


def _fills(row: Expected, run: Run, spec: TableSpec) -> bool:
    words, data, model = row.words(), run.record.data, run.record.model
    if not words or data.name != words["data"] or _data(run, spec):
        return False
    wanted = read_config("model", words["model"])
    same = [key for key in ("family", "variant") if wanted.get(key) is not None] or ["name"]
    preset = words.get(f"task/{spec.task}", "paper")
    asked = {key.removeprefix("task."): word for key, word in words.items() if key.startswith("task.")}
    asked = {key: word for key, word in asked.items() if key not in spec.unlike}
    if preset_of(run) != preset or {key: str(value) for key, value in _changed(run, spec, preset).items()} != asked:
        return False
    return all(model.stored.get(key) == wanted[key] for key in same)


def _changed(run: Run, spec: TableSpec, preset: str) -> dict[str, Any]:
    """Return the switches that are not a preset's, where they matter to the table, and those no published row has."""
    besides = {*spec.unlike, *spec.neutral, "nan"}  # NaN that was met is told by itself (`nan_note`)
    changed = {key: value for key, value in changed_switches(run, preset).items() if key not in besides}
    return changed | {key: value for key, value in spec.unlike.items() if run.record.switches.get(key) == value}


def _data(run: Run, spec: TableSpec) -> list[str]:
    """Say what data a run is on where they are not all of the published row's."""
    data = run.record.data
    count = f"{data.samples} image{'s' * (data.samples != 1)}"
    described = f"{data.name} {data.split}, {count}"
    if data.card.generated:
        return [f"{described}: {data.card.note or 'generated data'}; not comparable with the published rows"]
    if is_own(run):
        return [f"{described}: own data, to which no published number answers"]
    wanted = spec.data.get(data.name)
    if wanted is None:
        return [f"{described}: not the published rows' data"] if spec.data else _cut(run, count)
    if data.split != wanted.get("split", data.split):
        return [f"{described}: the published rows are of {wanted['split']}"]
    settings = run.record.config.data.stored
    others = {
        key: settings.get(key)
        for key in wanted.keys() - {"split", "samples", "keys_sha256"}
        if settings.get(key) != wanted[key]
    }
    if others:
        return [f"only {count} of {data.name} {data.split}: {switches_text(others)}"]
    if data.samples < wanted.get("samples", 0):
        return [f"only {data.samples} of {wanted['samples']} images of {data.name} {data.split}"]
    if data.samples > wanted.get("samples", data.samples):
        return [f"{described}: the published rows are of {wanted['samples']}"]
    if "keys_sha256" in wanted and data.keys_sha256 != wanted["keys_sha256"]:
        return [f"{described}: not the images of the published rows"]
    return _cut(run, count)


def _cut(run: Run, count: str) -> list[str]:
    """Say that a run is on chosen images of its data where the command chose them."""
    config, settings = run.record.config, run.record.config.data.stored
    chosen = {"limit": config.limit or settings.get("limit"), "ids": settings.get("ids")}
    names = [key for key, value in chosen.items() if value is not None]
    return [f"only {count} of {run.record.data.name}, chosen by {' and '.join(names)}"] if names else []


def _left_out(run: Run) -> bool:
    """Tell whether images without a prediction were left out, so that not all of the data is scored."""
    return bool(run.record.model.missing) and run.record.model.missing_means == "left out"


def changed_switches(run: Run, preset: str = "paper") -> dict[str, Any]:
    """Return the protocol switches of a run that are not a preset's, with their values."""
    task = run.record.task_name
    wanted = flatten(read_config(f"task/{task}", preset))
    switches = flatten(run.record.switches)
    return {key: value for key, value in switches.items() if key in wanted and wanted[key] != value}


def switches_text(switches: Mapping[str, Any]) -> str:
    """Write switches by name, with their values as a command takes them: `max_boxes=null, nms_iou=0.9`."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in sorted(switches.items())}
    return ", ".join(f"{key}={text}" for key, text in texts.items())
