"""All pairs of several runs over the same images, with intervals that hold for all pairs and metrics together.

Sources: Romano and Wolf 2005 (maxima over resamples, one family for all comparisons); Mogstad, Romano, Shaikh and
Wilhelm 2024 (ranks from simultaneous intervals of all pairs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

NAN = float("nan")
_SAME = 1e-12
"""Differences and spreads below it are rounding."""


@dataclass(frozen=True)
class Pair:
    """One metric of two runs.

    Attributes:
        metric: The metric.
        first, second: Indices of the runs.
        difference: First less second.
        interval: Low and high end of the simultaneous interval of the difference; NaN where too few images carry it.
        p: Two-sided p value, corrected over all pairs and metrics; it is below alpha where the interval leaves out 0.
        support: Images that carry the metric in both runs.
    """

    metric: str
    first: int
    second: int
    difference: float
    interval: tuple[float, float]
    p: float
    support: int


def compare_all(
    values: Sequence[Mapping[str, float]],
    draws: Sequence[Mapping[str, np.ndarray]],
    support: Sequence[Mapping[str, int]],
    smallest: int,
    enough: int,
    alpha: float = 0.05,
) -> list[Pair]:
    """Compare every two of several runs, metric by metric.

    The differences of the resamples, moved to mean zero and divided by their standard deviation, stand for chance; the
    largest one over all pairs and metrics gives the common critical value. It is turned into one of Student's
    distribution for the images that carry the metric, and widened by sqrt(n / (n - 1)), as resamples of n images are
    too narrow by that.

    Args:
        values: Metric -> value over all images, of each of R runs; the same metrics in all.
        draws: Metric -> (B,) values over resamples, the same resamples in all runs.
        support: Metric -> images that carry it, of each run.
        smallest: Images of the smallest stratum.
        enough: Images that have to carry a metric; pairs with fewer get no interval and cost the others nothing.
        alpha: Chance that any of the intervals misses its true difference.

    Returns:
        R (R - 1) / 2 pairs of each metric, in the metrics' order.
    """
    found, chance, told = [], [], []
    for metric in values[0]:
        for first, second in combinations(range(len(values)), 2):
            difference = values[first][metric] - values[second][metric]
            difference = 0.0 if abs(difference) < _SAME else difference
            carried = min(support[first][metric], support[second][metric])
            found.append(Pair(metric, first, second, difference, (NAN, NAN), NAN, carried))
            drawn = np.asarray(draws[first][metric], np.float64) - draws[second][metric]
            if carried >= enough and difference == difference and np.count_nonzero(~np.isnan(drawn)) > 1:
                spread = float(np.nanstd(drawn, ddof=1))
                spread = spread if spread > _SAME else 0.0
                told.append((len(found) - 1, spread, max(2, min(smallest, carried))))
                chance.append(np.nan_to_num(np.abs(drawn - np.nanmean(drawn)) / (spread or np.inf)))
    if not told:
        return found
    largest = np.max(chance, axis=0)
    critical = float(np.quantile(largest, 1 - alpha))
    for place, spread, images in told:
        found[place] = _told(found[place], spread, images, critical, largest)
    return found


def _told(pair: Pair, spread: float, images: int, critical: float, largest: np.ndarray) -> Pair:
    """Give a pair its interval and p value, from what chance does at most."""
    error = spread * (images / (images - 1)) ** 0.5
    reach = error * float(stats.t.isf(stats.norm.sf(critical), images - 1))
    size = abs(pair.difference)
    alike = np.inf if size else 0.0
    normal = float(stats.norm.isf(stats.t.sf(size / error, images - 1))) if error > 0 else alike
    p = float((1 + np.count_nonzero(largest >= normal - 1e-9)) / (1 + len(largest)))
    return replace(pair, interval=(pair.difference - reach, pair.difference + reach), p=p)


def within_bounds(pair: Pair, bounds: tuple[float, float]) -> Pair:
    """Return a pair whose interval holds only differences that two values within the metric's bounds can have."""
    widest = bounds[1] - bounds[0]
    low, high = pair.interval
    return pair if low != low else replace(pair, interval=(max(low, -widest), min(high, widest)))
