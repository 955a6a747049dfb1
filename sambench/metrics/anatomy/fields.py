"""Pieces, holes and neighbourhoods of small masks, compiled."""

from __future__ import annotations

import numpy as np

from sambench.kernels import kernel

_NONE = 1 << 20


@kernel()
def pieces(region: np.ndarray, diagonal: bool) -> tuple[np.ndarray, int]:
    """Number the connected pieces of a region.

    Args:
        region: (H, W) bool.
        diagonal: Whether pixels that touch at a corner are connected (8 neighbours), or only at a side (4).

    Returns:
        (H, W) int32, 0 outside and 1, 2, ... in row-major order of their first pixels; and how many there are.
    """
    height, width = region.shape
    numbers = np.zeros((height, width), np.int32)
    parents = np.zeros(height * width // 2 + 2, np.int32)
    used = 0
    for y in range(height):
        for x in range(width):
            if not region[y, x]:
                continue
            own = numbers[y, x - 1] if x > 0 else 0
            if y > 0:
                first, last = (max(x - 1, 0), min(x + 1, width - 1)) if diagonal else (x, x)
                for u in range(first, last + 1):
                    other = numbers[y - 1, u]
                    if other and own and other != own:
                        own = _joined(parents, own, other)
                    elif other:
                        own = other
            if own == 0:
                used += 1
                own = parents[used] = used
            numbers[y, x] = own
    count = 0
    for number in range(1, used + 1):  # a root stands before all that it holds
        if parents[number] == number:
            count += 1
            parents[number] = count
        else:
            parents[number] = parents[parents[number]]
    for y in range(height):
        for x in range(width):
            numbers[y, x] = parents[numbers[y, x]]
    return numbers, count


@kernel()
def _joined(parents: np.ndarray, one: int, other: int) -> int:
    """Join two sets under the smaller of their roots, which is returned."""
    while parents[one] != one:
        one = parents[one]
    while parents[other] != other:
        other = parents[other]
    root = min(one, other)
    parents[one] = parents[other] = root
    return root


@kernel()
def holes(region: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the holes of a region: pieces of what is outside it that do not reach the array's border.

    Args:
        region: (H, W) bool, with a border of pixels outside it.

    Returns:
        (H, W) int32, 0 where there is no hole and 1, 2, ... in holes; and the largest number, some of which may be
        unused.
    """
    numbers, count = pieces(~region, False)
    height, width = region.shape
    open_ones = np.zeros(count + 1, np.bool_)
    for y in range(height):
        open_ones[numbers[y, 0]] = open_ones[numbers[y, width - 1]] = True
    for x in range(width):
        open_ones[numbers[0, x]] = open_ones[numbers[height - 1, x]] = True
    for y in range(height):
        for x in range(width):
            if open_ones[numbers[y, x]]:
                numbers[y, x] = 0
    return numbers, count


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
