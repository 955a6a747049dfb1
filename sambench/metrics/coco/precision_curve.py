"""The inner loop of average precision over images with repeat counts, several resamples at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sambench.files.kernels import kernel
from sambench.metrics.coco.params import IOU_THRESHOLDS, RECALL_LEVELS

LANES = 8
"""Resamples walked at once: one gather of an image's weights serves all, and a processor adds eight in one or two."""

_EPS = np.spacing(1.0)  # pycocotools: keeps 0 / 0 away


class Ranking(NamedTuple):
    """D detections, category by category, best score first, and E steps that the curves have to be followed through.

    A step is a detection that is not simply wrong (wrong at every threshold), with all others of its image and category
    that tie with it. Wrong detections between steps are only counted.

    Attributes:
        images: (D,) int32 index of each detection's image.
        groups: (D,) int32 the first limit for recall that the detection is within; their number where it is in none.
        hits, uncounted: (D,) uint16 bits over thresholds.
        starts: (K,) int64 where each category's detections begin.
        steps: (K + 1,) int64 where each category's steps begin.
        step_starts, step_ends: (E,) int64 the detections of each step.
    """

    images: np.ndarray
    groups: np.ndarray
    hits: np.ndarray
    uncounted: np.ndarray
    starts: np.ndarray
    steps: np.ndarray
    step_starts: np.ndarray
    step_ends: np.ndarray


@kernel()
def weighted_precision(
    ranking: Ranking, weights: np.ndarray, n_truth: np.ndarray, n_limits: int
) -> tuple[np.ndarray, np.ndarray]:
    """Walk each category's detections from the best score down, each as often as its image is repeated.

    Detections of one image that tie are walked copy by copy, as if the copies of the image were separate images. In a
    resample that lacks an image its detections add points of no weight to the curves, which change no maximum.

    Args:
        ranking: The detections.
        weights: (N, LANES) float64 how often each image counts in each resample.
        n_truth: (K, LANES) int64 objects of each category, repeats counted.
        n_limits: Number M of limits for recall.

    Returns:
        (K, T, LANES) float64 average precision; (K, M, T, LANES) float64 objects found by the detections within each
        limit. Both are 0 where there is no object.
    """
    n_thresholds = len(IOU_THRESHOLDS)
    precision = np.zeros((len(n_truth), n_thresholds, LANES))
    recalled = np.zeros((len(n_truth), n_limits, n_thresholds, LANES))
    longest = _longest_curve(ranking, weights)
    curve_hits = np.empty((n_thresholds, longest, LANES), np.int32)
    curve_precision = np.empty((n_thresholds, longest, LANES))
    right, skipped = np.empty((n_thresholds, LANES)), np.empty((n_thresholds, LANES))
    grouped = np.empty((n_limits + 1, n_thresholds, LANES))
    lengths = np.empty(n_thresholds, np.int64)
    walked, stride = np.empty(LANES), np.empty(LANES)
    for k in range(len(n_truth)):
        right[:], skipped[:], grouped[:], walked[:], lengths[:] = 0, 0, 0, 0, 0
        end = ranking.starts[k]
        for step in range(ranking.steps[k], ranking.steps[k + 1]):
            for j in range(end, ranking.step_starts[step]):
                row = weights[ranking.images[j]]
                for lane in range(LANES):
                    walked[lane] += row[lane]
            start, end = ranking.step_starts[step], ranking.step_ends[step]
            row = weights[ranking.images[start]]
            # One detection alone is walked once with its weight (see `_mean_precision`), ties copy by copy.
            tied = end > start + 1
            for copy in range(int(row.max()) if tied else 1):
                for lane in range(LANES):
                    stride[lane] = (1.0 if copy < row[lane] else 0.0) if tied else row[lane]
                for j in range(start, end):
                    for lane in range(LANES):
                        walked[lane] += stride[lane]
                    hits, uncounted, group = ranking.hits[j], ranking.uncounted[j], ranking.groups[j]
                    for t in range(n_thresholds):
                        if uncounted >> t & 1:
                            for lane in range(LANES):
                                skipped[t, lane] += stride[lane]
                        elif hits >> t & 1:
                            index = lengths[t]
                            for lane in range(LANES):
                                right[t, lane] += stride[lane]
                                grouped[group, t, lane] += stride[lane]
                                curve_hits[t, index, lane] = np.int32(right[t, lane])
                                curve_precision[t, index, lane] = right[t, lane] / (
                                    walked[lane] - skipped[t, lane] + _EPS
                                )
                            lengths[t] = index + 1
        for m in range(n_limits):
            for t in range(n_thresholds):
                for lane in range(LANES):
                    recalled[k, m, t, lane] = grouped[m, t, lane] + (recalled[k, m - 1, t, lane] if m else 0.0)
        for lane in range(LANES):
            if n_truth[k, lane]:
                reached = _reached_levels(n_truth[k, lane])
                for t in range(n_thresholds):
                    precision[k, t, lane] = _mean_precision(
                        curve_hits[t, :, lane], curve_precision[t, :, lane], lengths[t], reached
                    )
    return precision, recalled


@kernel()
def _longest_curve(ranking: Ranking, weights: np.ndarray) -> int:
    """Return the largest number of points a category's curve can have."""
    longest = 0
    for k in range(len(ranking.starts)):
        length = 0
        for step in range(ranking.steps[k], ranking.steps[k + 1]):
            start, end = ranking.step_starts[step], ranking.step_ends[step]
            length += (end - start) * int(weights[ranking.images[start]].max()) if end > start + 1 else 1
        longest = max(longest, length)
    return longest


@kernel()
def _mean_precision(hits: np.ndarray, precision: np.ndarray, length: int, reached: np.ndarray) -> float:
    """Average over `RECALL_LEVELS` the best precision at that recall or beyond; 0 where it is not reached.

    Between right detections recall stands and precision falls, and from copy to copy of a right one both rise, so the
    curve is needed at the last copy of right detections alone.

    Args:
        hits: Objects found up to each right detection, ascending; the first `length` hold.
        precision: Precision there.
        length: Number of right detections.
        reached: (objects + 1,) how many recall levels are reached with so many found.
    """
    total, best = 0.0, 0.0
    most = len(reached) - 1  # rows that somebody else made may claim to find more objects than there are
    level = reached[min(hits[length - 1], most)] if length else 0
    for j in range(length - 1, -1, -1):
        best = max(best, precision[j])
        below = reached[min(hits[j - 1], most)] if j > 0 else 0
        if below < level:
            total += best * (level - below)
            level = below
    return total / len(RECALL_LEVELS)


@kernel()
def _reached_levels(n_truth: int) -> np.ndarray:
    """Return (n_truth + 1,) how many of `RECALL_LEVELS` found objects reach: none with 0 found, all with n_truth."""
    levels = np.zeros(n_truth + 1, np.int64)
    level = 0
    for hits in range(1, n_truth + 1):
        recall = hits / n_truth
        while level < len(RECALL_LEVELS) and RECALL_LEVELS[level] <= recall:
            level += 1
        levels[hits] = level
    return levels
