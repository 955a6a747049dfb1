"""The shape of an object: how thin, how long and how concave it is."""

from __future__ import annotations

import math

import numpy as np

from sambench.files.kernels import kernel
from sambench.metrics.anatomy.fields import pieces, steps_to

SHAPE_FIELDS = ("radius", "skeleton", "thinness", "concavity", "pieces")
"""What `shape_of` returns, in this order."""


@kernel()
def shape_of(truth: np.ndarray) -> np.ndarray:
    """Measure an object.

    `radius` is the mean over its skeleton of the distance in pixels to the nearest pixel outside, the mean inscribed
    radius; `skeleton` the number of the skeleton's pixels; `thinness` the radius of the disc of the same area over
    `radius`, near 1 for a disc and large for a wire; `concavity` 1 - area / area of the convex hull of its pixels'
    squares; `pieces` the number of connected pieces. What thinning takes away whole, a square of 2 x 2 pixels, is its
    own skeleton.

    Example: a bar of 3 x 11 pixels has a skeleton of 9 or more pixels along its middle, 2 from the outside, so that its
    radius is about 2 and its thinness about sqrt(33 / pi) / 2 = 1.62; it is its own hull, its concavity is 0. An L of 3
    pixels has concavity 1 - 3 / 3.5.

    Args:
        truth: (h, w) bool window that holds the object, at least a pixel of it, with a border of a pixel around it.

    Returns:
        (5,) float64, see `SHAPE_FIELDS`.
    """
    thin = skeleton(truth)
    if not thin.any():
        thin = truth
    vertical = steps_to(~truth)
    width = truth.shape[1]
    total, count, area = 0.0, 0, 0
    for y in range(truth.shape[0]):
        for x in range(width):
            area += truth[y, x]
            if thin[y, x]:
                best, step = vertical[y, x] ** 2, 1
                while step * step < best:
                    if x - step >= 0:
                        best = min(best, step * step + vertical[y, x - step] ** 2)
                    if x + step < width:
                        best = min(best, step * step + vertical[y, x + step] ** 2)
                    step += 1
                total += math.sqrt(best)
                count += 1
    radius = total / count
    hull = _hull_area(truth)
    return np.array(
        [radius, count, math.sqrt(area / math.pi) / radius, 1 - area / hull, pieces(truth, True)[1]], np.float64
    )


@kernel()
def skeleton(region: np.ndarray) -> np.ndarray:
    """Thin a region to lines of one pixel (Zhang and Suen, Communications of the ACM 27, 1984).

    Args:
        region: (h, w) bool with a border of a pixel outside it.

    Returns:
        (h, w) bool.
    """
    height, width = region.shape
    left = region.copy()
    flat, queued = left.reshape(-1), np.zeros(height * width, np.bool_)
    queue, taken = np.empty(height * width, np.int32), np.empty(height * width, np.int32)
    held = 0
    for y in range(1, height - 1):
        for at in range(y * width + 1, (y + 1) * width - 1):
            if flat[at] and _around(flat, at, width) < 255:
                queue[held], queued[at] = at, True
                held += 1
    changed = True
    while changed:
        changed = False
        for turn in range(2):
            gone = kept = 0
            for k in range(held):
                at = queue[k]
                if _GOES[turn, _around(flat, at, width)]:
                    taken[gone] = at
                    gone += 1
                else:
                    queue[kept] = at
                    kept += 1
            for k in range(gone):
                flat[taken[k]] = False
            for k in range(gone):
                at = int(taken[k])
                for row in range(at - width, at + width + 1, width):
                    for other in range(row - 1, row + 2):
                        if flat[other] and not queued[other]:
                            queue[kept], queued[other] = other, True
                            kept += 1
            changed |= gone > 0
            held = kept
    return left


@kernel()
def _around(flat: np.ndarray, at: int, width: int) -> int:
    """Return which of a pixel's neighbours are there, a bit each: from the one above it clockwise."""
    above, below = at - width, at + width
    return (
        flat[above]
        | flat[above + 1] << 1
        | flat[at + 1] << 2
        | flat[below + 1] << 3
        | flat[below] << 4
        | flat[below - 1] << 5
        | flat[at - 1] << 6
        | flat[above - 1] << 7
    )


def _taken_away() -> np.ndarray:
    """Tell of which neighbourhoods (`_around`) each of the two passes of Zhang and Suen takes the pixel; (2, 256)."""
    goes = np.zeros((2, 256), np.bool_)
    for code in range(256):
        around = [code >> k & 1 for k in range(8)]
        turns = sum(around[(k + 1) % 8] and not around[k] for k in range(8))
        north, east, south, west = around[::2]
        if 2 <= sum(around) <= 6 and turns == 1:
            goes[0, code] = not (north and east and south) and not (east and south and west)
            goes[1, code] = not (north and east and west) and not (north and south and west)
    return goes


_GOES = _taken_away()


@kernel()
def _hull_area(region: np.ndarray) -> float:
    """Return the area of the convex hull of a region's pixels, each a square of side 1."""
    height, width = region.shape
    top, bottom = np.full(width + 1, height + 1), np.full(width + 1, -1)
    for x in range(width):
        for y in range(height):
            if region[y, x]:
                for corner in (x, x + 1):
                    top[corner], bottom[corner] = min(top[corner], y), max(bottom[corner], y + 1)
    return _under_chain(bottom, bottom >= 0) + _under_chain(-top, bottom >= 0)


@kernel()
def _under_chain(heights: np.ndarray, there: np.ndarray) -> float:
    """Return the signed area under the upper hull of the points (x, heights[x]) that are there."""
    chain = np.empty(len(heights), np.int64)
    held = 0
    for x in range(len(heights)):
        if not there[x]:
            continue
        while held > 1:
            a, b = chain[held - 2], chain[held - 1]
            if (heights[b] - heights[a]) * (x - b) <= (heights[x] - heights[b]) * (b - a):
                held -= 1
            else:
                break
        chain[held] = x
        held += 1
    area = 0.0
    for k in range(1, held):
        area += (chain[k] - chain[k - 1]) * (heights[chain[k]] + heights[chain[k - 1]]) / 2
    return area
