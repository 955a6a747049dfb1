"""All pairs of several runs over the same images, with intervals that hold for all pairs and metrics together.

Intervals are those of a gate, at one level for all pairs and metrics (`sambench.metrics.family`); ranks from them are
those of Mogstad, Romano, Shaikh and Wilhelm 2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from sambench.metrics.family import family_of
from sambench.metrics.intervals import NO_INTERVAL, resampled
from sambench.metrics.paired import exact, p_value
from sambench.metrics.uncertainty.spread import ENOUGH, Spread

NAN = float("nan")


@dataclass(frozen=True)
class Pair:
    """One metric of two runs.

    Attributes:
        metric: The metric.
        first, second: Indices of the runs.
        difference: First less second.
        interval: Low and high end of the simultaneous interval of the difference; NaN where too few images carry it.
        p: Smallest alpha at which the interval leaves out 0 on the side of the difference.
        support: Images that carry the metric in both runs.
    """

    metric: str
    first: int
    second: int
    difference: float
    interval: tuple[float, float]
    p: float
    support: int


def pair_name(metric: str, first: int, second: int) -> str:
    """Name a metric of two runs, for what is kept of each."""
    return f"{first} {second} {metric}"


def pair_of(name: str) -> tuple[str, int, int]:
    """Return the metric and the two runs that `pair_name` named."""
    first, second, metric = name.split(" ", 2)
    return metric, int(first), int(second)


def pair_differences(draws: Sequence[Mapping[str, np.ndarray]], metrics: Sequence[str]) -> dict[str, np.ndarray]:
    """Return (B,) differences of every two of several runs, by `pair_name`; those that are rounding alone are 0."""
    return {
        pair_name(metric, first, second): exact(np.asarray(draws[first][metric], np.float64) - draws[second][metric])
        for metric in metrics
        for first, second in combinations(range(len(draws)), 2)
    }


def compare_all(
    values: Sequence[Mapping[str, float]],
    draws: Sequence[Mapping[str, np.ndarray]],
    spreads: Mapping[str, Spread],
    support: Sequence[Mapping[str, int]],
    alpha: float = 0.05,
) -> list[Pair]:
    """Compare every two of several runs, metric by metric, by intervals made as those of a gate.

    Args:
        values: Metric -> value over all images, of each of R runs; the same metrics in all.
        draws: Metric -> (B,) values over resamples, the same resamples in all runs.
        spreads: Each pair's name (`pair_name`) -> what leaving images out says of its difference.
        support: Metric -> images that carry it, of each run. Pairs with fewer than `ENOUGH` get no interval and cost
            the others nothing.
        alpha: Chance that any of the intervals misses its true difference.

    Returns:
        R (R - 1) / 2 pairs of each metric, in the metrics' order.
    """
    metrics = list(values[0])
    drawn = pair_differences(draws, metrics)
    wholes = [{metric: np.array([own[metric]]) for metric in metrics} for own in values]
    pairs, prepared = [], []
    for name, difference in pair_differences(wholes, metrics).items():
        metric, first, second = pair_of(name)
        carried = min(support[first][metric], support[second][metric])
        pairs.append(Pair(metric, first, second, float(difference[0]), NO_INTERVAL, NAN, carried))
        enough = carried >= ENOUGH
        prepared.append(resampled(float(difference[0]), drawn[name], spreads[name]) if enough else None)
    family = family_of([drawn[name] for name, one in zip(drawn, prepared, strict=True) if one is not None])
    tail = family.tail(alpha)
    return [
        pair
        if one is None
        else replace(pair, interval=one.interval(tail), p=p_value(one, family, alpha, below=pair.difference < 0))
        for pair, one in zip(pairs, prepared, strict=True)
    ]


def within_bounds(pair: Pair, bounds: tuple[float, float]) -> Pair:
    """Return a pair whose interval holds only differences that two values within the metric's bounds can have."""
    widest = bounds[1] - bounds[0]
    low, high = pair.interval
    return pair if low != low else replace(pair, interval=(max(low, -widest), min(high, widest)))
