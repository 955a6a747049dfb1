"""The runs on a gate's sides: how they are opened, and what forbids to compare them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sambench.config.resolve import build
from sambench.config.spelling import nearest
from sambench.engine.task import Task
from sambench.errors import RunError, UsageError, listing
from sambench.files.storage.locations import is_remote
from sambench.gates.baseline import read_baseline, stored_rows
from sambench.gates.comparable import (
    COMMON,
    UNTOLD,
    Difference,
    identity_differences,
    image_differences,
    sample_differences,
    switch_names,
    truth_differences,
    unknown_patterns,
)
from sambench.metrics.calibration import WORSE_HIGHER
from sambench.metrics.uncertainty.support import plain_name
from sambench.runs.open import load_run
from sambench.runs.record import RunRecord
from sambench.types import Row


@dataclass(frozen=True)
class Side:
    """A run, or a frozen one.

    Attributes:
        path: Its folder or file.
        record: Its `run.json`, or the kept part of it.
        rows: Its rows.
        frozen: Whether it is a frozen baseline.
    """

    path: str
    record: RunRecord
    rows: list[Row] = field(repr=False)
    frozen: bool = False


def open_side(path: str | Path) -> Side:
    """Open a run folder or a frozen baseline.

    Raises:
        RunError: There is neither, or the run is not finished.
    """
    if not is_remote(path) and Path(path).is_file():
        baseline = read_baseline(Path(path))
        return Side(str(path), baseline.record, baseline.rows, frozen=True)
    run = load_run(path)
    if not run.finished:
        raise RunError("the run is not finished", where=path, mend="give the command that started it again to go on")
    return Side(run.location, run.record, run.rows())


def task_of(side: Side) -> Task:
    """Return the task with the switches a run had."""
    task: Task = build("tasks", "task", side.record.config.task.stored)
    return task


def check_switches(side: Side, compare: Sequence[str]) -> None:
    """Refuse patterns of `compare` that fit no switch of a side's task.

    Raises:
        UsageError: One fits none.
    """
    if missing := unknown_patterns(side.record.identity.stored, compare):
        near = nearest(missing[0], switch_names(side.record.identity.stored))
        raise UsageError(
            f"the task has no switch {listing(missing)}",
            where="compare",
            mend=f"use compare={near[0] if near else 'task.SWITCH, as in task.nms_iou'}",
        )


def refuse_twice(baselines: Sequence[Side], candidates: Sequence[Side]) -> None:
    """Refuse a run that is given twice where a side has several: it would count as two, or hide what the others differ.

    A run is known by its place, and a copy or a repetition of it by its rows: within a side those alone, across the
    sides with the identity, as another model may do the same. One run against itself is let pass.

    Raises:
        UsageError: Names the two.
    """
    sides = [("baseline", one) for one in baselines] + [("candidate", one) for one in candidates]
    if len(sides) == 2:
        return
    for index, (word, one) in enumerate(sides):
        for other_word, other in sides[index + 1 :]:
            alike = word == other_word or one.record.identity.stored == other.record.identity.stored
            if same_location(one, other) or (alike and _same_rows(one, other)):
                where = f"{word}={one.path}, {other_word}={other.path}"
                raise UsageError("a run is given twice", where=where, mend="give each run once, on one side")


def same_location(one: Side, other: Side) -> bool:
    """Tell whether two sides are one folder or file, however it was written."""
    if is_remote(one.path) or is_remote(other.path):
        return one.path == other.path
    return Path(one.path).resolve() == Path(other.path).resolve()


def _same_rows(one: Side, other: Side) -> bool:
    """Tell whether two runs hold the same rows; of a frozen one and another, as both would be frozen."""
    if one.record.task_name != other.record.task_name:
        return False
    if one.frozen == other.frozen:
        return one.rows == other.rows
    kept = []
    for side in (one, other):
        task = side.record.task_name
        kept.append(side.rows if side.frozen else stored_rows(compacted(side).rows, task, side.path))
    return kept[0] == kept[1]


def differences(
    baselines: Sequence[Side], candidates: Sequence[Side], compare: Sequence[str], common: bool
) -> tuple[list[Difference], list[Difference]]:
    """Hold the candidate against the baseline, and the runs of each side against its first.

    Args:
        baselines, candidates: The runs of each side.
        compare: Patterns of the switches that the sides may differ in; within a side none may differ.
        common: Whether other samples of the same data are let pass.

    Returns:
        The differences that forbid a comparison, and those that it is about or that are only told.
    """
    forbidding, noted = _between(baselines[0], candidates[0], compare, common)
    for word, side in (("baseline", baselines), ("candidate", candidates)):
        for other in side[1:]:
            between = _between(side[0], other, (), common)
            named_sides = f"{side[0].path} of the {word}", f"{other.path} of the {word}"
            mend = f"runs of one side are averaged: give the {word} runs that agree in it, or compare one with another"
            forbidding += [
                replace(one, sides=named_sides, mend=one.mend if one.mend in (COMMON, UNTOLD) else mend)
                for one in between[0]
            ]
            noted += [replace(one, sides=named_sides) for one in between[1]]
    return _once(forbidding), _once(noted)


def _between(
    first: Side, other: Side, compare: Sequence[str], common: bool
) -> tuple[list[Difference], list[Difference]]:
    """Return the differences that forbid to compare two runs, and those that are only printed."""
    tasks = [side.record.task_name for side in (first, other)]
    if tasks[0] != tasks[1]:  # nothing else of the two answers to each other
        return [Difference("task.name", tasks[0], tasks[1], mend="compare two runs of one task")], []
    own, others = sample_ids(first.rows), sample_ids(other.rows)
    truths = [side.record.data.truths for side in (first, other)]
    wrong = truth_differences(truths[0], truths[1], [key for key in own if key in others])
    same = None if wrong is None else not wrong
    forbidding, noted = identity_differences(
        first.record.identity.stored, other.record.identity.stored, compare, common, same
    )
    if wrong:
        mend = "score both runs with the same ground truth"
        forbidding.append(Difference("ground truth", f"that of {listing(wrong, 3)}", "another", mend))
    forbidding += image_differences(images_of(first.rows), images_of(other.rows))
    if not common and not any(one.key.startswith("data.") for one in forbidding):
        forbidding += sample_differences(list(own), list(others))
    return forbidding, noted


def _once(differences: Sequence[Difference]) -> list[Difference]:
    """Drop differences that were found before; their values may be lists."""
    return list({repr(one): one for one in differences}.values())


def sample_ids(rows: Sequence[Row]) -> dict[str, None]:
    """Return the samples of rows in order, each once."""
    return dict.fromkeys(row["sample_id"] for row in rows)


def images_of(rows: Sequence[Row]) -> dict[str, str]:
    """Return sample id -> SHA-256 of its pixels, as far as the rows tell it."""
    return {row["sample_id"]: row["image_sha256"] for row in rows if row.get("image_sha256")}


def compacted(side: Side) -> Side:
    """Return a side as a frozen baseline of it would be."""
    return side if side.frozen else replace(side, rows=task_of(side).compact(side.rows))


def alike(sides: Sequence[Side]) -> list[Side]:
    """Return sides all of one kind: as frozen baselines of them would be where one is frozen, else as they are."""
    return [compacted(side) for side in sides] if any(side.frozen for side in sides) else list(sides)


def common_ids(sides: Sequence[Side]) -> list[str]:
    """Return the samples that all sides have, in the first one's order."""
    own = [sample_ids(side.rows) for side in sides]
    return [key for key in own[0] if all(key in other for other in own[1:])]


def rows_of(side: Side, ids: Sequence[str]) -> list[Row]:
    """Return a side's rows of some samples."""
    kept = set(ids)
    return [row for row in side.rows if row["sample_id"] in kept]


def directions(side: Side, names: Iterable[str]) -> dict[str, bool]:
    """Return metric -> whether higher is better, as a run says of it whatever note on its data the name has."""
    known = {plain_name(name): recorded.higher_is_better for name, recorded in side.record.metrics.items()}
    return {name: known.get(plain_name(name), name.partition("@")[0] not in WORSE_HIGHER) for name in names}


def bounds_of(side: Side, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return metric -> smallest and largest value it can have, as for `directions`; 0 and 1 where nothing is said."""
    known = {plain_name(name): recorded.metric.bounds for name, recorded in side.record.metrics.items()}
    usual = {name: (-1.0 if name.startswith("rank@") else 0.0, 1.0) for name in names}
    return {name: known.get(plain_name(name), usual[name]) for name in usual}
