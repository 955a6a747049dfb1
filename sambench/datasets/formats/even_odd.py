"""Polygons filled together by the even-odd rule, as `cv2.fillPoly` does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.datasets.formats.drawing import overhang
from sambench.files.kernels import kernel
from sambench.masks import rle
from sambench.masks.rle import Rle
from sambench.masks.run_lengths.checks import check_size
from sambench.types import Size


def fill_even_odd(polygons: Sequence[np.ndarray], size: Size) -> tuple[Rle | None, str]:
    """Fill polygons together by the even-odd rule with their outlines, so that inner polygons are holes.

    This is what `cv2.fillPoly` does with corners truncated to whole pixels; the tools of VISOR and WoodScape draw their
    masks so. Where corners lie out of the image it cuts lines first, and pixels of the outline may differ.

    Args:
        polygons: (K, 2) x, y of corners in pixels, where (0, 0) is the centre of the first pixel.
        size: (height, width) of the image in pixels.

    Returns:
        The mask, or None where nothing can be drawn; and a note, empty where all is well.
    """
    try:
        check_size(size)
    except ValueError as error:
        return None, str(error)
    if not all(np.isfinite(polygon).all() for polygon in polygons):
        return None, "a polygon holds numbers that are not finite"
    whole = [np.trunc(polygon) for polygon in polygons if len(polygon) >= 3]
    short = len(polygons) - len(whole)
    notes = [f"{short} of its polygons have fewer than three points"] if short else []
    if not whole:
        return None, notes[0] if notes else "it has no polygon"
    points = np.concatenate(whole)
    if np.abs(points).max() > 4 * max(size):
        return None, "a polygon lies far off the image"
    notes += overhang(points, (size[0] - 1, size[1] - 1))
    low = points.min(0).astype(np.int64)
    width, height = (int(side) for side in points.max(0) - low + 1)
    toggles = np.zeros((height, width + 1), np.int32)
    outlines = np.zeros((height, width), np.bool_)
    for polygon in whole:
        _draw(polygon.astype(np.int64) - low, toggles, outlines)
    inside = np.cumsum(toggles, axis=1)[:, :-1] % 2 == 1
    return rle.encode_masks(_placed(inside | outlines, low, size)[None])[0], "; ".join(notes)


def _placed(part: np.ndarray, low: np.ndarray, size: Size) -> np.ndarray:
    """Lay a mask into an image of `size` with its corner at column low[0], row low[1]; what overhangs is cut off."""
    mask = np.zeros(size, bool)
    left, top = int(low[0]), int(low[1])
    bottom, right = min(size[0], top + part.shape[0]), min(size[1], left + part.shape[1])
    if bottom > max(top, 0) and right > max(left, 0):
        visible = part[max(-top, 0) : bottom - top, max(-left, 0) : right - left]
        mask[max(top, 0) : bottom, max(left, 0) : right] = visible
    return mask


@kernel()
def _draw(corners: np.ndarray, toggles: np.ndarray, outlines: np.ndarray) -> None:
    """Draw a closed polygon's sides.

    Args:
        corners: (K, 2) int64 x, y within the arrays.
        toggles: (H, W + 1) int32, changed in place: how often sides are crossed at the first pixel right of them or on
            them; sums along rows are odd inside.
        outlines: (H, W) bool, changed in place: lines of one pixel, from left to right by Bresenham's rule, halves
            rounded towards their start.
    """
    count = len(corners)
    for index in range(count):
        x0, y0 = corners[index]
        x1, y1 = corners[(index + 1) % count]
        if x0 > x1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        if y0 != y1:
            for row in range(min(y0, y1), max(y0, y1)):
                # The ceiling of a fraction of whole numbers, exactly.
                toggles[row, x0 - (-(row - y0) * (x1 - x0) // (y1 - y0))] += 1
        across, down = x1 - x0, abs(y1 - y0)
        major, minor = max(across, down), min(across, down)
        upward = 1 if y1 >= y0 else -1
        for step in range(major + 1):
            # The ceiling of step * minor / major - 1 / 2, exactly.
            aside = -((major - 2 * step * minor) // (2 * max(major, 1)))
            if across >= down:
                outlines[y0 + upward * aside, x0 + step] = True
            else:
                outlines[y0 + upward * step, x0 + aside] = True
