"""Several checkpoints: every two runs of the same protocol compared image by image, and all ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from sambench.config.spelling import matching
from sambench.errors import UsageError
from sambench.files.safe_names import printable
from sambench.gates.policy import DEFAULT, load_policy
from sambench.gates.sides import (
    Side,
    alike,
    bounds_of,
    check_switches,
    common_ids,
    differences,
    directions,
    rows_of,
    same_location,
    task_of,
)
from sambench.gates.standings import CompareResult, RankedRun, judge_pairs, rank_runs
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.simultaneous import compare_all, pair_differences, pair_of, within_bounds
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import spreads
from sambench.metrics.uncertainty.support import support
from sambench.runs.labels import labels as run_labels
from sambench.runs.summary import label


def compare_runs(
    sides: Sequence[Side],
    *,
    metrics: Sequence[str] = (),
    alpha: float = 0.05,
    compare: Sequence[str] = (),
    common: bool = False,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> CompareResult:
    """Compare every two runs on the images that all have.

    Args:
        sides: Two runs or more.
        metrics: Patterns of the metrics that are compared; those that the default policy judges if left out. Fewer
            metrics make narrower intervals.
        alpha: Chance that any interval misses its true difference.
        compare: Patterns of switches that may differ.
        common: Let the sample sets differ and compare the common samples.
        replicates, seed: Of the resampling, the same images drawn in all runs.

    Raises:
        UsageError: There are fewer than two runs, one is named twice, a pattern fits nothing, or no sample is common.
    """
    _check_sides(sides)
    check_switches(sides[0], compare)
    first, labels = sides[0], [label(index) for index in range(len(sides))]
    against_first = [
        (name, differences([first], [side], compare, common)) for name, side in zip(labels, sides, strict=True)
    ]
    forbidding, noted = ([(name, one) for name, kinds in against_first[1:] for one in kinds[kind]] for kind in (0, 1))
    task = task_of(first)
    sides = alike(sides)
    ids = common_ids(sides)
    data = first.record.identity.data
    models = list(map(printable, run_labels([side.record for side in sides], [side.path for side in sides])))
    entries = [RankedRun(*one) for one in zip(labels, (side.path for side in sides), models, strict=True)]
    outcome = CompareResult(
        task.name, f"{data.name} {data.split}", entries, len(ids), replicates, alpha, forbidding, noted
    )
    if forbidding:
        return outcome
    if not ids:
        raise UsageError("the runs have no sample in common", where="samples", mend="compare runs of the same data")
    rows = [rows_of(side, ids) for side in sides]
    strata = task.strata(rows[0], ids)
    weights, ones = stratified_weights(strata, replicates, seed), np.ones((1, len(ids)), np.int64)
    values = [{name: float(drawn[0]) for name, drawn in task.replicates(own, ids, ones).items()} for own in rows]
    holders: dict[str, list[str]] = {}
    for one, side in zip(labels, values, strict=True):
        for name in side:
            holders.setdefault(name, []).append(one)
    names = _chosen(task.name, [name for name, own in holders.items() if len(own) == len(sides)], metrics)
    better = directions(first, names)
    values = [{name: one[name] for name in names} for one in values]

    def change(held: np.ndarray) -> dict[str, np.ndarray]:
        return pair_differences([task.replicates(own, ids, held) for own in rows], names)

    left = jackknife(change, strata)
    unsteady = {name: why for own in rows for name, why in task.unsteady(own).items()}
    untold = {name: unsteady[metric] for name in left.whole if (metric := pair_of(name)[0]) in unsteady}
    pairs = compare_all(
        values,
        [task.replicates(own, ids, weights) for own in rows],
        spreads(left, weights, untold),
        [support(partial(task.replicates, own, ids), len(ids)) for own in rows],
        alpha,
    )
    bounds = bounds_of(first, names)
    pairs = [within_bounds(pair, bounds[pair.metric]) for pair in pairs]
    judged = judge_pairs(pairs, labels, better)
    return replace(
        outcome,
        pairs=judged,
        ranking=rank_runs(values, judged, labels, better),
        uncompared={name: own for name, own in holders.items() if len(own) < len(sides)},
    )


def _check_sides(sides: Sequence[Side]) -> None:
    if len(sides) < 2:
        raise UsageError(
            f"{len(sides) or 'no'} run{'' if len(sides) == 1 else 's'} given, a comparison takes two or more",
            where="runs",
            mend="give runs=[A,B,C]",
        )
    if twice := next(
        (two.path for at, two in enumerate(sides) if any(same_location(one, two) for one in sides[:at])), None
    ):
        raise UsageError("a run is named twice", where=twice, mend="name it once")


def _chosen(task: str, names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the metrics that are compared.

    Raises:
        UsageError: A pattern fits none.
    """
    if chosen := matching(patterns, names, "the metrics that all runs have", "metrics"):
        return chosen
    policy = load_policy(DEFAULT)
    return [name for name in names if policy.judges(task, name)] or list(names)
