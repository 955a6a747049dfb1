"""Boundary precision and recall as the Berkeley segmentation benchmark counts them.

Martin, Fowlkes and Malik 2004; Arbelaez et al. 2011. A predicted boundary pixel is right if a one-to-one matching pairs
it with a pixel of an annotator's boundary map close by. The pairs are an exact optimum: as many as possible, then the
shortest; the benchmark's own solver comes within a few pixels in ten thousand of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np

from sambench.errors import PredictionError, UsageError
from sambench.metrics.boundary.graph import Graph, build_graph
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.matching import MatchingState, change_columns, empty_state
from sambench.metrics.boundary.passing import pass_maps
from sambench.metrics.boundary.scores import BoundaryScores, summarize_counts
from sambench.metrics.boundary.thinning import pack, set_bits, thin, thin_packed
from sambench.metrics.ucm2 import pb_from_ucm2

__all__ = [
    "DEFAULT_MAX_DIST",
    "DEFAULT_THRESHOLDS",
    "BoundaryScores",
    "boundaries_from_segs",
    "boundary_counts",
    "counts_of_maps",
    "match_maps",
    "pb_from_ucm2",
    "strength_from_image",
    "summarize_counts",
    "thin",
]

DEFAULT_THRESHOLDS = np.linspace(0.01, 0.99, 99)
"""(99,) float64 thresholds of the benchmark."""

DEFAULT_MAX_DIST = 0.0075
"""Largest distance of a pair as a fraction of the image's diagonal (BSDS500; 0.011 for NYUDv2)."""


def boundary_counts(
    strength: np.ndarray,
    truths: Sequence[np.ndarray],
    thresholds: np.ndarray = DEFAULT_THRESHOLDS,
    max_dist: float = DEFAULT_MAX_DIST,
    thin: bool = True,
) -> np.ndarray:
    """Count matched pixels of a soft boundary map at each threshold.

    Args:
        strength: (H, W) float in [0, 1]; a pixel is predicted where it is at or above the threshold.
        truths: One (H, W) bool boundary map an annotator.
        thresholds: (T,) float in any order.
        max_dist: Largest distance of a pair as a fraction of the image's diagonal.
        thin: Thin each thresholded map to one-pixel curves first.

    Returns:
        (T, 4) int64: cntR, matched true pixels summed over annotators; sumR, all true pixels summed over annotators;
        cntP, predicted pixels matched for any annotator; sumP, all predicted pixels.

    Raises:
        PredictionError: `strength` is not a map of numbers in [0, 1] of the annotators' size.
        UsageError: The thresholds or `max_dist` are no such numbers.
    """
    strength = _checked_strength(strength)
    levels = np.asarray(thresholds, np.float64)
    if levels.ndim != 1 or not np.isfinite(levels).all():
        raise UsageError("thresholds must be a list of finite numbers", mend="give for example thresholds=[0.25,0.5]")
    # As in edgesEvalImg: zeros are never predicted, whatever the threshold.
    maps = (strength >= max(np.finfo(np.float64).eps, level) for level in levels)
    return counts_of_maps(maps, truths, max_dist, thin)


def counts_of_maps(
    maps: Iterable[np.ndarray],
    truths: Sequence[np.ndarray],
    max_dist: float = DEFAULT_MAX_DIST,
    thin: bool = True,
) -> np.ndarray:
    """Count matched pixels of a series of binary boundary maps, as of one segmentation each.

    Neighbouring maps that share pixels share work; their order does not change the result.

    Args:
        maps: T (H, W) bool maps.
        truths, max_dist, thin: As in `boundary_counts`.

    Returns:
        (T, 4) int64 as `boundary_counts`.

    Raises:
        PredictionError: A map is not of the annotators' size.
        UsageError: `max_dist` is no positive number, or there is no annotator.
    """
    truths = [np.asarray(truth) != 0 for truth in truths]
    shape = _common_shape(truths)
    radius = _radius(shape, max_dist)
    packed = []
    for number, boundary in enumerate(maps):
        if boundary.shape != shape:
            raise PredictionError(
                f"map {number} is {_size(boundary.shape)} (height x width), the annotators' are {_size(shape)}",
                mend="resize the prediction to its image before scoring",
            )
        words = pack(boundary)
        packed.append(thin_packed(words) if thin else words)
    counts = np.zeros((len(packed), 4), np.int64)
    counts[:, 1] = sum(np.count_nonzero(truth) for truth in truths)
    if packed:
        _count_matches(packed, truths, radius, counts)
    return counts


def _count_matches(packed: list[np.ndarray], truths: list[np.ndarray], radius: float, counts: np.ndarray) -> None:
    """Fill in cntR, cntP and sumP of `counts`, (T, 4), for T packed maps."""
    column_of, n_columns = _number_columns(packed, truths[0].shape)
    width = column_of.shape[1]
    problems = _problems(truths, column_of, n_columns, radius)
    gone, new, before = [], [], np.zeros_like(packed[0])
    # From the last map, as a rule the one with the fewest pixels: columns that enter cost less than ones that leave.
    for words in reversed(packed):
        gone.append(column_of.ravel()[set_bits(before & ~words, width)])
        new.append(column_of.ravel()[set_bits(words & ~before, width)])
        before = words
    (leaving, left), (entering, entered) = _joined(gone), _joined(new)
    counts[::-1, 3] = np.cumsum(np.diff(entered) - np.diff(left))
    matched = np.zeros((len(packed), n_columns), bool)
    # One annotator after another: what a search reads then stays in the processor's cache.
    for graph, state in problems:
        counts[::-1, 0] += pass_maps(graph, state, leaving, left, entering, entered, matched)
    counts[::-1, 2] = np.count_nonzero(matched, axis=1)


def _joined(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return T arrays one after another, and (T + 1,) int64 where each starts and the last ends."""
    return np.concatenate(parts), np.cumsum([0, *map(len, parts)], dtype=np.int64)


def match_maps(
    prediction: np.ndarray, truth: np.ndarray, max_dist: float = DEFAULT_MAX_DIST
) -> tuple[np.ndarray, np.ndarray]:
    """Match one predicted boundary map with one true one.

    Args:
        prediction: (H, W) bool, thinned or not.
        truth: (H, W) bool.
        max_dist: Largest distance of a pair as a fraction of the image's diagonal.

    Returns:
        Two (H, W) bool maps: the predicted and the true pixels that have a partner.

    Raises:
        PredictionError: The sizes differ.
        UsageError: `max_dist` is no positive number.
    """
    truth, prediction = np.asarray(truth) != 0, np.asarray(prediction) != 0
    shape = _common_shape([truth, prediction])
    column_of, n_columns = _number_columns([pack(prediction)], shape)
    [(graph, state)] = _problems([truth], column_of, n_columns, _radius(shape, max_dist))
    columns = np.arange(n_columns, dtype=np.int32)
    change_columns(graph, state, columns[:0], columns, np.zeros(n_columns, np.int8))
    matched_prediction, matched_truth = np.zeros(shape, bool), np.zeros(shape, bool)
    matched_prediction[prediction] = state.column_match >= 0
    matched_truth[truth] = state.row_match >= 0
    return matched_prediction, matched_truth


def _problems(
    truths: list[np.ndarray], column_of: np.ndarray, n_columns: int, radius: float
) -> list[tuple[Graph, MatchingState]]:
    """Set up one matching problem an annotator, no column present yet."""
    # Of equal optima the one with the first pixels column by column is taken, the order the original numbers pixels in.
    rank = np.empty(n_columns, np.int64)
    rank[column_of.T[column_of.T >= 0]] = np.arange(n_columns)
    graphs = [build_graph(truth, column_of, rank, radius) for truth in truths]
    return [(graph, empty_state(graph)) for graph in graphs]


def _number_columns(packed: list[np.ndarray], shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """Number the pixels set in any packed map in raster order: (H, W) int32, -1 elsewhere, and how many there are."""
    pixels = set_bits(reduce(np.bitwise_or, packed), shape[1])
    column_of = np.full(shape, -1, np.int32)
    column_of.ravel()[pixels] = np.arange(len(pixels))
    return column_of, len(pixels)


def _radius(shape: tuple[int, int], max_dist: float) -> float:
    """Return the largest distance of a pair in pixels."""
    if not (math.isfinite(max_dist) and max_dist >= 0):
        raise UsageError(f"max_dist is {max_dist}", mend="give a fraction of the diagonal such as max_dist=0.0075")
    return max_dist * math.sqrt(shape[0] ** 2 + shape[1] ** 2)


def _checked_strength(strength: np.ndarray) -> np.ndarray:
    strength = np.asarray(strength)
    if strength.ndim != 2:
        raise PredictionError(f"a boundary map is (height, width), this one has shape {strength.shape}")
    strength = strength.astype(np.float64)
    if strength.size and not (strength.min() >= 0 and strength.max() <= 1):
        raise PredictionError(
            f"boundary strengths run from {strength.min():g} to {strength.max():g}, not within 0 to 1",
            mend="scale the map to [0, 1]; NaN is not a strength",
        )
    return strength


def _common_shape(maps: list[np.ndarray]) -> tuple[int, int]:
    """Return the (height, width) all maps share."""
    if not maps:
        raise UsageError("there is no annotator's boundary map to score against", mend="give at least one")
    for other in maps:
        if other.ndim != 2 or other.shape != maps[0].shape:
            raise PredictionError(
                f"boundary maps of one image differ in size: {_size(maps[0].shape)} and {_size(other.shape)}",
                mend="resize the prediction to its image before scoring",
            )
    if maps[0].size == 0:
        raise PredictionError(f"a boundary map of {_size(maps[0].shape)} has no pixels")
    return maps[0].shape[0], maps[0].shape[1]


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
