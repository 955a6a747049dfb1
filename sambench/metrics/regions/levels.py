"""The segmentations an ultrametric contour map holds, one a threshold, as one fine segmentation and its mergers."""

from __future__ import annotations

import numpy as np

from sambench.errors import PredictionError
from sambench.files.kernels import kernel
from sambench.metrics.ucm2 import check_double_size


def regions_of_ucm2(ucm2: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a double-size contour map at each threshold, as `bwlabel(ucm2 <= t)` at the pixels' elements does.

    Elements at or below the threshold that touch, diagonally too, are one region; a pixel above it is unlabelled.
    Regions only merge as the threshold rises, so all cuts are mergers of the first.

    Args:
        ucm2: (2 * H + 1, 2 * W + 1) float; pixel (y, x) is element (2 * y + 1, 2 * x + 1).
        thresholds: (T,) float, ascending.

    Returns:
        (H, W) int32 the piece of each pixel, 0 to P - 1, and (T, P) int32 the region of each piece at each threshold:
        equal numbers from 1 on are one region, 0 is unlabelled. A pixel above the first threshold is a piece of its
        own.

    Raises:
        PredictionError: The map has no odd height and width or holds NaN.
    """
    ucm2 = np.asarray(ucm2)
    check_double_size(ucm2)
    if np.isnan(ucm2).any():
        raise PredictionError("the contour map holds NaN", mend="give every element a strength in [0, 1]")
    level = np.searchsorted(np.asarray(thresholds, np.float64), ucm2.astype(np.float64), side="left").astype(np.int32)
    # Elements by the first threshold that lets them in; those no threshold lets in come last and are never reached.
    order = np.argsort(level, axis=None, kind="stable")
    ends = np.searchsorted(level.ravel()[order], np.arange(len(thresholds)), side="right")
    pieces, regions, n_pieces = _merge(level, order, ends)
    return pieces, regions[:, :n_pieces]


@kernel()
def _merge(level: np.ndarray, order: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Let elements in threshold by threshold, join them with neighbours already in, and note where pieces end up.

    Args:
        level: (h, w) int32 index of the first threshold that lets an element in.
        order: (h * w,) int64 flat elements by level.
        ends: (T,) int64 number of elements let in up to each threshold.
    """
    height, width = level.shape
    flat = level.ravel()
    parent = np.arange(height * width)
    pieces = np.empty((height // 2, width // 2), np.int32)
    piece_of = np.full(height * width, -1, np.int32)
    elements = np.empty(pieces.size, np.int64)  # one of each piece
    n_pieces, start = 0, 0
    regions = np.zeros((len(ends), 1), np.int32)
    for t in range(len(ends)):
        for element in order[start : ends[t]]:
            y, x = element // width, element % width
            for ny in range(max(y - 1, 0), min(y + 2, height)):
                for nx in range(max(x - 1, 0), min(x + 2, width)):
                    if level[ny, nx] <= t:
                        a, b = _root(parent, element), _root(parent, ny * width + nx)
                        parent[max(a, b)] = min(a, b)
        start = ends[t]
        if t == 0:
            for y in range(height // 2):
                for x in range(width // 2):
                    root = _root(parent, (2 * y + 1) * width + 2 * x + 1)
                    if piece_of[root] < 0:
                        piece_of[root], elements[n_pieces] = n_pieces, root
                        n_pieces += 1
                    pieces[y, x] = piece_of[root]
            regions = np.zeros((len(ends), n_pieces), np.int32)
        for piece in range(n_pieces):
            if flat[elements[piece]] <= t:
                regions[t, piece] = _root(parent, elements[piece]) + 1
    return pieces, regions, n_pieces


@kernel()
def _root(parent: np.ndarray, element: int) -> int:
    """Find the element a tree hangs from, halving the path on the way."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element
