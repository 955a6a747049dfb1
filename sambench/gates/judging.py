"""The metrics of two sides' runs over the same images: resampled alike, compared and judged one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from sambench.engine.task import Task
from sambench.gates.policy import DEFAULT, INTERVAL, Policy
from sambench.gates.result import Judgement, judge
from sambench.gates.sides import Side, bounds_of, directions
from sambench.metrics.bootstrap import stratified_weights
from sambench.metrics.intervals import inside, interval95
from sambench.metrics.paired import Comparison, compare_paired
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.run_noise import RunNoise, run_noise, within_range
from sambench.metrics.uncertainty.spread import ENOUGH, ENOUGH_UNITS, Spread, spread_of_units, spreads
from sambench.metrics.uncertainty.support import support
from sambench.types import Row


@dataclass(frozen=True)
class PairedRuns:
    """Two sides' runs over the images that all of them have.

    Attributes:
        task: Their task.
        rows: Each run's rows, the baselines' first.
        n_baselines: How many of them are baselines.
        ids: The images.
        calibrated: Whether confidence is among the metrics.
    """

    task: Task
    rows: Sequence[Sequence[Row]]
    n_baselines: int
    ids: Sequence[str]
    calibrated: bool = False

    def replicates(self, rows: Sequence[Row], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the metrics of one run's rows over weighted images (B, images): (B,) by metric."""
        figures = self.task.replicates(rows, self.ids, weights)
        return figures | self.task.calibration(rows, self.ids, weights) if self.calibrated else figures

    @property
    def sides(self) -> tuple[slice, slice]:
        """Where the baselines and the candidates are."""
        return slice(None, self.n_baselines), slice(self.n_baselines, None)

    def values(self) -> list[dict[str, float]]:
        """Return each run's metrics over all images."""
        ones = np.ones((1, len(self.ids)), np.int64)
        figures = (self.replicates(own, ones) for own in self.rows)
        return [{name: float(drawn[0]) for name, drawn in own.items()} for own in figures]

    def carried(self, names: Sequence[str]) -> dict[str, int]:
        """Return metric -> how many images carry it in the run where the fewest do."""
        supports = [support(partial(self.replicates, own), len(self.ids)) for own in self.rows]
        return {name: min(own[name] for own in supports) for name in names}

    @cached_property
    def unsteady(self) -> dict[str, str]:
        """Return metric -> why the task gives it no interval, in any of the runs."""
        return {name: why for own in self.rows for name, why in self.task.unsteady(own).items()}

    def means(self, names: Sequence[str], weights: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return each side's mean of its runs over weighted images (B, images): (B,) by metric."""
        before, after = (self.mean(side, names, weights) for side in self.sides)
        return before, after

    def mean(self, side: slice, names: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the mean of one side's runs over weighted images (B, images): (B,) by metric."""
        figures = [self.replicates(own, weights) for own in self.rows[side]]
        return {name: np.mean([own[name] for own in figures], axis=0) for name in names}


@dataclass
class _Draws:
    """What resampling says of the metrics that all runs have.

    Attributes:
        point: Metric -> value, of each side.
        drawn: Metric -> (B,) values over resamples, of each side.
        spread: Metric -> what leaving images out says of the difference.
        carried: Metric -> how many images carry it.
        images: Metric -> how many images the difference rests on.
        units: The same, or how many runs where they tell less.
        noise: The spread between runs; None for one run a side.
        strata, weights: What was resampled by: each image's stratum, and (B, images) how often it was drawn.
    """

    point: list[dict[str, float]]
    drawn: list[dict[str, np.ndarray]]
    spread: dict[str, Spread]
    carried: dict[str, int]
    images: dict[str, int]
    units: dict[str, int]
    noise: RunNoise | None
    strata: Sequence[str]
    weights: np.ndarray


def judge_metrics(
    runs: PairedRuns, policy: Policy, first: Side, policy_name: str, resampling: tuple[int, int]
) -> tuple[list[Judgement], tuple[list[str], list[str]]]:
    """Resample all runs alike and judge the difference of the sides' means.

    Args:
        runs: The runs.
        policy: What is let pass.
        first: The first baseline, which tells the metrics' directions and bounds.
        policy_name: For messages.
        resampling: Number of resamples, and seed.

    Returns:
        A judgement a metric, and the metrics that only one side has.

    Raises:
        UsageError: A rule of the policy fits no metric.
    """
    values, task = runs.values(), runs.task.name
    names = [name for name in values[0] if all(name in own for own in values)]
    policy.check_names(task, names, policy_name)
    drawn = _resampled(runs, names, values, resampling)
    better, bounds = directions(first, names), bounds_of(first, names)
    judged = [name for name in names if policy.judges(task, name)]
    comparisons = _compared(drawn, policy, names, judged, better, bounds)
    inner = _candidate_intervals(runs, drawn, policy, judged, bounds)
    named = {name: policy_name != DEFAULT and policy.names(task, name) for name in names}
    judgements = [
        judge(
            comparisons[name],
            policy,
            name in judged,
            drawn.carried[name],
            named[name],
            few_runs=drawn.noise is not None and drawn.units[name] < ENOUGH_UNITS and drawn.images[name] >= ENOUGH,
            few_sets=drawn.images[name] < ENOUGH <= drawn.carried[name],
            candidate_interval=inner.get(name),
            why=drawn.spread[name].why,
        )
        for name in names
    ]
    return judgements, _alone(values, runs.sides, names)


def _resampled(
    runs: PairedRuns, names: Sequence[str], values: Sequence[Mapping[str, float]], resampling: tuple[int, int]
) -> _Draws:
    """Draw the same images in all runs; where a side has several, the spread between runs is added."""
    strata = runs.task.strata(runs.rows[0], runs.ids)
    weights = stratified_weights(strata, *resampling)
    point = [{name: float(np.mean([own[name] for own in values[side]])) for name in names} for side in runs.sides]
    drawn = list(runs.means(names, weights))
    carried = runs.carried(names)
    spread = spreads(jackknife(lambda held: _changes(*runs.means(names, held)), strata), weights, runs.unsteady)
    images = {name: min(carried[name], int(spread[name].freedom + 1e-9) + 1) for name in names}
    units = dict(images)
    noise = run_noise(*(values[side] for side in runs.sides))
    if noise is not None:
        units = {name: noise.units(name, drawn[1][name] - drawn[0][name], units[name]) for name in names}
        drawn[1] = {name: drawn[1][name] + noise.draws(name, *resampling) for name in names}
        spread = {
            name: own if own.why or not own.enough else spread_of_units(units[name], len(weights), least=ENOUGH_UNITS)
            for name, own in spread.items()
        }
    return _Draws(point, drawn, spread, carried, images, units, noise, strata, weights)


def _compared(
    drawn: _Draws,
    policy: Policy,
    names: Sequence[str],
    judged: Sequence[str],
    better: Mapping[str, bool],
    bounds: Mapping[str, tuple[float, float]],
) -> dict[str, Comparison]:
    """Compare judged metrics as one family, and the others as another, each within what the metric can be."""
    comparisons: dict[str, Comparison] = {}
    too_few = spread_of_units(0, len(drawn.weights))
    for family in (judged, [name for name in names if name not in judged]):
        if family:
            comparisons |= compare_paired(
                {name: drawn.point[0][name] for name in family},
                {name: drawn.point[1][name] for name in family},
                drawn.drawn[0],
                drawn.drawn[1],
                better,
                {name: drawn.spread[name] if drawn.carried[name] >= ENOUGH else too_few for name in family},
                {name: policy.rule(name).margin for name in family},
                policy.alpha,
                policy.power,
            )
    for name, one in comparisons.items():
        ends, seen = within_range(*one.interval, one.detectable, one.baseline, bounds[name], better[name])
        comparisons[name] = replace(one, interval=ends, detectable=seen)
    return comparisons


def _candidate_intervals(
    runs: PairedRuns,
    drawn: _Draws,
    policy: Policy,
    judged: Sequence[str],
    bounds: Mapping[str, tuple[float, float]],
) -> dict[str, tuple[float, float]]:
    """Return the candidate's own 95 % interval of the metrics whose floor it has to stay above."""
    rules = {name: policy.rule(name) for name in judged}
    sure = [name for name, rule in rules.items() if rule.floor is not None and rule.floor_by == INTERVAL]
    if not sure:
        return {}
    own = drawn.spread
    if drawn.noise is None:
        names = list(drawn.spread)
        alone = jackknife(lambda held: runs.mean(runs.sides[1], names, held), drawn.strata)
        own = spreads(alone, drawn.weights, runs.unsteady)
    intervals = {name: interval95(drawn.point[1][name], drawn.drawn[1][name], own[name]) for name in sure}
    return {name: inside(ends, drawn.point[1][name], bounds[name]) for name, ends in intervals.items()}


def _alone(
    values: Sequence[Mapping[str, float]], sides: Sequence[slice], names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the metrics that are not in all runs, of each side."""
    before, after = (dict.fromkeys(name for own in values[side] for name in own) for side in sides)
    return [name for name in before if name not in names], [name for name in after if name not in names]


def _changes(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: own - before[name] for name, own in after.items()}
