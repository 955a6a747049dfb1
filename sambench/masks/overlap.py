"""Overlap of masks with their own objects, from run lengths: IoU and boundary IoU.

What every mask of one batch shares with every one of another is `sambench.masks.rle.iou`, to the same bits.
"""

from __future__ import annotations

import math

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.boxes import runs_to_boxes_xyxy
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import paint_runs
from sambench.types import Size

DILATION_RATIO = 0.02
"""Width of the boundary as a fraction of the image's diagonal (Cheng et al., Boundary IoU, CVPR 2021, section 5)."""


def mask_ious(predicted: RunLengths, truth: RunLengths) -> np.ndarray:
    """Measure each of N masks against its own object.

    Args:
        predicted: N masks.
        truth: N objects of the same size of image.

    Returns:
        (N,) float64 intersection over union in [0, 1]; 0 where both are empty.
    """
    _check_pairs(predicted, truth)
    return _ious(predicted.counts, _bounds(predicted), truth.counts, _bounds(truth))


def boundary_ious(predicted: RunLengths, truth: RunLengths, dilation_ratio: float = DILATION_RATIO) -> np.ndarray:
    """Measure the boundary of each of N masks against that of its own object.

    The boundary of a mask is what `boundary_width` erosions with a 3 x 3 square take away from it, where all that lies
    beyond the image is outside (`mask_to_boundary` of the authors' code); the score is the IoU of both boundaries.

    Args:
        predicted: N masks.
        truth: N objects of the same size of image.
        dilation_ratio: See `boundary_width`.

    Returns:
        (N,) float64 in [0, 1]; 0 where both are empty.
    """
    _check_pairs(predicted, truth)
    width = boundary_width(truth.size, dilation_ratio)
    boxes, areas = runs_to_boxes_xyxy(predicted.counts, predicted.lengths, predicted.size[0])
    own_boxes, own_areas = runs_to_boxes_xyxy(truth.counts, truth.lengths, truth.size[0])
    masks = predicted.counts, _bounds(predicted), boxes, areas
    objects = truth.counts, _bounds(truth), own_boxes, own_areas
    return _boundary_ious(*masks, *objects, truth.size[0], width)


def boundary_width(size: Size, dilation_ratio: float = DILATION_RATIO) -> int:
    """Return how many pixels of a mask count as its boundary in an image of (height, width): at least one.

    Args:
        size: (height, width) of the image in pixels.
        dilation_ratio: Fraction of the diagonal; the product is rounded to the nearest whole number.
    """
    return max(1, round(dilation_ratio * math.hypot(*size)))


def _check_pairs(predicted: RunLengths, truth: RunLengths) -> None:
    if len(predicted.lengths) != len(truth.lengths) or predicted.size != truth.size:
        raise ValueError(
            f"{len(predicted.lengths)} masks of {predicted.size} for {len(truth.lengths)} objects of {truth.size}"
        )


def _bounds(runs: RunLengths) -> np.ndarray:
    """Return the (N + 1,) int64 places in `counts` where masks begin and end."""
    return np.concatenate([[0], np.cumsum(runs.lengths)]).astype(np.int64)


@kernel()
def _ious(mask: np.ndarray, mask_bounds: np.ndarray, truth: np.ndarray, truth_bounds: np.ndarray) -> np.ndarray:
    """Walk along the runs of both masks of each pair."""
    ious = np.zeros(len(truth_bounds) - 1)
    for i in range(len(ious)):
        a, b = mask_bounds[i], truth_bounds[i]
        stop_a, stop_b = np.int64(mask[a]), np.int64(truth[b])
        position, both, either = np.int64(0), np.int64(0), np.int64(0)
        while a < mask_bounds[i + 1] and b < truth_bounds[i + 1]:
            inside_a, inside_b = (a - mask_bounds[i]) % 2 == 1, (b - truth_bounds[i]) % 2 == 1
            stop = min(stop_a, stop_b)
            both += (stop - position) * (inside_a and inside_b)
            either += (stop - position) * (inside_a or inside_b)
            position = stop
            if stop_a == stop:
                a += 1
                stop_a += mask[a] if a < mask_bounds[i + 1] else 0
            if stop_b == stop:
                b += 1
                stop_b += truth[b] if b < truth_bounds[i + 1] else 0
        ious[i] = both / either if either else 0.0
    return ious


@kernel()
def _boundary_ious(
    mask: np.ndarray,
    mask_bounds: np.ndarray,
    mask_boxes: np.ndarray,
    mask_areas: np.ndarray,
    truth: np.ndarray,
    truth_bounds: np.ndarray,
    truth_boxes: np.ndarray,
    truth_areas: np.ndarray,
    height: int,
    width: int,
) -> np.ndarray:
    """Cut both boundaries out in their masks' boxes and count what they share where the boxes overlap."""
    ious = np.zeros(len(truth_areas))
    for i in range(len(ious)):
        if mask_areas[i] == 0 or truth_areas[i] == 0:
            continue
        left, top, right, bottom = mask_boxes[i]
        u0, v0, u1, v1 = truth_boxes[i]
        boundary = _boundary(mask[mask_bounds[i] : mask_bounds[i + 1]], mask_boxes[i], height, width)
        own = _boundary(truth[truth_bounds[i] : truth_bounds[i + 1]], truth_boxes[i], height, width)
        both = 0
        for y in range(max(top, v0), min(bottom, v1) + 1):
            for x in range(max(left, u0), min(right, u1) + 1):
                both += boundary[y - top, x - left] & own[y - v0, x - u0]
        ious[i] = both / (boundary.sum() + own.sum() - both)
    return ious


@kernel()
def _boundary(counts: np.ndarray, box_xyxy: np.ndarray, image_height: int, width: int) -> np.ndarray:
    """Return the pixels of a mask that have an outside pixel within `width` columns and rows; bool, in its box."""
    left, top, right, bottom = box_xyxy
    window = np.zeros((bottom - top + 1, right - left + 1), np.bool_)
    paint_runs(window, left, top, counts, image_height, True)
    rows, columns = window.shape
    tall = np.zeros(window.shape, np.bool_)  # pixels whose column is inside for `width` pixels up and down
    length = np.zeros(columns, np.int64)
    for y in range(rows):
        for x in range(columns):
            length[x] = (length[x] + 1) * window[y, x]
            if length[x] > 2 * width:
                tall[y - width, x] = True
    for y in range(rows):
        inside = 0
        for x in range(columns):
            inside = (inside + 1) * tall[y, x]
            if inside > 2 * width:
                window[y, x - width] = False
    return window
