"""The four boundary scores of resampled images, and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sambench.metrics.baseline_rows import without_columns
from sambench.metrics.bootstrap import (
    REPLICATES,
    SEED,
    Resampling,
    bootstrap_intervals,
    in_order,
    stratified_weights,
    weighted_sums,
)
from sambench.metrics.boundary.scores import (
    average_precision,
    best_counts,
    best_point,
    counts_of_rows,
    first_step,
    half_precision_crossings,
    levels_of,
    recall_at_half_precision,
    recall_precision_f,
)
from sambench.metrics.intervals import NO_INTERVAL, inside
from sambench.types import Row

_TAIL = 0.025
"""Share of resamples on either side in which AP's first step may lie elsewhere."""


def boundary_ci95(
    counts: np.ndarray, thresholds: np.ndarray, replicates: int = REPLICATES, seed: int = SEED
) -> dict[str, tuple[float, float]]:
    """Bootstrap the four boundary scores over images.

    Args:
        counts: (N, T, 4) integer counts of N images (`boundary_counts`).
        thresholds: (T,) float, ascending.
        replicates, seed: See `resampling_weights`; all four scores share the resamples.

    Returns:
        95 % intervals by name: ods, ois, ap, r50; NaN where too few images carry a score, or it is unsteady.
    """
    intervals = bootstrap_intervals(
        partial(boundary_replicates, counts, thresholds), [""] * len(counts), replicates, seed
    )
    intervals["ap"] = _over_steps(intervals["ap"], counts, replicates, seed)
    return intervals | dict.fromkeys(unsteady_scores(counts), NO_INTERVAL)


def _over_steps(ends: tuple[float, float], counts: np.ndarray, replicates: int, seed: int) -> tuple[float, float]:
    """Widen the interval of AP where its curve begins on either side of one of AP's recalls, as the resamples do.

    AP has a step there (`first_step`), and resamples are no guide to a statistic at a place where it is not smooth
    (Dümbgen 1993). The interval then also holds that of AP less what the step adds to it, widened by what it adds to
    the middle 95 % of the resamples. The step at the other end, of the lowest precision, is left to the resamples.

    Args:
        ends: Of AP, as of any score.
        counts: (N, T, 4) integer counts of N images.
        replicates, seed: As those of `ends`.
    """
    if ends[0] != ends[0]:
        return ends
    strata = [""] * len(counts)
    drawn = np.array([first_step(*curve) for curve in _curves(counts, stratified_weights(strata, replicates, seed))])
    first, last = np.quantile(drawn[:, 0], [_TAIL, 1 - _TAIL])
    if first == last:
        return ends

    def smooth(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"ap": np.array([average_precision(*c) - first_step(*c)[1] for c in _curves(counts, weights)])}

    low, high = bootstrap_intervals(smooth, strata, replicates, seed, {"ap": (-np.inf, np.inf)})["ap"]
    least, most = np.quantile(drawn[:, 1], [_TAIL, 1 - _TAIL])
    value = average_precision(*_curves(counts, np.ones((1, len(counts)), np.int64))[0])
    return inside((min(ends[0], low + least), max(ends[1], high + most)), value, (0.0, 1.0))


def _curves(counts: np.ndarray, weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the (T,) recall and precision of each of B resamples; (N, T, 4) counts, (B, N) weights."""
    counts = np.asarray(counts)
    # float64 sums are exact: counts stay far below 2**53
    totals = weighted_sums(weights, counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    recalls, precisions, _ = recall_precision_f(totals)
    return list(zip(recalls, precisions, strict=True))


def unsteady_scores(counts: np.ndarray) -> dict[str, str]:
    """Return score -> why it has no interval: R50 where precision crosses .5 not once, but nowhere or several times.

    Where it stays above .5, R50 is the recall at the lowest precision, which more images would find elsewhere: of 12 or
    50 images of PiDiNet an interval held the 200 images' R50 in 80 to 84 of 100 samples.

    Args:
        counts: (N, T, 4) integer counts of N images.
    """
    recall, precision, _ = recall_precision_f(np.asarray(counts).sum(axis=0, dtype=np.float64))
    crossings = half_precision_crossings(recall, precision)
    if crossings > 1:
        return {"r50": f"precision crosses .5 at {crossings} places of the curve, so that R50 is not one recall"}
    if not crossings and precision[recall > 0].min(initial=1.0) > 0.5:
        return {"r50": "precision stays above .5, so that R50 is the recall at the lowest precision"}
    return {}


def boundary_replicates(counts: np.ndarray, thresholds: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the four boundary scores of resamples of images, the counts added up anew in each.

    Args:
        counts: (N, T, 4) integer counts of N images (`boundary_counts`).
        thresholds: (T,) float, ascending.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by name: ods, ois, ap, r50.
    """
    counts, curves = np.asarray(counts), _curves(counts, weights)
    replicated = {
        "ods": [best_point(thresholds, *curve)[3] for curve in curves],
        "ois": recall_precision_f(weighted_sums(weights, best_counts(counts)))[2],
        "ap": [average_precision(*curve) for curve in curves],
        "r50": [recall_at_half_precision(*curve) for curve in curves],
    }
    return {name: np.asarray(values, np.float64) for name, values in replicated.items()}


class BoundaryResampling(Resampling):
    """A task whose rows are boundary counts."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Add the counts up anew over the images of each resample."""
        counts = counts_of_rows(in_order(rows, sample_ids))
        return boundary_replicates(counts, levels_of(counts.shape[1]), weights)

    def unsteady(self, rows: Sequence[Row]) -> dict[str, str]:
        """Tell of R50 where it is not one recall."""
        return unsteady_scores(counts_of_rows(rows))

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Shorten the images' hashes; counts compress well as they are."""
        return without_columns(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the image's best F over thresholds."""
        return float(recall_precision_f(counts_of_rows(rows))[2].max())
