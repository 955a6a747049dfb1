"""The inner loop of average precision over images with repeat counts."""

from __future__ import annotations

import numpy as np
from numba import njit

from sambench.metrics.rules import IOU_THRESHOLDS, RECALL_LEVELS

_EPS = np.spacing(1.0)  # pycocotools: keeps 0 / 0 away


@njit(cache=True)
def weighted_precision(
    starts: np.ndarray,
    images: np.ndarray,
    run_ends: np.ndarray,
    places: np.ndarray,
    hits: np.ndarray,
    uncounted: np.ndarray,
    weights: np.ndarray,
    n_truth: np.ndarray,
    limits: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Walk each category's detections from the best score down, each as often as its image is repeated.

    Detections of one image that tie are walked copy by copy, as if the copies of the image were separate images.

    Args:
        starts: (K + 1,) int64 where each category's detections begin.
        images: (D,) int64 index of each detection's image.
        run_ends: (D,) int64 end of the run of ties within one image that begins here (index + 1 without a tie).
        places: (D,) int32 place among the image's detections of the category.
        hits, uncounted: (D,) uint16 bits over thresholds.
        weights: (N,) int64 how often each image counts.
        n_truth: (K,) int64 objects of each category, repeats counted.
        limits: (M,) int64 limits for recall.

    Returns:
        (K, T) float64 average precision; (K, M, T) int64 objects found by the best `limits` of each image. Both are 0
        where there is no object.
    """
    n_thresholds = len(IOU_THRESHOLDS)
    precision = np.zeros((len(starts) - 1, n_thresholds))
    found = np.zeros((len(starts) - 1, len(limits), n_thresholds), np.int64)
    longest = 0
    for k in range(len(starts) - 1):
        n_copies = 0
        for i in range(starts[k], starts[k + 1]):
            n_copies += weights[images[i]] if run_ends[i] > i + 1 or hits[i] else 0
        longest = max(longest, n_copies + starts[k + 1] - starts[k])
    curve_hits = np.empty((n_thresholds, longest))
    curve_precision = np.empty((n_thresholds, longest))
    for k in range(len(starts) - 1):
        if n_truth[k] == 0:
            continue
        right = np.zeros(n_thresholds)
        skipped = np.zeros(n_thresholds)  # detections that do not count at some thresholds only
        lengths = np.zeros(n_thresholds, np.int64)
        walked = 0.0
        i = starts[k]
        while i < starts[k + 1]:
            weight, end = weights[images[i]], run_ends[i]
            step = weight if end == i + 1 else 1
            for _ in range(weight if end > i + 1 else min(weight, 1)):
                for j in range(i, end):
                    walked += step
                    if hits[j] == 0 and uncounted[j] == 0:
                        continue
                    for t in range(n_thresholds):
                        if uncounted[j] >> t & 1:
                            skipped[t] += step
                        elif hits[j] >> t & 1:
                            right[t] += step
                            curve_hits[t, lengths[t]] = right[t]
                            curve_precision[t, lengths[t]] = right[t] / (walked - skipped[t] + _EPS)
                            lengths[t] += 1
                            for m in range(len(limits)):
                                found[k, m, t] += step if places[j] < limits[m] else 0
            i = end
        for t in range(n_thresholds):
            precision[k, t] = _mean_precision(curve_hits[t], curve_precision[t], lengths[t], n_truth[k])
    return precision, found


@njit(cache=True)
def _mean_precision(hits: np.ndarray, precision: np.ndarray, length: int, n_truth: int) -> float:
    """Average over `RECALL_LEVELS` the best precision at that recall or beyond; 0 where it is not reached.

    Between right detections recall stands and precision falls, and within a repeated one both rise, so the curve is
    needed at the last copy of right detections alone.

    Args:
        hits: Objects found up to each right detection, ascending; the first `length` hold.
        precision: Precision there.
        length: Number of right detections.
        n_truth: Number of objects.
    """
    total, best = 0.0, 0.0
    level = _reached(hits[length - 1] / n_truth) if length else 0
    for j in range(length - 1, -1, -1):
        best = max(best, precision[j])
        below = _reached(hits[j - 1] / n_truth) if j > 0 else 0
        total += best * (level - below)
        level = below
    return total / len(RECALL_LEVELS)


@njit(cache=True)
def _reached(recall: float) -> int:
    """Return how many of `RECALL_LEVELS` are at or below a recall."""
    last = len(RECALL_LEVELS) - 1
    level = min(int(recall * last), last)
    while level < last and RECALL_LEVELS[level + 1] <= recall:
        level += 1
    while RECALL_LEVELS[level] > recall:
        level -= 1
    return level + 1
