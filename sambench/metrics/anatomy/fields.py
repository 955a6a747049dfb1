"""Pieces, holes and neighbourhoods of small masks, compiled."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel

_NONE = 1 << 20

ROW, START, STOP, NUMBER = 0, 1, 2, 3
"""What a run of `pieces` and `holes` is: its row, its first column, the one after its last, its piece."""


@kernel()
def pieces(region: np.ndarray, diagonal: bool) -> tuple[np.ndarray, int]:
    """Number the connected pieces of a region.

    Args:
        region: (H, W) bool.
        diagonal: Whether pixels that touch at a corner are connected (8 neighbours), or only at a side (4).

    Returns:
        (R, 4) int32 runs of the region's pixels, row after row, see `ROW`; pieces are 1, 2, ... in row-major order of
        their first pixels; and how many there are.
    """
    return _numbered(region, True, diagonal)


@kernel()
def holes(region: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the holes of a region: pieces of what is outside it that do not reach the array's border.

    Args:
        region: (H, W) bool, with a border of pixels outside it.

    Returns:
        (R, 4) int32 runs of the pixels outside the region, see `ROW`, with the number 0 where they are in no hole; and
        the largest number, some of which may be unused.
    """
    runs, count = _numbered(region, False, False)
    height, width = region.shape
    closed = np.ones(count + 1, np.bool_)
    for run in runs:
        if run[ROW] == 0 or run[ROW] == height - 1 or run[START] == 0 or run[STOP] == width:
            closed[run[NUMBER]] = False
    for run in runs:
        run[NUMBER] *= closed[run[NUMBER]]
    return runs, count


@kernel()
def _numbered(region: np.ndarray, value: bool, diagonal: bool) -> tuple[np.ndarray, int]:
    """Number the connected pieces of the pixels that have a value, as `pieces`."""
    runs = _runs(region, value)
    parents = np.arange(len(runs))
    reach = 1 if diagonal else 0
    above = 0
    for k in range(len(runs)):
        row, start, stop, _ = runs[k]
        while runs[above, ROW] < row - 1 or (runs[above, ROW] == row - 1 and runs[above, STOP] + reach <= start):
            above += 1
        other = above
        while runs[other, ROW] == row - 1 and runs[other, START] < stop + reach:
            _join(parents, k, other)
            other += 1
    count = 0
    for k in range(len(runs)):  # a root stands before all that it holds
        if parents[k] == k:
            count += 1
            runs[k, NUMBER] = count
        else:
            runs[k, NUMBER] = runs[parents[k], NUMBER]
    return runs, count


@kernel()
def _runs(region: np.ndarray, value: bool) -> np.ndarray:
    """Return the (R, 4) int32 runs of the pixels of one value, row after row; their numbers are 0."""
    height, width = region.shape
    runs = np.empty((height * (width // 2 + 1), 4), np.int32)
    held = 0
    for y in range(height):
        inside = False
        for x in range(width):
            if (region[y, x] == value) != inside:
                inside = not inside
                if inside:
                    runs[held, ROW], runs[held, START], runs[held, STOP], runs[held, NUMBER] = y, x, width, 0
                    held += 1
                else:
                    runs[held - 1, STOP] = x
    return runs[:held]


@kernel()
def _join(parents: np.ndarray, one: int, other: int) -> None:
    """Join two sets under the smaller of their roots."""
    while parents[one] != one:
        one = parents[one]
    while parents[other] != other:
        other = parents[other]
    parents[one] = parents[other] = min(one, other)


@kernel()
def is_near(steps: np.ndarray, y: int, x: int, distance: int) -> bool:
    """Tell whether the centre of pixel (y, x) lies within `distance` pixels of one of a region's (`steps_to`)."""
    for u in range(max(x - distance, 0), min(x + distance + 1, steps.shape[1])):
        away = steps[y, u]
        if away <= distance and away * away + (u - x) * (u - x) <= distance * distance:
            return True
    return False


@kernel()
def steps_to(region: np.ndarray) -> np.ndarray:
    """Return each pixel's distance to the region's nearest pixel of its column, 2**20 without: (H, W) int32."""
    height, width = region.shape
    steps = np.empty((height, width), np.int32)
    for x in range(width):
        steps[0, x] = 0 if region[0, x] else _NONE
    for y in range(1, height):
        for x in range(width):
            steps[y, x] = 0 if region[y, x] else steps[y - 1, x] + 1
    for y in range(height - 2, -1, -1):
        for x in range(width):
            steps[y, x] = min(steps[y, x], steps[y + 1, x] + 1)
    return steps
