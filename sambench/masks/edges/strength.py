"""Edge strength of masks: the Sobel gradient of their probability maps on their boundaries (paper, App. D.2)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from sambench.files.kernels import kernel

BorderMode = Literal["replicate", "reflect", "zero"]
BoundarySide = Literal["outer", "inner", "thick"]

_BORDER_CODES = {"replicate": 0, "reflect": 1, "zero": 2}
_SIDE_CODES = {"inner": 1, "outer": 2, "thick": 3}


def sobel_kernels(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Sobel kernels along x and y.

    Args:
        size: 3, 5 or 7 taps a side.

    Returns:
        Two (size, size) float32 arrays: the binomial smoothing of one axis times the derivative of the other,
        unnormalised (size 3: [1, 2, 1] and [-1, 0, 1]), as OpenCV builds them.
    """
    if size not in (3, 5, 7):
        raise ValueError(f"a Sobel kernel has 3, 5 or 7 taps, got {size}")
    smooth = np.ones(1)
    for _ in range(size - 1):
        smooth = np.convolve(smooth, [1.0, 1.0])
    derivative = np.array([-1.0, 1.0])
    for _ in range(size - 2):
        derivative = np.convolve(derivative, [1.0, 1.0])
    along_x = np.outer(smooth, derivative).astype(np.float32)
    return along_x, np.ascontiguousarray(along_x.T)


class MaskEdge(NamedTuple):
    """The edge of one mask.

    Attributes:
        pixels: (K,) int32 flat indices of its boundary pixels, row by row.
        strengths: (K,) float32 gradient magnitude of the probability map there.
        box_xyxy: Tight box of the mask in pixels, last column and row inclusive; (0, 0, 0, 0) for an empty mask.
    """

    pixels: np.ndarray
    strengths: np.ndarray
    box_xyxy: tuple[int, int, int, int]


def mask_edges(
    mask_logits: np.ndarray,
    kernel_size: int = 3,
    border: BorderMode = "replicate",
    side: BoundarySide = "outer",
    width: int = 1,
) -> list[MaskEdge]:
    """Measure, for each mask, the gradient magnitude of sigmoid(logits) at the pixels of the mask's boundary.

    A boundary pixel of the outer side lies outside the mask with a mask pixel within `width` rows and columns; one of
    the inner side lies inside with a pixel outside that near; "thick" is both.

    Args:
        mask_logits: (N, H, W) float32 logits at image size; a mask is where they exceed 0.
        kernel_size: Taps of the Sobel kernel, 3, 5 or 7.
        border: What lies beyond the image: "replicate" and "reflect" make no edge there; "zero" is probability 0 and no
            mask, so a mask that touches the image's border has an edge along it.
        side: Which side of the boundary counts.
        width: Thickness of each side in pixels, at least 1.

    Returns:
        The N masks' edges.
    """
    along_x, along_y = sobel_kernels(kernel_size)
    logits, edges = np.ascontiguousarray(mask_logits, np.float32), []
    room = _room(logits.shape[1], logits.shape[2])
    for mask in logits:
        count, box = _edge(mask, along_x, along_y, _BORDER_CODES[border], _SIDE_CODES[side], width, room)
        edges.append(MaskEdge(room.pixels[:count].copy(), room.strengths[:count].copy(), box))
    return edges


class _Room(NamedTuple):
    """Room for what is found of one mask after another; untouched pages of it take no memory.

    Attributes:
        sides: (H, W) uint8, from `_mark`.
        near: (2, W) uint8, from `_gather`.
        pixels, strengths: (H * W,) int32 and float32, as of a `MaskEdge`.
    """

    sides: np.ndarray
    near: np.ndarray
    pixels: np.ndarray
    strengths: np.ndarray


def _room(height: int, columns: int) -> _Room:
    sides, near = np.empty((height, columns), np.uint8), np.empty((2, columns), np.uint8)
    return _Room(sides, near, np.empty(height * columns, np.int32), np.empty(height * columns, np.float32))


@kernel(borrows=True, inner=True)
def _inside(index: int, length: int, border: int) -> int:
    """Map an index beyond an axis to the one whose value stands there, or -1 for none."""
    if 0 <= index < length:
        return index
    if border == 2:
        return -1
    if border == 0 or length == 1:
        return min(max(index, 0), length - 1)
    period = 2 * (length - 1)
    index = index % period
    return period - index if index >= length else index


_OUTSIDE, _INSIDE, _BOTH = np.uint8(1), np.uint8(2), np.uint8(3)


@kernel(borrows=True, inner=True)
def _mark(logits: np.ndarray, sides: np.ndarray) -> tuple[int, int, int, int]:
    """Set (H, W) uint8 to `_INSIDE` where logits exceed 0, else to `_OUTSIDE`.

    Returns:
        Rows [top, bottom) and columns [left, right) of what is inside; empty ranges for nothing.
    """
    height, columns = logits.shape
    top, bottom, left, right = height, 0, columns, 0
    for y in range(height):
        sides_here = _OUTSIDE
        for x in range(columns):
            side = _INSIDE if logits[y, x] > 0 else _OUTSIDE
            sides[y, x] = side
            sides_here |= side
        if sides_here == _OUTSIDE:
            continue
        top, bottom = min(top, y), y + 1
        for x in range(left):
            if sides[y, x] == _INSIDE:
                left = x
                break
        for x in range(columns - 1, right - 1, -1):
            if sides[y, x] == _INSIDE:
                right = x + 1
                break
    return top, bottom, left, right


@kernel(borrows=True, inner=True)
def _gather(sides: np.ndarray, y: int, left: int, right: int, border: int, width: int, near: np.ndarray) -> None:
    """Set near[1] in columns [left, right) to the sides there are within `width` rows and columns of row `y`.

    Beyond a zero border is outside. Loops run over slices from 0, which the compiler makes vector instructions of.

    Args:
        sides: (H, W) uint8, from `_mark`.
        y: The row.
        left, right: The columns.
        border: A code of `_BORDER_CODES`.
        width: How far to look.
        near: (2, W) uint8; near[0] is room for the sides in each column.
    """
    height, columns = sides.shape
    beyond = border == 2 and (y < width or y + width >= height)
    down = near[0, max(left - width, 0) : min(right + width, columns)]
    for x in range(len(down)):
        down[x] = _OUTSIDE if beyond else 0
    for row in range(max(y - width, 0), min(y + width + 1, height)):
        here = sides[row, max(left - width, 0) : min(right + width, columns)]
        for x in range(len(down)):
            down[x] |= here[x]
    around = near[1, left:right]
    for x in range(len(around)):
        around[x] = _OUTSIDE if border == 2 and (x + left < width or x + left + width >= columns) else 0
    for step in range(-width, width + 1):
        first, last = max(left, -step), min(right, columns - step)
        source, target = near[0, first + step : last + step], near[1, first:last]
        for x in range(len(target)):
            target[x] |= source[x]


@kernel(borrows=True, inner=True)
def _magnitude(logits: np.ndarray, y: int, x: int, along_x: np.ndarray, along_y: np.ndarray, border: int) -> float:
    radius = along_x.shape[0] // 2
    gradient_x = 0.0
    gradient_y = 0.0
    for dy in range(-radius, radius + 1):
        row = _inside(y + dy, logits.shape[0], border)
        for dx in range(-radius, radius + 1):
            column = _inside(x + dx, logits.shape[1], border)
            if row < 0 or column < 0:
                continue
            probability = 1.0 / (1.0 + np.exp(-np.float64(logits[row, column])))
            gradient_x += along_x[dy + radius, dx + radius] * probability
            gradient_y += along_y[dy + radius, dx + radius] * probability
    return np.sqrt(gradient_x * gradient_x + gradient_y * gradient_y)


@kernel(borrows=True)
def _edge(
    logits: np.ndarray,
    along_x: np.ndarray,
    along_y: np.ndarray,
    border: int,
    side: int,
    width: int,
    room: _Room,
) -> tuple[int, tuple[int, int, int, int]]:
    """Write the edge of one mask into `room`; return its number of pixels and the mask's box (`MaskEdge`)."""
    height, columns = logits.shape
    top, bottom, left, right = _mark(logits, room.sides)
    box = (left, top, right - 1, bottom - 1) if bottom > top else (0, 0, 0, 0)
    first, last, count = max(left - width, 0), min(right + width, columns), 0
    for y in range(max(top - width, 0), min(bottom + width, height)):
        _gather(room.sides, y, first, last, border, width, room.near)
        for x in range(first, last):
            if room.near[1, x] == _BOTH and (side == 3 or (side == 1) == (room.sides[y, x] == _INSIDE)):
                room.pixels[count] = y * columns + x
                room.strengths[count] = _magnitude(logits, y, x, along_x, along_y, border)
                count += 1
    return count, box
