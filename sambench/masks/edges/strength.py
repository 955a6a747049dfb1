"""Edge strength of masks: the Sobel gradient of their probability maps on their boundaries (paper, App. D.2)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from sambench.errors import UsageError
from sambench.kernels import kernel

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
    return [
        MaskEdge(*_edge(logits, along_x, along_y, _BORDER_CODES[border], _SIDE_CODES[side], width))
        for logits in np.ascontiguousarray(mask_logits, np.float32)
    ]


def paint(edges: list[MaskEdge], shape: tuple[int, int]) -> np.ndarray:
    """Take the pixel-wise maximum over masks.

    Args:
        edges: From `mask_edges`.
        shape: (H, W) of the image.

    Returns:
        (H, W) float32, 0 where no mask has a boundary.
    """
    canvas = np.zeros(shape, np.float32)
    flat = canvas.reshape(-1)
    for edge in edges:
        flat[edge.pixels] = np.maximum(flat[edge.pixels], edge.strengths)
    return canvas


def normalise(strength: np.ndarray) -> np.ndarray:
    """Stretch a map linearly to [0, 1]; a constant map becomes 0."""
    low, high = float(strength.min()), float(strength.max())
    if high <= low:
        return np.zeros_like(strength)
    return ((strength - low) / (high - low)).astype(np.float32)


@kernel()
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


@kernel()
def _extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Rows [top, bottom) and columns [left, right) of the mask's box; empty ranges for an empty mask."""
    height, columns = mask.shape
    top, bottom, left, right = height, 0, columns, 0
    for y in range(height):
        for x in range(columns):
            if mask[y, x]:
                top, bottom = min(top, y), y + 1
                left = min(left, x)
                break
        for x in range(columns - 1, right - 1, -1):
            if mask[y, x]:
                right = x + 1
                break
    return top, bottom, left, right


@kernel()
def _on_boundary(mask: np.ndarray, y: int, x: int, border: int, width: int) -> bool:
    """Tell whether a pixel within `width` differs from the mask at (y, x); beyond a zero border there is no mask."""
    height, columns = mask.shape
    here = mask[y, x]
    for dy in range(-width, width + 1):
        for dx in range(-width, width + 1):
            row, column = y + dy, x + dx
            if 0 <= row < height and 0 <= column < columns:
                if mask[row, column] != here:
                    return True
            elif border == 2 and here:
                return True
    return False


@kernel()
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


@kernel()
def _edge(
    logits: np.ndarray, along_x: np.ndarray, along_y: np.ndarray, border: int, side: int, width: int
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int, int]]:
    height, columns = logits.shape
    mask = logits > 0
    top, bottom, left, right = _extent(mask)
    box = (left, top, right - 1, bottom - 1) if bottom > top else (0, 0, 0, 0)
    pixels = np.empty(256, np.int32)
    values = np.empty(256, np.float32)
    count = 0
    for y in range(max(top - width, 0), min(bottom + width, height)):
        for x in range(max(left - width, 0), min(right + width, columns)):
            if side != 3 and (side == 1) != mask[y, x]:
                continue
            if not _on_boundary(mask, y, x, border, width):
                continue
            if count == len(pixels):
                pixels = np.append(pixels, np.empty(count, np.int32))
                values = np.append(values, np.empty(count, np.float32))
            pixels[count] = y * columns + x
            values[count] = _magnitude(logits, y, x, along_x, along_y, border)
            count += 1
    return pixels[:count].copy(), values[:count].copy(), box


def without_border(strength: np.ndarray, pixels: int) -> np.ndarray:
    """Set a (H, W) map to 0 within so many pixels of the image's border.

    Raises:
        UsageError: Nothing would be left.
    """
    if not pixels:
        return strength
    if 2 * pixels >= min(strength.shape):
        raise UsageError(
            f"border_zero={pixels} leaves nothing of an image of {strength.shape[0]} x {strength.shape[1]} (height x"
            " width)",
            where="task.border_zero",
            mend=f"give at most {(min(strength.shape) - 1) // 2}",
        )
    inner = np.zeros_like(strength)
    inside = (slice(pixels, -pixels),) * 2
    inner[inside] = strength[inside]
    return inner


def quantised(strength: np.ndarray, dtype: str, rounding: str) -> np.ndarray:
    """Turn a map in [0, 1] into whole numbers ("uint8", "uint16"), or leave it as "float32".

    Args:
        strength: (H, W) float.
        dtype: Of the result.
        rounding: To the "nearest" number, or cut off ("truncate").
    """
    if dtype == "float32":
        return strength.astype(np.float32)
    top = np.iinfo(dtype).max
    if rounding == "truncate":  # a product in single precision, as numpy makes it of a float32 map
        return (np.clip(strength, 0, 1).astype(np.float32) * np.float32(top)).astype(dtype)
    return np.round(np.clip(strength, 0, 1).astype(np.float64) * top).astype(dtype)
