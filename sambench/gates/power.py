"""Planning a gate: how many images it takes, from one run or two of a pilot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sambench.errors import UsageError
from sambench.gates.judging import PairedRuns
from sambench.gates.policy import Policy
from sambench.gates.sides import Side, alike, bounds_of, differences, directions, sample_ids, task_of
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.paired import exact
from sambench.metrics.power import Need, Pilot, images_needed
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import Spread, spreads


@dataclass(frozen=True)
class PowerPlan:
    """What a gate on images like the pilot's takes.

    Attributes:
        task: Name of the task.
        data: The data's name and split.
        pilot: Paths of the pilot's runs.
        images: Images of the pilot.
        paired: Whether two runs tell how differences spread; with one run its own spread is taken twice, as if the runs
            were independent, which is more than runs over the same images have as a rule.
        effect, power, alpha: What was asked for, and the policy's chance of a false alarm.
        needs: Metric by metric.
    """

    task: str
    data: str
    pilot: list[str]
    images: int
    paired: bool
    effect: float
    power: float
    alpha: float
    needs: list[Need]


def plan_gate(
    sides: Sequence[Side],
    policy: Policy,
    effect: float,
    power: float,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    policy_name: str = "policy",
) -> PowerPlan:
    """Say how many images a gate needs to call a true drop of `effect` a regression.

    Args:
        sides: One run, or two over the same images.
        policy: Which metrics are judged together, the chance of a false alarm and the margins.
        effect: The drop, in the metrics' own unit.
        power: Wanted chance that it is called a regression.
        replicates, seed: Of the resampling.
        policy_name: For messages.

    Raises:
        UsageError: There are not one or two runs, two cannot be compared, or no metric can fall by so much.
    """
    _check_pilot(sides)
    first, task, both = sides[0], task_of(sides[0]), len(sides) == 2
    sides = alike(sides)
    ids = list(sample_ids(sides[0].rows))
    runs = PairedRuns(task, [side.rows for side in sides], 1, ids, policy.asks_calibration(task.name))
    strata = task.strata(runs.rows[0], ids)
    weights = stratified_weights(strata, replicates, seed)
    # Resamples of another seed stand for a second run that has nothing in common with the first.
    others = weights if both else stratified_weights(strata, replicates, seed + len(set(strata)))
    draws = runs.replicates(runs.rows[0], weights), runs.replicates(runs.rows[-1], others)
    names = [name for name in draws[0] if name in draws[1]]
    policy.check_names(task.name, names, policy_name)
    judged = [name for name in names if policy.judges(task.name, name)]
    bounds = bounds_of(first, judged)
    _check_effect(effect, bounds)
    spread = spreads(jackknife(partial(_change, runs, judged), strata), weights, runs.unsteady)
    pilots = _pilots(runs, draws, spread, bounds, directions(first, judged), policy)
    return PowerPlan(
        task=task.name,
        data=f"{first.record.identity.data.name} {first.record.identity.data.split}",
        pilot=[str(side.path) for side in sides],
        images=len(ids),
        paired=both,
        effect=effect,
        power=power,
        alpha=policy.alpha,
        needs=images_needed(pilots, len(ids), effect, alpha=policy.alpha, power=power),
    )


def _check_pilot(sides: Sequence[Side]) -> None:
    """Refuse a pilot that is not one run, or two that can be compared.

    Raises:
        UsageError: Tells what is wrong with it.
    """
    if len(sides) not in (1, 2):
        raise UsageError(f"{len(sides)} runs given", where="pilot", mend="give pilot=RUN or pilot=[RUN,OTHER]")
    if len(sides) == 2 and (forbidding := differences(sides[:1], sides[1:], (), False)[0]):
        text = "; ".join(map(str, forbidding))
        raise UsageError(f"the pilot's runs are not comparable: {text}", where="pilot", mend="give runs that are")


def _check_effect(effect: float, bounds: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a drop that a metric cannot have.

    Raises:
        UsageError: Names the metric.
    """
    for name, (least, most) in bounds.items():
        if effect >= most - least:
            raise UsageError(
                f"effect is {effect:g}, but {name} goes from {least:g} to {most:g}",
                where="effect",
                mend="give the drop in the metric's own unit, as in effect=0.01",
            )


def _pilots(
    runs: PairedRuns,
    draws: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    spread: Mapping[str, Spread],
    bounds: Mapping[str, tuple[float, float]],
    better: Mapping[str, bool],
    policy: Policy,
) -> dict[str, Pilot]:
    """Return what the pilot says of each metric.

    Args:
        runs: The pilot's.
        draws: Each run's metrics over resamples.
        spread: Metric -> what leaving images out says of the difference.
        bounds: Metric -> its smallest and largest value.
        better: Metric -> whether higher is better.
        policy: Which drop is let pass.
    """
    value, carried = runs.values(), runs.carried(list(bounds))
    return {
        name: Pilot(
            float(exact(np.array(value[-1][name] - value[0][name]))),
            exact(draws[1][name] - draws[0][name]),
            spread[name],
            carried[name],
            better[name],
            _room(value[0][name], ends, better[name]),
            policy.rule(name).margin,
        )
        for name, ends in bounds.items()
    }


def _change(runs: PairedRuns, names: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return (B,) differences of a pilot's two runs over weighted images, or the values of its only run, by metric."""
    if len(runs.rows) == 1:
        return runs.mean(slice(None), names, weights)
    before, after = runs.means(names, weights)
    return {name: after[name] - before[name] for name in names}


def _room(value: float, bounds: tuple[float, float], higher_is_better: bool) -> float:
    """Return how far a metric can fall from a value."""
    return value - bounds[0] if higher_is_better else bounds[1] - value
