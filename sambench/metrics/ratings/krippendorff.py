"""Krippendorff's alpha, the agreement of raters when not everyone rated everything."""

from typing import Literal

import numpy as np
import numpy.typing as npt

Level = Literal["interval", "ordinal"]


def krippendorff_alpha(ratings: npt.NDArray[np.float64], level: Level = "interval") -> float:
    """Return 1 - observed / expected disagreement of (raters, units) float64 ratings, NaN where there is none.

    Source: Krippendorff, Computing Krippendorff's alpha-reliability (2011), section D. Units with one rating are left
    out. The answer is NaN where no unit has two ratings or every pairable rating is the same.

    Example: two raters, three units, [1, 2, 3] and [1, 2, 4], interval. Coincidences disagree in one unit: observed
    (3 - 4)^2 * 2 / 6 = 1/3; the 15 pairs of 1, 1, 2, 2, 3, 4 have a sum of squares of 41, expected 41 * 2 / 30;
    alpha = 1 - (1/3) / (41/15) = 36/41.
    """
    present = ~np.isnan(ratings)
    ratings = ratings[:, present.sum(axis=0) >= 2]
    present = ~np.isnan(ratings)
    values = np.unique(ratings[present])
    if len(values) < 2:
        return float("nan")
    counts = np.stack([(ratings == value).sum(axis=0) for value in values]).astype(np.float64)  # (values, units)
    weights = 1 / (counts.sum(axis=0) - 1)
    coincidences = (counts * weights) @ counts.T - np.diag((counts * weights).sum(axis=1))
    totals = coincidences.sum(axis=1)
    n = totals.sum()
    positions = values if level == "interval" else np.cumsum(totals) - totals / 2
    distances = (positions[:, None] - positions[None, :]) ** 2
    observed = float((coincidences * distances).sum() / n)
    expected = float((np.outer(totals, totals) * distances).sum() / (n * (n - 1)))
    return 1 - observed / expected
