"""Which samples the parts of a run hold, checked against the data and against each other before anything is merged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sambench.config.resolve import build
from sambench.datasets.base import Dataset
from sambench.engine.building import open_dataset
from sambench.engine.merging.shards import Shard
from sambench.engine.task import Task
from sambench.errors import RunError, listing
from sambench.runs.run import Run
from sambench.runs.seals import flatten, keys_sha256
from sambench.types import Row

_PLACES = {"root", "limit", "ids", "annotations", "images", "labels", "cache_dir", "max_pixels"}
"""Data settings that may differ between parts: which samples, and where files lie (their bytes are fingerprinted)."""


@dataclass
class WholeRun:
    """What the parts are parts of.

    Attributes:
        task: The protocol, knowing the data.
        dataset: The data of the whole.
        keys: Sample ids of the whole, in order.
        parts: Each part's own sample ids.
        settings: The data group of the whole's configuration.
    """

    task: Task
    dataset: Dataset
    keys: list[str]
    parts: list[list[str]]
    settings: dict[str, Any]


@dataclass
class Gathered:
    """Rows by sample id, which samples several parts held alike, and everything that speaks against merging."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    owners: dict[str, Run] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check_settings_alike(parts: Sequence[Run]) -> None:
    """Refuse parts that are unfinished or were made with other settings, model, data or version.

    Raises:
        RunError: Lists every unfinished part and every difference with both values.
    """
    faults = [
        f"{run.location} is not finished: give the command that started it again" for run in parts if not run.finished
    ]
    first, there = _comparable(parts[0]), parts[0].location
    for run in parts[1:]:
        other = _comparable(run)
        faults += [
            f"{key}: {first.get(key, '(absent)')} in {there}, {other.get(key, '(absent)')} in {run.location}"
            for key in sorted(first.keys() | other.keys())
            if first.get(key, "(absent)") != other.get(key, "(absent)")
        ]
    refuse(faults)


def find_whole(parts: Sequence[Run], root: str | None) -> WholeRun:
    """Open the data the parts were made on and find each part's samples and their order in it.

    Shards of one selection make up that selection; parts of other selections (`limit`, `data.ids`) make up the data
    without them.

    Args:
        parts: Finished runs of like settings.
        root: Where the data lies on this machine; None takes each part's own root.

    Raises:
        RunError: A part's data is not the data that is there now; every difference is listed.
    """
    opened: dict[str, tuple[Task, Dataset]] = {}

    def open_once(settings: dict[str, Any]) -> tuple[Task, Dataset]:
        settings = settings if root is None else {**settings, "root": root}
        name = json.dumps(settings, sort_keys=True)
        if name not in opened:
            task: Task = build("tasks", "task", parts[0].record.config.task.stored)
            dataset = open_dataset(settings, task, pixels=False)
            opened[name] = task.for_dataset(dataset), dataset
        return opened[name]

    faults, keys = [], []
    for run in parts:
        data, (_, dataset) = run.record.identity.data.stored, open_once(run.record.config.data.stored)
        mine = _scored_keys(run, dataset)
        if (shard := run.record.shard) is not None:
            mine = Shard(shard.index, shard.count).take(mine)
        now = {"fingerprint": dataset.fingerprint, "samples": len(mine), "keys_sha256": keys_sha256(mine)}
        faults += [
            f"data.{key}: {data[key]} in {run.location}, {value} in {dataset.root} now"
            for key, value in now.items()
            if data[key] != value
        ]
        keys.append(mine)
    refuse(faults)
    settings = _whole_settings(parts)
    task, dataset = open_once(settings)
    settings = settings if root is None else {**settings, "root": root}
    return WholeRun(task, dataset, _scored_keys(parts[0], dataset), keys, settings)


def gather(parts: Sequence[Run], whole: WholeRun, allow_missing: int) -> Gathered:
    """Read the rows of all parts, each sample once.

    Args:
        parts: The parts.
        whole: From `find_whole`.
        allow_missing: How many samples of the whole may be in no part; exactly so many must be.

    Raises:
        RunError: A sample has different rows in two parts, or samples are missing.
    """
    gathered = Gathered()
    for run, keys in zip(parts, whole.parts, strict=True):
        rows: dict[str, list[Row]] = {key: [] for key in keys}
        for row in run.rows():
            rows[row["sample_id"]].append(row)
        for key in keys:
            if key not in gathered.rows:
                gathered.rows[key], gathered.owners[key] = rows[key], run
                continue
            gathered.twice.append(key)
            if _text(gathered.rows[key]) != _text(rows[key]):
                gathered.faults.append(f"{key}: {_first_difference(gathered, key, rows[key], run)}")
    missing = [key for key in whole.keys if key not in gathered.rows]
    if len(missing) != allow_missing:
        expected = f", not the {allow_missing} that allow_missing tells" if allow_missing else ""
        gathered.faults.append(
            f"{len(missing)} of {len(whole.keys)} samples are in no part{expected}: {listing(missing, 20)}"
            if missing
            else f"no sample is missing, but allow_missing tells {allow_missing}"
        )
    refuse(gathered.faults)
    return gathered


def refuse(faults: Sequence[str]) -> None:
    """Raise one error that lists every fault, if there is any.

    Raises:
        RunError: There is a fault.
    """
    if faults:
        raise RunError(
            "these runs do not make one run:\n    " + "\n    ".join(faults),
            where="sambench merge",
            mend="merge finished parts of one and the same command; allow_missing=N accepts N samples in no part",
        )


def _comparable(run: Run) -> dict[str, Any]:
    """Return what must be alike in all parts, flat: the identity without the samples, and the data's other settings."""
    identity = {key: value for key, value in run.record.identity.stored.items() if key != "data"}
    data = {key: run.record.identity.data.stored[key] for key in ("name", "split")}
    settings = {key: value for key, value in run.record.config.data.stored.items() if key not in _PLACES}
    missing = {key: run.record.model.stored.get(key) for key in ("missing", "missing_means")}
    predictions = {**run.record.identity.predictions, **missing}
    return flatten({**identity, "data": {**settings, **data}, "predictions": predictions})


def _scored_keys(run: Run, dataset: Dataset) -> list[str]:
    """Return the dataset's sample ids without those a run of given predictions left out."""
    model = run.record.model
    left_out = set(model.missing) if model.missing and model.missing_means == "left out" else set()
    return [key for key in dataset.keys if key not in left_out]


def _whole_settings(parts: Sequence[Run]) -> dict[str, Any]:
    settings: dict[str, Any] = dict(parts[0].record.config.data.stored)
    wholes = {run.record.shard and run.record.shard.keys_sha256 for run in parts}
    if len(wholes) == 1 and None not in wholes:
        return settings
    return {**settings, **{key: None for key in ("limit", "ids") if key in settings}}


def _text(rows: list[Row]) -> str:
    """Write rows so that equal ones have equal texts, NaN included."""
    return json.dumps(rows, sort_keys=True)


def _first_difference(gathered: Gathered, key: str, rows: list[Row], run: Run) -> str:
    before, there = gathered.rows[key], gathered.owners[key].location
    if len(before) != len(rows):
        return f"{len(before)} row(s) in {there}, {len(rows)} in {run.location}"
    for old, new in zip(before, rows, strict=True):
        for name in old.keys() | new.keys():
            if _text([{"": old.get(name)}]) != _text([{"": new.get(name)}]):
                return f"{name} is {_short(old.get(name))} in {there}, {_short(new.get(name))} in {run.location}"
    return f"other rows in {there} than in {run.location}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def part_record(run: Run) -> dict[str, Any]:
    """Return what is kept of a part: where it was made, when, on what, how long it took."""
    kept = ("shard", "sessions", "finished", "timings", "workers", "counts", "cache", "code", "environment", "merged")
    data = {key: run.record.identity.data.stored[key] for key in ("samples", "keys_sha256", "fingerprint")}
    return {"folder": run.location, "data": data, **{key: run.record.stored.get(key) for key in kept}}
