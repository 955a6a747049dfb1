"""Two checkpoints, one verdict: runs of the same protocol compared image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sambench.errors import UsageError
from sambench.files.safe_names import printable
from sambench.gates.baseline import stored_rows, write_baseline
from sambench.gates.judging import PairedRuns, judge_metrics
from sambench.gates.policy import Policy
from sambench.gates.result import Flip, GateResult
from sambench.gates.sides import (
    Side,
    alike,
    check_switches,
    common_ids,
    compacted,
    differences,
    open_side,
    refuse_twice,
    rows_of,
    sample_ids,
    task_of,
)
from sambench.metrics.bootstrap import REPLICATES
from sambench.runs.labels import labels
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
    forbidding, noted = differences(baselines, candidates, compare, common)
    task = task_of(first)
    sides = alike([*baselines, *candidates])
    ids = common_ids(sides)
    called = list(map(printable, labels([side.record for side in sides], [side.path for side in sides])))
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
        told=noted,
        called=(called[: len(baselines)], called[len(baselines) :]),
    )
    if forbidding:
        return outcome
    if not ids:
        raise UsageError("the runs have no sample in common", where="samples", mend="compare runs of the same data")
    rows = [rows_of(side, ids) for side in sides]
    runs = PairedRuns(task, rows, len(baselines), ids, policy.asks_calibration(task.name))
    judged, alone = judge_metrics(runs, policy, first, policy_name, (replicates, seed))
    worse, better = _flips(runs)
    return replace(outcome, judgements=judged, uncompared=alone, worse=worse, better=better)


def _flips(runs: PairedRuns) -> tuple[list[Flip], list[Flip]]:
    """Return the images that fell and rose most; none where the task does not rank images."""
    ids, quality = runs.ids, runs.task.image_quality
    try:
        qualities = np.array([[quality(own) for own in _by_sample(rows, ids)] for rows in runs.rows])
    except UsageError:
        return [], []
    before, after = (qualities[side].mean(axis=0) for side in runs.sides)
    change = after - before
    order = [index for index in np.argsort(change, kind="stable").tolist() if not np.isnan(change[index])]
    flips = [Flip(ids[i], float(before[i]), float(after[i])) for i in order]
    worse = [one for one in flips[:FLIPS] if one.candidate < one.baseline]
    better = [one for one in flips[::-1][:FLIPS] if one.candidate > one.baseline]
    return worse, better


def _by_sample(rows: Sequence[Row], ids: Sequence[str]) -> list[list[Row]]:
    by_sample: dict[str, list[Row]] = {key: [] for key in ids}
    for row in rows:
        by_sample[row["sample_id"]].append(row)
    return list(by_sample.values())
