"""Intervals by resampling images: how far a score would move with another sample of images of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sambench.metrics.boundary_scores import (
    average_precision,
    best_counts,
    best_point,
    recall_at_half_precision,
    recall_precision_f,
)

REPLICATES = 2000
BLOCK = 64
"""Resamples that are drawn or added up at once: over 20,000 images that many take 10 MB, all of them 320 MB."""

SEED = 0


def resampling_weights(n: int, replicates: int = REPLICATES, seed: int = SEED) -> np.ndarray:
    """Draw how often each of n images is in each resample.

    Args:
        n: Number of images.
        replicates: Number of resamples B.
        seed: Of the generator; the same seed gives the same draws, so two runs over the same images can be compared.

    Returns:
        (B, n) int32; each row sums to n.
    """
    rng = np.random.default_rng(seed)
    drawn = np.empty((replicates, n), np.int32)
    for start in range(0, replicates, BLOCK):
        rows = drawn[start : start + BLOCK]
        rows[:] = rng.multinomial(n, np.full(n, 1 / n), size=len(rows))
    return drawn


def weighted_sums(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Add up values of images in each resample, a few resamples at a time, so that no copy of the weights is made.

    Args:
        weights: (B, N) how often each resample holds each image.
        values: (N, K) K numbers an image.

    Returns:
        (B, K) float64.
    """
    numbers = np.asarray(values, np.float64)
    sums = np.empty((len(weights), numbers.shape[1]))
    for start in range(0, len(weights), BLOCK):
        sums[start : start + BLOCK] = weights[start : start + BLOCK].astype(np.float64) @ numbers
    return sums


def stratified_weights(strata: Sequence[str], replicates: int, seed: int) -> np.ndarray:
    """Draw how often each image is in each resample, within each stratum on its own.

    Args:
        strata: Stratum of each of N images.
        replicates: Number of resamples B.
        seed: Of the first stratum; the next ones follow.

    Returns:
        (B, N) int32.
    """
    names = np.array(strata)
    weights = np.zeros((replicates, len(names)), np.int32)
    for number, name in enumerate(dict.fromkeys(strata)):
        inside = np.flatnonzero(names == name)
        weights[:, inside] = resampling_weights(len(inside), replicates, seed + number)
    return weights


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of (B,) replicates, those where it is undefined (NaN) left out."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def mean_ci95(
    values: np.ndarray, weights: np.ndarray | None = None, replicates: int = REPLICATES, seed: int = SEED
) -> tuple[float, float]:
    """Bootstrap the (weighted) mean of per-image values.

    Args:
        values: (N,) one number an image.
        weights: (N,) its weight in the mean (say, its number of objects), or None for equal ones.
        replicates, seed: See `resampling_weights`.

    Returns:
        Low and high end of the 95 % percentile interval.
    """
    mass = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    columns = np.stack([mass * np.asarray(values, np.float64), mass], axis=1)
    sums, total = weighted_sums(resampling_weights(len(values), replicates, seed), columns).T
    with np.errstate(invalid="ignore"):
        return percentile_interval(sums / np.where(total > 0, total, np.nan))


def statistic_ci95(
    n: int, statistic: Callable[[np.ndarray], float], replicates: int = REPLICATES, seed: int = SEED
) -> tuple[float, float]:
    """Bootstrap any statistic of n images.

    Args:
        n: Number of images.
        statistic: Maps (n,) integer repeat counts of the images to a number; NaN where it is undefined.
        replicates, seed: See `resampling_weights`.

    Returns:
        Low and high end of the 95 % percentile interval.
    """
    return percentile_interval(np.array([statistic(row) for row in resampling_weights(n, replicates, seed)]))


def boundary_ci95(
    counts: np.ndarray, thresholds: np.ndarray, replicates: int = REPLICATES, seed: int = SEED
) -> dict[str, tuple[float, float]]:
    """Bootstrap the four boundary scores over images.

    Args:
        counts: (N, T, 4) integer counts of N images (`boundary_counts`).
        thresholds: (T,) float, ascending.
        replicates, seed: See `resampling_weights`; all four scores share the resamples.

    Returns:
        95 % percentile intervals by name: ods, ois, ap, r50.
    """
    replicated = boundary_replicates(counts, thresholds, resampling_weights(len(counts), replicates, seed))
    return {name: percentile_interval(values) for name, values in replicated.items()}


def boundary_replicates(counts: np.ndarray, thresholds: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the four boundary scores of resamples of images, the counts added up anew in each.

    Args:
        counts: (N, T, 4) integer counts of N images (`boundary_counts`).
        thresholds: (T,) float, ascending.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by name: ods, ois, ap, r50.
    """
    counts = np.asarray(counts)
    # float64 sums are exact: counts stay far below 2**53
    totals = weighted_sums(weights, counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    recalls, precisions, _ = recall_precision_f(totals)
    curves = list(zip(recalls, precisions, strict=True))
    replicated = {
        "ods": [best_point(thresholds, *curve)[3] for curve in curves],
        "ois": recall_precision_f(weighted_sums(weights, best_counts(counts)))[2],
        "ap": [average_precision(*curve) for curve in curves],
        "r50": [recall_at_half_precision(*curve) for curve in curves],
    }
    return {name: np.asarray(values, np.float64) for name, values in replicated.items()}
