"""Two checkpoints, one verdict: runs of the same protocol compared image by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sambench.config import build
from sambench.engine.task import Task
from sambench.errors import RunError, UsageError, listing
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.paired import Comparison, compare_paired, run_spread
from sambench.metrics.support import plain_name, support
from sambench.runs.baseline_file import read_baseline, stored_rows, write_baseline
from sambench.runs.comparable import (
    Difference,
    identity_differences,
    image_differences,
    sample_differences,
    switch_names,
    unknown_patterns,
)
from sambench.runs.gate_result import Flip, GateResult, Judgement, judge
from sambench.runs.opening import load_run
from sambench.runs.policy import DEFAULT, Policy
from sambench.spelling import nearest
from sambench.storage.places import is_remote
from sambench.types import Row

FLIPS = 5
"""Images listed on each side of the flips."""


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
    record: dict[str, Any]
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
    return Side(run.place, run.record, run.rows())


def task_of(side: Side) -> Task:
    """Return the task with the switches a run had."""
    task: Task = build("tasks", "task", side.record["config"]["task"])
    return task


def freeze(path: str | Path, out: Path) -> int:
    """Write a run as a small baseline file; returns its size in bytes.

    Raises:
        SambenchError: `gate` could not compare with it; says why.
    """
    side = open_side(path)
    task = task_of(side)
    rows = stored_rows(_compacted(side, task).rows, task.name, path)
    small = replace(side, rows=rows, frozen=True)
    gate([small], [small], Policy(), replicates=100)
    return write_baseline(out, side.record, rows)


def gate(
    baselines: Sequence[Side],
    candidates: Sequence[Side],
    policy: Policy,
    *,
    compare: Sequence[str] = (),
    common: bool = False,
    replicates: int = REPLICATES,
    seed: int = 0,
    policy_name: str = "policy",
) -> GateResult:
    """Compare runs on the images they share.

    Args:
        baselines, candidates: One or more runs a side; their values are averaged.
        policy: What is let pass.
        compare: Patterns of switches that may differ.
        common: Let the sample sets differ and compare the common samples.
        replicates, seed: Of the resampling, the same images drawn on both sides.
        policy_name: For messages.

    Raises:
        UsageError: A pattern or a rule fits nothing, or no sample is common.
    """
    first = baselines[0]
    if missing := unknown_patterns(first.record["identity"], compare):
        near = nearest(missing[0], switch_names(first.record["identity"]))
        raise UsageError(
            f"the task has no switch {listing(missing)}",
            where="compare",
            mend=f"use compare={near[0] if near else 'task.SWITCH, as in task.nms_iou'}",
        )
    forbidding, told = _differences(baselines, candidates, compare, common)
    task = task_of(first)
    if any(side.frozen for side in (*baselines, *candidates)):
        baselines, candidates = ([_compacted(side, task) for side in sides] for sides in (baselines, candidates))
    own = [_sample_ids(side.rows) for side in (*baselines, *candidates)]
    ids = [key for key in own[0] if all(key in other for other in own[1:])]
    outcome = GateResult(
        task=task.name,
        data=f"{first.record['identity']['data']['name']} {first.record['identity']['data']['split']}",
        baseline=[str(side.path) for side in baselines],
        candidate=[str(side.path) for side in candidates],
        samples=len(ids),
        left_out=(len(own[0]) - len(ids), len(own[len(baselines)]) - len(ids)),
        replicates=replicates,
        alpha=policy.alpha,
        power=policy.power,
        forbidding=forbidding,
        told=told,
    )
    if forbidding:
        return outcome
    if not ids:
        raise UsageError("the runs have no sample in common", where="samples", mend="compare runs of the same data")
    kept = set(ids)
    rows = [[row for row in side.rows if row["sample_id"] in kept] for side in (*baselines, *candidates)]
    judged = _judge(task, rows, len(baselines), ids, policy, _directions(first), policy_name, (replicates, seed))
    worse, better = _flips(task, rows, len(baselines), ids)
    return GateResult(**{**outcome.__dict__, "judgements": judged, "worse": worse, "better": better})


def _differences(
    baselines: Sequence[Side], candidates: Sequence[Side], compare: Sequence[str], common: bool
) -> tuple[list[Difference], list[Difference]]:
    """Hold every run against the first baseline; within a side only the model may differ."""
    first, forbidding, told = baselines[0], [], []
    hashes, own = _images(first.rows), _sample_ids(first.rows)
    for side in (*baselines[1:], *candidates):
        allowed = compare if side in candidates else ()
        found = identity_differences(first.record["identity"], side.record["identity"], allowed, common)
        forbidding += found[0] + image_differences(hashes, _images(side.rows))
        told += found[1]
        if not common and not any(one.key.startswith("data.") for one in found[0]):
            forbidding += sample_differences(list(own), list(_sample_ids(side.rows)))
    return _once(forbidding), _once(told)


def _once(differences: Sequence[Difference]) -> list[Difference]:
    """Drop differences that were found before; their values may be lists."""
    return list({repr(one): one for one in differences}.values())


def _judge(
    task: Task,
    rows: Sequence[Sequence[Row]],
    n_baselines: int,
    ids: Sequence[str],
    policy: Policy,
    directions: Mapping[str, bool],
    policy_name: str,
    resampling: tuple[int, int],
) -> list[Judgement]:
    """Resample all runs alike and judge the difference of the sides' means, metric by metric."""
    strata = task.strata(rows[0], ids)
    weights, smallest = stratified_weights(strata, *resampling), min(Counter(strata).values())
    ones = np.ones((1, len(ids)), np.int64)
    values = [{name: float(drawn[0]) for name, drawn in task.replicates(own, ids, ones).items()} for own in rows]
    draws = [task.replicates(own, ids, weights) for own in rows]
    carried = [support(partial(task.replicates, own, ids), len(ids)) for own in rows]
    names = [name for name in values[0] if all(name in own for own in values)]
    policy.check_names(task.name, names, policy_name)
    sides = slice(None, n_baselines), slice(n_baselines, None)
    point = [{name: float(np.mean([own[name] for own in values[side]])) for name in names} for side in sides]
    drawn = [{name: np.mean([own[name] for own in draws[side]], axis=0) for name in names} for side in sides]
    spread = run_spread(values[sides[0]], values[sides[1]], *resampling)
    drawn[1] = {name: own + spread[name] if name in spread else own for name, own in drawn[1].items()}
    few = {name: min(own[name] for own in carried) for name in names}
    better = {name: directions.get(plain_name(name), True) for name in names}
    judged = [name for name in names if policy.judges(task.name, name)]
    found: dict[str, Comparison] = {}
    for family in (judged, [name for name in names if name not in judged]):
        margins = {name: policy.rule(name).margin for name in family}
        if family:
            before, after = ({name: side[name] for name in family} for side in point)
            found |= compare_paired(
                before,
                after,
                drawn[0],
                drawn[1],
                better,
                margins,
                policy.alpha,
                policy.power,
                {name: min(smallest, few[name]) for name in family},
            )
    own_words = policy_name != DEFAULT
    return [
        judge(found[name], policy, name in judged, few[name], own_words and policy.names(task.name, name))
        for name in names
    ]


def _flips(
    task: Task, rows: Sequence[Sequence[Row]], n_baselines: int, ids: Sequence[str]
) -> tuple[list[Flip], list[Flip]]:
    """Return the images that fell and rose most; none where the task does not rank images."""
    try:
        qualities = np.array([[task.image_quality(own) for own in _by_sample(side, ids)] for side in rows])
    except UsageError:
        return [], []
    before, after = qualities[:n_baselines].mean(axis=0), qualities[n_baselines:].mean(axis=0)
    change = after - before
    order = [index for index in np.argsort(change, kind="stable").tolist() if not np.isnan(change[index])]
    flips = [Flip(ids[i], float(before[i]), float(after[i])) for i in order]
    worse = [one for one in flips[:FLIPS] if one.candidate < one.baseline]
    better = [one for one in flips[::-1][:FLIPS] if one.candidate > one.baseline]
    return worse, better


def _by_sample(rows: Sequence[Row], ids: Sequence[str]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {key: [] for key in ids}
    for row in rows:
        found[row["sample_id"]].append(row)
    return list(found.values())


def _sample_ids(rows: Sequence[Row]) -> dict[str, None]:
    return dict.fromkeys(row["sample_id"] for row in rows)


def _images(rows: Sequence[Row]) -> dict[str, str]:
    return {row["sample_id"]: row["image_sha256"] for row in rows if row.get("image_sha256")}


def _compacted(side: Side, task: Task) -> Side:
    return side if side.frozen else Side(side.path, side.record, task.compact(side.rows), side.frozen)


def _directions(side: Side) -> dict[str, bool]:
    return {plain_name(name): metric["higher_is_better"] for name, metric in side.record["metrics"].items()}
