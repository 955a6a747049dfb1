"""The inner loop of average precision over images with repeat counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sambench.metrics.rules import IOU_THRESHOLDS, RECALL_LEVELS

_EPS = np.spacing(1.0)  # pycocotools: keeps 0 / 0 away


class Ranking(NamedTuple):
    """D detections, category by category, best score first, and E steps that the curves have to be followed through.

    A step is a detection that is not simply wrong (wrong at every threshold), with all others of its image and category
    that tie with it. Wrong detections between steps are only counted.

    Attributes:
        images: (D,) int32 index of each detection's image.
        places: (D,) int32 place among the image's detections of the category.
        hits, uncounted: (D,) uint16 bits over thresholds.
        starts: (K,) int64 where each category's detections begin.
        steps: (K + 1,) int64 where each category's steps begin.
        step_starts, step_ends: (E,) int64 the detections of each step.
    """

    images: np.ndarray
    places: np.ndarray
    hits: np.ndarray
    uncounted: np.ndarray
    starts: np.ndarray
    steps: np.ndarray
    step_starts: np.ndarray
    step_ends: np.ndarray


@njit(cache=True, nogil=True)
def weighted_precision(
    ranking: Ranking, weights: np.ndarray, n_truth: np.ndarray, limits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Walk each category's detections from the best score down, each as often as its image is repeated.

    Detections of one image that tie are walked copy by copy, as if the copies of the image were separate images.

    Args:
        ranking: The detections.
        weights: (N,) int64 how often each image counts.
        n_truth: (K,) int64 objects of each category, repeats counted.
        limits: (M,) int64 limits for recall.

    Returns:
        (K, T) float64 average precision; (K, M, T) int64 objects found by the best `limits` of each image. Both are 0
        where there is no object.
    """
    n_thresholds = len(IOU_THRESHOLDS)
    precision = np.zeros((len(n_truth), n_thresholds))
    found = np.zeros((len(n_truth), len(limits), n_thresholds), np.int64)
    longest = _longest_curve(ranking, weights)
    curve_hits, curve_precision = np.empty((n_thresholds, longest)), np.empty((n_thresholds, longest))
    for k in range(len(n_truth)):
        if n_truth[k] == 0:
            continue
        right, skipped = np.zeros(n_thresholds), np.zeros(n_thresholds)
        lengths = np.zeros(n_thresholds, np.int64)
        walked, end = 0, ranking.starts[k]
        for step in range(ranking.steps[k], ranking.steps[k + 1]):
            for j in range(end, ranking.step_starts[step]):
                walked += weights[ranking.images[j]]
            start, end = ranking.step_starts[step], ranking.step_ends[step]
            weight = weights[ranking.images[start]]
            # One detection alone is walked once with its weight (see `_mean_precision`), ties copy by copy.
            copies, stride = (weight, 1) if end > start + 1 else (min(weight, 1), weight)
            for _ in range(copies):
                for j in range(start, end):
                    walked += stride
                    for t in range(n_thresholds):
                        if ranking.uncounted[j] >> t & 1:
                            skipped[t] += stride
                        elif ranking.hits[j] >> t & 1:
                            right[t] += stride
                            curve_hits[t, lengths[t]] = right[t]
                            curve_precision[t, lengths[t]] = right[t] / (walked - skipped[t] + _EPS)
                            lengths[t] += 1
                            for m in range(len(limits)):
                                if ranking.places[j] < limits[m]:
                                    found[k, m, t] += stride
        for t in range(n_thresholds):
            precision[k, t] = _mean_precision(curve_hits[t], curve_precision[t], lengths[t], n_truth[k])
    return precision, found


@njit(cache=True)
def _longest_curve(ranking: Ranking, weights: np.ndarray) -> int:
    """Return the largest number of points a category's curve can have."""
    longest = 0
    for k in range(len(ranking.starts)):
        length = 0
        for step in range(ranking.steps[k], ranking.steps[k + 1]):
            start, end = ranking.step_starts[step], ranking.step_ends[step]
            length += (end - start) * weights[ranking.images[start]] if end > start + 1 else 1
        longest = max(longest, length)
    return longest


@njit(cache=True)
def _mean_precision(hits: np.ndarray, precision: np.ndarray, length: int, n_truth: int) -> float:
    """Average over `RECALL_LEVELS` the best precision at that recall or beyond; 0 where it is not reached.

    Between right detections recall stands and precision falls, and from copy to copy of a right one both rise, so the
    curve is needed at the last copy of right detections alone.

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
