"""How well a model knows whether a concept is there: calibration of one number a pair."""

from __future__ import annotations

import numpy as np

from sambench.metrics.calibration import BINS

WIDTH = 3 * BINS + 1


def presence_sums(confidence: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Make the numbers of each pair that calibration is made of once they are added up.

    Args:
        confidence: (N,) float64 in [0, 1] that the concept is there.
        present: (N,) bool whether it is.

    Returns:
        (N, 31) float64: for each bin of confidence how many, their confidence, how many of them are present; and the
        squared difference.
    """
    sums = np.zeros((len(confidence), WIDTH))
    bins = np.minimum((np.asarray(confidence) * BINS).astype(np.int64), BINS - 1)
    rows = np.arange(len(bins))
    sums[rows, bins] = 1
    sums[rows, BINS + bins] = confidence
    sums[rows, 2 * BINS + bins] = present
    sums[:, -1] = (confidence - present) ** 2
    return sums


def calibration_of_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Turn sums over pairs into figures.

    Args:
        sums: (B, 31) sums of `presence_sums` in each of B draws.

    Returns:
        Figure -> (B,) float64: "presence_ECE", the mean distance of confidence and share of present pairs over bins
        (expected calibration error), and "presence_Brier", the mean squared difference; NaN without pairs.
    """
    pairs = sums[:, :BINS].sum(axis=1)
    apart = np.abs(sums[:, BINS : 2 * BINS] - sums[:, 2 * BINS : 3 * BINS]).sum(axis=1)
    nothing = np.where(pairs > 0, pairs, np.nan)
    return {"presence_ECE": apart / nothing, "presence_Brier": sums[:, -1] / nothing}
