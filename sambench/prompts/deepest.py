"""The pixel of a region that is farthest from its boundary, by squared distances, which are whole numbers and exact."""

from __future__ import annotations

import math

import numpy as np

from sambench.files.kernels import kernel

CORNER = (0, 0, 0, 0)
"""x, y, label and squared distance of the click on a mask without error: the arg-max of an all-zero distance map."""


@kernel()
def farther_click(
    missed_x: int, missed_y: int, missed: int, false_x: int, false_y: int, false: int
) -> tuple[int, int, int, int]:
    """Choose between the deepest missed and the deepest false pixel (x, y, squared distance; 0 is no pixel).

    Returns:
        x, y, label and squared distance; `CORNER` where there is neither.
    """
    if missed > false:
        return missed_x, missed_y, 1, missed
    if false > 0:
        return false_x, false_y, 0, false
    return CORNER


@kernel()
def deepest_pixel(region: np.ndarray, taken_xy: np.ndarray, above: int) -> tuple[int, int, int]:
    """Find the pixel of a region with the greatest distance to the outside.

    Only pixels that could be deeper than the best so far are measured: a distance is at most that along the column or
    the row, and changes by at most the step from pixel to pixel.

    Args:
        region: (H, W) bool, C-contiguous; everything beyond the array is outside, so that a region's own box suffices.
        taken_xy: (K, 2) int64 pixels of the array's frame that may not be chosen, though they are part of the region.
        above: Squared distance that must be exceeded.

    Returns:
        x, y and squared distance of the first such pixel in row-major order; (0, 0, 0) if none exceeds `above`.
    """
    height, width = region.shape
    vertical = _column_distances(region)
    best, best_x, best_y = above, 0, 0
    for y in range(height):
        x = 0
        while x < width:
            if not region[y, x]:
                x += 1
                continue
            start = x
            while x < width and region[y, x]:
                x += 1
            position = start
            while position < x:
                nearest = min(int(vertical[y, position]), position - start + 1, x - position)
                if nearest * nearest <= best:
                    position += 1
                    continue
                squared = _squared_distance(vertical[y], position, start, x, nearest, best)
                if squared > best and not _is_taken(taken_xy, position, y):
                    best, best_x, best_y = squared, position, y
                # Pixels nearer than the difference of both distances cannot be deeper than the best.
                position += max(1, math.floor(math.sqrt(best) - math.sqrt(squared) - 1e-6) + 1)
    if best == above:
        return 0, 0, 0
    return best_x, best_y, best


@kernel()
def nth_pixel(region: np.ndarray, number: int) -> tuple[int, int]:
    """Return x and y of pixel `number`, from 0 in row-major order, of a (H, W) bool region that has as many."""
    height, width = region.shape
    for y in range(height):
        for x in range(width):
            if region[y, x]:
                if number == 0:
                    return x, y
                number -= 1
    raise ValueError("the region has fewer pixels")


@kernel()
def _column_distances(region: np.ndarray) -> np.ndarray:
    """Return the (H, W) int32 distance of each pixel to the nearest outside pixel of its column; 0 outside."""
    height, width = region.shape
    distances = np.empty((height, width), np.int32)
    for x in range(width):
        distances[0, x] = region[0, x]
    for y in range(1, height):
        for x in range(width):
            distances[y, x] = (distances[y - 1, x] + 1) * region[y, x]
    for x in range(width):
        distances[height - 1, x] = min(distances[height - 1, x], 1)
    for y in range(height - 2, -1, -1):
        for x in range(width):
            distances[y, x] = min(distances[y, x], distances[y + 1, x] + 1)
    return distances


@kernel()
def _squared_distance(column: np.ndarray, position: int, start: int, stop: int, nearest: int, best: int) -> int:
    """Return the squared distance of a pixel to the outside, or any bound on it that does not exceed `best`.

    Args:
        column: (W,) column distances of its row.
        position: Its column.
        start: First column of the run of the region that holds it.
        stop: The column after the run.
        nearest: The distance along its own column or row, whichever is less.
        best: Above which the exact value is wanted.
    """
    squared = nearest * nearest
    step = 1
    while step * step < squared and squared > best:
        left = int(column[position - step]) if position - step >= start else 0
        right = int(column[position + step]) if position + step < stop else 0
        least = min(left, right)
        squared = min(squared, step * step + least * least)
        step += 1
    return squared


@kernel()
def _is_taken(taken_xy: np.ndarray, x: int, y: int) -> bool:
    taken = False
    for k in range(len(taken_xy)):
        taken |= taken_xy[k, 0] == x and taken_xy[k, 1] == y
    return taken
