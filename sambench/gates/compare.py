"""Two checkpoints, one verdict: runs of the same protocol compared image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.gates.baseline import stored_rows, write_baseline
from sambench.gates.policy import DEFAULT, INTERVAL, Policy
from sambench.gates.result import Flip, GateResult, Judgement, judge
from sambench.gates.sides import (
    Side,
    alike,
    bounds_of,
    check_switches,
    common_ids,
    compacted,
    differences,
    directions,
    open_side,
    refuse_twice,
    rows_of,
    sample_ids,
    task_of,
)
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.intervals import interval95
from sambench.metrics.jackknife import jackknife
from sambench.metrics.paired import Comparison, compare_paired
from sambench.metrics.run_noise import run_noise, within_range
from sambench.metrics.spread import ENOUGH, spread_of_units, spreads
from sambench.metrics.support import plain_name, support
from sambench.types import Row

FLIPS = 5
"""Images listed on each side of the flips."""


def freeze(path: str | Path, out: Path) -> int:
    """Write a run as a small baseline file; returns its size in bytes.

    Raises:
        SambenchError: `gate` could not compare with it; says why.
    """
    side = open_side(path)
    task = task_of(side)
    rows = stored_rows(compacted(side).rows, task.name, path)
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
        UsageError: A pattern or a rule fits nothing, a run is given twice, or no sample is common.
    """
    first = baselines[0]
    check_switches(first, compare)
    refuse_twice(baselines, candidates)
    forbidding, told = differences(baselines, candidates, compare, common)
    task = task_of(first)
    sides = alike([*baselines, *candidates])
    ids = common_ids(sides)
    outcome = GateResult(
        task=task.name,
        data=f"{first.record.identity.data.name} {first.record.identity.data.split}",
        baseline=[str(side.path) for side in baselines],
        candidate=[str(side.path) for side in candidates],
        samples=len(ids),
        left_out=(
            len(sample_ids(sides[0].rows)) - len(ids),
            len(sample_ids(sides[len(baselines)].rows)) - len(ids),
        ),
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
    rows = [rows_of(side, ids) for side in sides]
    judged, alone = _judge(task, rows, len(baselines), ids, policy, first, policy_name, (replicates, seed))
    worse, better = _flips(task, rows, len(baselines), ids)
    return GateResult(
        **{**outcome.__dict__, "judgements": judged, "uncompared": alone, "worse": worse, "better": better}
    )


def _judge(
    task: Task,
    rows: Sequence[Sequence[Row]],
    n_baselines: int,
    ids: Sequence[str],
    policy: Policy,
    first: Side,
    policy_name: str,
    resampling: tuple[int, int],
) -> tuple[list[Judgement], tuple[list[str], list[str]]]:
    """Resample all runs alike and judge the difference of the sides' means, by metric; name what one side has."""
    strata = task.strata(rows[0], ids)
    weights = stratified_weights(strata, *resampling)
    ones = np.ones((1, len(ids)), np.int64)
    values = [{name: float(drawn[0]) for name, drawn in task.replicates(own, ids, ones).items()} for own in rows]
    draws = [task.replicates(own, ids, weights) for own in rows]
    carried = [support(partial(task.replicates, own, ids), len(ids)) for own in rows]
    names = [name for name in values[0] if all(name in own for own in values)]
    policy.check_names(task.name, names, policy_name)
    sides = slice(None, n_baselines), slice(n_baselines, None)
    before, after = (list(dict.fromkeys(name for own in values[side] for name in own)) for side in sides)
    alone = [name for name in before if name not in names], [name for name in after if name not in names]
    point = [{name: float(np.mean([own[name] for own in values[side]])) for name in names} for side in sides]
    drawn = [{name: np.mean([own[name] for own in draws[side]], axis=0) for name in names} for side in sides]
    few = {name: min(own[name] for own in carried) for name in names}
    sided = partial(_sides, task, rows, ids, n_baselines, names)
    spread = spreads(jackknife(lambda held: _changes(*sided(held)), strata), weights)
    images = {name: min(few[name], int(spread[name].freedom + 1e-9) + 1) for name in names}
    units = dict(images)
    noise = run_noise(values[sides[0]], values[sides[1]])
    if noise is not None:
        units = {name: noise.units(name, drawn[1][name] - drawn[0][name], units[name]) for name in names}
        drawn[1] = {name: drawn[1][name] + noise.draws(name, *resampling) for name in names}
        spread = {name: spread_of_units(units[name], len(weights)) for name in names}
    better = {name: directions(first).get(plain_name(name), True) for name in names}
    judged = [name for name in names if policy.judges(task.name, name)]
    found: dict[str, Comparison] = {}
    for family in (judged, [name for name in names if name not in judged]):
        margins = {name: policy.rule(name).margin for name in family}
        if family:
            found |= compare_paired(
                {name: point[0][name] for name in family},
                {name: point[1][name] for name in family},
                drawn[0],
                drawn[1],
                better,
                {name: spread[name] if few[name] >= ENOUGH else spread_of_units(0, len(weights)) for name in family},
                margins,
                policy.alpha,
                policy.power,
            )
    bounds = {name: bounds_of(first).get(plain_name(name), (0.0, 1.0)) for name in names}
    for name, one in found.items():
        ends, seen = within_range(*one.interval, one.detectable, one.baseline, bounds[name], better[name])
        found[name] = replace(one, interval=ends, detectable=seen)
    sure = [name for name in judged if policy.rule(name).floor is not None and policy.rule(name).floor_by == INTERVAL]
    if sure:
        own = spreads(jackknife(lambda held: sided(held)[1], strata), weights) if noise is None else spread
        inner = {name: _inside(interval95(point[1][name], drawn[1][name], own[name]), bounds[name]) for name in sure}
    else:
        inner = {}
    own_words = policy_name != DEFAULT
    return [
        judge(
            found[name],
            policy,
            name in judged,
            few[name],
            own_words and policy.names(task.name, name),
            few_runs=noise is not None and units[name] < ENOUGH <= images[name],
            few_sets=images[name] < ENOUGH <= few[name],
            candidate_interval=inner.get(name),
        )
        for name in names
    ], alone


def _sides(
    task: Task,
    rows: Sequence[Sequence[Row]],
    ids: Sequence[str],
    n_baselines: int,
    names: Sequence[str],
    weights: np.ndarray,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return each side's mean of its runs over weighted images: (B,) by metric."""
    found = [task.replicates(own, ids, weights) for own in rows]
    before, after = (
        {name: np.mean([own[name] for own in side], axis=0) for name in names}
        for side in (found[:n_baselines], found[n_baselines:])
    )
    return before, after


def _changes(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: own - before[name] for name, own in after.items()}


def _inside(ends: tuple[float, float], bounds: tuple[float, float]) -> tuple[float, float]:
    """Keep an interval within what the metric can be."""
    return ends if ends[0] != ends[0] else (max(ends[0], bounds[0]), min(ends[1], bounds[1]))


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
