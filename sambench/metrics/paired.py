"""Two sets of scores over the same images: differences, simultaneous intervals, p values read from them, what is seen.

Sources: Efron and Tibshirani 1993 (bootstrap intervals, and tests as intervals inverted); Hothorn, Bretz and Westfall
2008 (one level for several metrics that rise and fall together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sambench.metrics.family import Family, family_of
from sambench.metrics.intervals import NO_INTERVAL, Resampled, resampled
from sambench.metrics.uncertainty.detectable import seen
from sambench.metrics.uncertainty.spread import Spread

ALPHA, POWER = 0.05, 0.8

_SAME = 1e-12
"""Differences below it are rounding."""


@dataclass(frozen=True)
class Comparison:
    """One metric of two checkpoints over the same images.

    Attributes:
        name: The metric.
        baseline, candidate: Its two values.
        difference: candidate - baseline.
        interval: Low and high end of the difference's interval; the intervals of all metrics that were compared hold
            together with a chance of 1 - alpha. NaN where none can be given.
        level: The chance with which this interval holds on its own, as .95.
        p_drop: Smallest alpha at which the interval would tell a drop (a worsening, whatever the metric's direction):
            at most alpha where it lies on the worse side of 0, but not below what the resamples can tell. NaN without
            an interval.
        p_gain: The same of an improvement.
        detectable: Smallest true drop that the interval would tell with the stated power.
        higher_is_better: The metric's direction.
    """

    name: str
    baseline: float
    candidate: float
    difference: float
    interval: tuple[float, float]
    level: float
    p_drop: float
    p_gain: float
    detectable: float
    higher_is_better: bool


def compare_paired(
    baseline: Mapping[str, float],
    candidate: Mapping[str, float],
    baseline_draws: Mapping[str, np.ndarray],
    candidate_draws: Mapping[str, np.ndarray],
    higher_is_better: Mapping[str, bool],
    spreads: Mapping[str, Spread],
    margins: Mapping[str, float] | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
) -> dict[str, Comparison]:
    """Compare two checkpoints, metric by metric.

    Args:
        baseline, candidate: Metric -> its value over all images.
        baseline_draws, candidate_draws: Metric -> (B,) values over resamples, the same resamples on both sides.
        higher_is_better: Metric -> its direction.
        spreads: Metric -> what leaving images out says of its difference.
        margins: Metric -> the drop that is let pass; 0 where it is not named. It enters what is detectable.
        alpha: Chance that any interval misses the true difference.
        power: Chance with which a drop as large as what is detectable is told.

    Returns:
        Metric -> what was found. Metrics that are undefined on a side, or that too few images carry, have no interval
        and widen no other.
    """
    draws = {name: exact(np.asarray(candidate_draws[name], np.float64) - baseline_draws[name]) for name in baseline}
    differences = {name: float(exact(np.array(candidate[name] - baseline[name]))) for name in baseline}
    resamples = {name: resampled(differences[name], own, spreads[name]) for name, own in draws.items()}
    family = family_of([draws[name] for name, one in resamples.items() if one is not None])
    tail = family.tail(alpha)
    compared = {}
    for name, one in resamples.items():
        higher, nan = higher_is_better[name], float("nan")
        ends = NO_INTERVAL if one is None else one.interval(tail)
        p_drop, p_gain = (
            nan if one is None else p_value(one, family, alpha, below=below) for below in (higher, not higher)
        )
        margin = (margins or {}).get(name, 0.0)
        compared[name] = Comparison(
            name=name,
            baseline=baseline[name],
            candidate=candidate[name],
            difference=differences[name],
            interval=ends,
            level=1 - 2 * tail,
            p_drop=p_drop,
            p_gain=p_gain,
            detectable=nan if one is None else seen(one, draws[name], tail, higher, margin).drop(power),
            higher_is_better=higher,
        )
    return compared


def exact(differences: np.ndarray) -> np.ndarray:
    """Take differences that are rounding alone for none."""
    return np.where(np.abs(differences) < _SAME, 0.0, differences)


def p_value(one: Resampled, family: Family, alpha: float, *, below: bool) -> float:
    """Return the smallest alpha at which a metric's interval lies below zero, or above, over all metrics.

    Args:
        one: The metric's difference.
        family: All that are compared.
        alpha: The one that decides: p is at most alpha just where the interval of that level lies beyond zero.
        below: Which side is asked for.
    """
    tail, least = family.tail(alpha), 1 / (1 + len(one.draws))
    if one.leaves_out_zero(below, tail):
        return max(family.corrected(one.tail_of(below, 0.0, tail)), min(least, alpha))
    p = family.corrected(one.tail_of(below, tail, 0.5)) if one.value and (one.value < 0) == below else 1.0
    return max(p, float(np.nextafter(alpha, 1)))
