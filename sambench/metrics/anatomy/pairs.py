"""Many masks against their own objects, each in a window of its own: errors, shapes, contrast, neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.boxes import runs_to_boxes_xyxy
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import paint_runs
from sambench.metrics.anatomy.fields import is_near, steps_to
from sambench.metrics.anatomy.mask_errors import FIELDS, mask_errors
from sambench.metrics.anatomy.shape import SHAPE_FIELDS, shape_of


def errors_of(masks: RunLengths, truth: RunLengths, distance: int) -> np.ndarray:
    """Count the wrong pixels of N masks by kind (`sambench.metrics.anatomy.mask_errors`).

    Args:
        masks, truth: N masks and objects of one size of image.
        distance: Pixels from a boundary within which a wrong pixel is one of the boundary.

    Returns:
        (N, 16) int64.
    """
    if len(masks.lengths) != len(truth.lengths) or masks.size != truth.size:
        raise ValueError(f"{len(masks.lengths)} masks of {masks.size}, {len(truth.lengths)} objects of {truth.size}")
    boxes, own_boxes = _boxes(masks), _boxes(truth)
    counts = np.zeros((len(boxes), len(FIELDS)), np.int64)
    for i, (mask, own) in enumerate(zip(_each(masks), _each(truth), strict=True)):
        box = own_boxes[i] if len(mask) < 2 else boxes[i]
        if len(mask) > 1 and len(own) > 1:
            box = np.concatenate(
                [np.minimum(boxes[i, :2], own_boxes[i, :2]), np.maximum(boxes[i, 2:], own_boxes[i, 2:])]
            )
        height = truth.size[0]
        counts[i] = mask_errors(_window(mask, box, height), _window(own, box, height), distance)
    return counts


def shapes_of(truth: RunLengths) -> np.ndarray:
    """Measure N objects (`sambench.metrics.anatomy.shape`): (N, 5) float64, NaN for one without a pixel."""
    shapes = np.full((len(truth.lengths), len(SHAPE_FIELDS)), np.nan)
    for i, (own, box) in enumerate(zip(_each(truth), _boxes(truth), strict=True)):
        if len(own) > 1:
            shapes[i] = shape_of(_window(own, box, truth.size[0]))
    return shapes


def contrasts(image: np.ndarray, truth: RunLengths, distance: int) -> np.ndarray:
    """Measure by how much objects stand out: how far their mean colour is from that of what lies around them.

    Example: a black object on white has a contrast of 1, a red one (255, 0, 0) on black one of 1 / sqrt(3).

    Args:
        image: (H, W, 3) uint8 RGB.
        truth: N objects.
        distance: Pixels around an object that are its surround.

    Returns:
        (N,) float64: distance of the mean RGB of both, over that of black and white; NaN where one has no pixel.
    """
    pixels = np.ascontiguousarray(image)
    pairs = zip(_each(truth), _boxes(truth), strict=True)
    return np.array([_contrast(pixels, own, box, distance) for own, box in pairs], np.float64)


def neighbours(truth: RunLengths, others: RunLengths, distance: int) -> np.ndarray:
    """Count the objects around each of N: those whose boxes come within `distance` pixels of its own box.

    Args:
        truth: The N objects.
        others: All M objects of the image, the N among them.
        distance: In pixels; boxes that touch are 1 pixel apart.

    Returns:
        (N,) int64, each without the object itself; objects without pixels are none.
    """
    boxes, around = _boxes(truth), _boxes(others)
    _, areas = runs_to_boxes_xyxy(others.counts, others.lengths, others.size[0])
    _, own = runs_to_boxes_xyxy(truth.counts, truth.lengths, truth.size[0])
    around = around[areas > 0]
    apart = np.maximum(boxes[:, None, :2] - around[None, :, 2:], around[None, :, :2] - boxes[:, None, 2:])
    return np.where(own > 0, (apart <= distance).all(axis=2).sum(axis=1) - 1, 0)


def at_border(truth: RunLengths) -> np.ndarray:
    """Return (N,) bool: which objects have a pixel in the first or last row or column of their image."""
    boxes = _boxes(truth)
    height, width = truth.size
    return (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2] == width - 1) | (boxes[:, 3] == height - 1)


def _boxes(runs: RunLengths) -> np.ndarray:
    """Return the (N, 4) int64 inclusive boxes of masks."""
    return runs_to_boxes_xyxy(runs.counts, runs.lengths, runs.size[0])[0]


def _each(runs: RunLengths) -> Iterator[np.ndarray]:
    """Give the int32 run lengths of each mask; a mask without a pixel has one."""
    stops = np.cumsum(runs.lengths)
    for stop, length in zip(stops.tolist(), runs.lengths.tolist(), strict=True):
        yield runs.counts[stop - length : stop].astype(np.int32, copy=False)


@kernel()
def _window(counts: np.ndarray, box_xyxy: np.ndarray, height: int) -> np.ndarray:
    """Return a mask in a box with a border of a pixel, outside the image too; (h, w) bool."""
    left, top, right, bottom = box_xyxy
    window = np.zeros((bottom - top + 3, right - left + 3), np.bool_)
    paint_runs(window[1:-1, 1:-1], left, top, counts, height, True)
    return window


@kernel()
def _contrast(image: np.ndarray, counts: np.ndarray, box_xyxy: np.ndarray, distance: int) -> float:
    """Return the contrast of one object with a box of its own; NaN where it or its surround has no pixel."""
    height, width = image.shape[:2]
    left, top = max(box_xyxy[0] - distance, 0), max(box_xyxy[1] - distance, 0)
    right, bottom = min(box_xyxy[2] + distance, width - 1), min(box_xyxy[3] + distance, height - 1)
    window = np.zeros((bottom - top + 1, right - left + 1), np.bool_)
    paint_runs(window, left, top, counts, height, True)
    steps = steps_to(window)
    sums, held = np.zeros((2, 3)), np.zeros(2)
    for y in range(window.shape[0]):
        for x in range(window.shape[1]):
            side = 0 if window[y, x] else 1
            if side == 0 or is_near(steps, y, x, distance):
                held[side] += 1
                for c in range(3):
                    sums[side, c] += image[top + y, left + x, c]
    squared = 0.0
    for c in range(3):
        squared += (sums[0, c] / held[0] - sums[1, c] / held[1]) ** 2 if held[0] and held[1] else np.nan
    return np.sqrt(squared / 3) / 255
