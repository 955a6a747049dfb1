"""How a run's protocol and data depart from those of the published row it answers to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sambench.runs.store import Run, flatten
from sambench.runs.summary import missing_note
from sambench.runs.table_specs import Expected, TableSpec, preset_of, read_config


@dataclass(frozen=True)
class Departure:
    """How a run departs from a published row.

    Attributes:
        text: In words; empty where it does not.
        comparable: Whether a difference of the two has a meaning: the data are the row's, if perhaps a part of them.
    """

    text: str
    comparable: bool


def departure(run: Run, spec: TableSpec) -> Departure:
    """Say how a run departs from the published row it answers to: data, left-out images, switches."""
    told = _data(run, spec)
    comparable = not told or told[0].startswith(_PART)
    if missing := missing_note(run):
        told.append(missing.removeprefix("; "))
    answer = spec.answer(run)
    changed = _changed(run, spec, answer.preset if answer else "paper")
    if answer is not None:
        changed = {key: value for key, value in changed.items() if key not in answer.switches}
    if changed:
        told.append("switches: " + told_switches(changed))
    return Departure("; ".join(told), comparable and not changed.keys() & spec.unlike.keys())


def missing_rows(spec: TableSpec, runs: Sequence[Run]) -> list[Expected]:
    """Return the expected rows of a table that no run fills: the model over all of the data, by the row's preset."""
    return [row for row in spec.expected if not any(_fills(row, run, spec) for run in runs)]


def _fills(row: Expected, run: Run, spec: TableSpec) -> bool:
    words, data, model = row.words(), run.record["data"], run.record["model"]
    if not words or data["name"] != words["data"] or _data(run, spec):
        return False
    wanted = read_config("model", words["model"])
    same = [key for key in ("family", "variant") if wanted.get(key) is not None] or ["name"]
    preset = words.get(f"task/{spec.task}", "paper")
    asked = {key.removeprefix("task."): word for key, word in words.items() if key.startswith("task.")}
    asked = {key: word for key, word in asked.items() if key not in spec.unlike}
    if preset_of(run) != preset or {key: str(value) for key, value in _changed(run, spec, preset).items()} != asked:
        return False
    return all(model.get(key) == wanted[key] for key in same)


def _changed(run: Run, spec: TableSpec, preset: str) -> dict[str, Any]:
    """Return the switches that are not a preset's, where they matter to the table, and those no published row has."""
    besides = {*spec.unlike, *spec.neutral}
    changed = {key: value for key, value in changed_switches(run, preset).items() if key not in besides}
    return changed | {key: value for key, value in spec.unlike.items() if run.record["switches"].get(key) == value}


_PART = "only "


def _data(run: Run, spec: TableSpec) -> list[str]:
    """Say what data a run is on where they are not all of the published row's."""
    data = run.record["data"]
    count = f"{data['samples']} image{'s' * (data['samples'] != 1)}"
    told = f"{data['name']} {data['split']}, {count}"
    if data["card"]["generated"]:
        return [f"{told}: {data['card']['note'] or 'generated data'}; not comparable with the published rows"]
    wanted = spec.data.get(data["name"])
    if wanted is None:
        return [f"{told}: not the published rows' data"] if spec.data else []
    if data["split"] != wanted.get("split", data["split"]):
        return [f"{told}: the published rows are of {wanted['split']}"]
    settings = run.record["config"].get("data", {})
    others = {
        key: settings.get(key) for key in wanted.keys() - {"split", "samples"} if settings.get(key) != wanted[key]
    }
    if others:
        return [f"{_PART}{count} of {data['name']} {data['split']}: {told_switches(others)}"]
    if data["samples"] < wanted.get("samples", 0):
        return [f"{_PART}{data['samples']} of {wanted['samples']} images of {data['name']} {data['split']}"]
    return []


def changed_switches(run: Run, preset: str = "paper") -> dict[str, Any]:
    """Return the protocol switches of a run that are not a preset's, with their values."""
    task = run.record["identity"]["task"]["name"]
    wanted = flatten(read_config(f"task/{task}", preset))
    switches = flatten(run.record["switches"])
    return {key: value for key, value in switches.items() if key in wanted and wanted[key] != value}


def told_switches(switches: Mapping[str, Any]) -> str:
    """Write switches by name, with their values as a command takes them: `max_boxes=null, nms_iou=0.9`."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in sorted(switches.items())}
    return ", ".join(f"{key}={text}" for key, text in texts.items())
