"""Means of ratings and their paired differences, as Table 8 of the Segment Anything paper states them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from sambench.errors import SambenchError

RESAMPLES = 10_000
"""Resamples of the paired bootstrap (paper, appendix E)."""


@dataclass(frozen=True)
class RatingMean:
    """A mean rating with its 95 % interval by Student's t; the interval is NaN for a single rating."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class RatingDifference:
    """The mean of first - second over the same masks, p of the two-sided paired t-test, and the 99 % interval.

    `p` is NaN where the test has no answer: fewer than two pairs, or the same difference in every pair.
    """

    mean: float
    p: float
    low: float
    high: float
    n: int


def rating_mean(ratings: npt.NDArray[np.float64]) -> RatingMean:
    """Return the mean of (N,) float64 ratings, 1 to 10, with its 95 % interval; N must be at least 1."""
    n = len(ratings)
    if not n:
        raise SambenchError("no ratings to take a mean of", where="ratings", mend="collect ratings first")
    mean = float(ratings.mean())
    if n == 1:
        return RatingMean(mean, float("nan"), float("nan"), 1)
    half = float(stats.t.ppf(0.975, n - 1) * ratings.std(ddof=1) / np.sqrt(n))
    return RatingMean(mean, mean - half, mean + half, n)


def rating_difference(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], seed: int = 0
) -> RatingDifference:
    """Compare (N,) float64 ratings of two methods, paired by position: entry i of both is of the same object.

    The t-test is scipy's `ttest_rel`; the interval is the percentile interval of `RESAMPLES` bootstrap means of the
    differences (Segment Anything, appendix E and Table 8).
    """
    if len(first) != len(second) or not len(first):
        raise SambenchError(
            f"{len(first)} and {len(second)} ratings do not pair",
            where="ratings",
            mend="give one rating of each method for each object, and at least one object",
        )
    differences = first - second
    n = len(differences)
    mean = float(differences.mean())
    if n == 1 or np.ptp(differences) == 0:  # scipy warns and answers NaN or infinity
        return RatingDifference(mean, float("nan"), mean, mean, n)
    p = float(stats.ttest_rel(first, second).pvalue)
    generator = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    step = max(1, 2_000_000 // n)  # bounds the memory: 16 MB of indices at a time
    for start in range(0, RESAMPLES, step):
        count = min(step, RESAMPLES - start)
        means[start : start + count] = differences[generator.integers(0, n, (count, n))].mean(axis=1)
    low, high = np.quantile(means, [0.005, 0.995])
    return RatingDifference(mean, p, float(low), float(high), n)
