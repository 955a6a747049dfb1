"""Polygons drawn by COCO's rule, and ellipses, with a note on what could not be drawn or had to be cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sambench.masks import rle
from sambench.masks.rle import Rle
from sambench.types import Size


def draw_segmentation(segmentation: Any, size: Size) -> tuple[Rle | None, str]:
    """Draw a COCO `segmentation`; polygons that cannot be drawn are left out, the others are joined.

    Args:
        segmentation: Polygons [[x0, y0, x1, y1, ...], ...] in pixels from the image's corner, or a run-length code.
        size: (height, width) of the image in pixels.

    Returns:
        The mask, or None where nothing can be drawn; and a note, empty where all is well.
    """
    if isinstance(segmentation, dict):
        try:
            return rle.from_segmentation(segmentation, size), ""
        except ValueError as error:
            return None, str(error)
    if not isinstance(segmentation, list | tuple) or len(segmentation) == 0:
        return None, "its segmentation is empty"
    good: list[Any] = []
    notes: list[str] = []
    for polygon in segmentation:
        try:
            rle.check_segmentation([polygon], size)
            good.append(polygon)
        except ValueError as error:
            notes.append(str(error))
    if not good:
        return None, "; ".join(dict.fromkeys(notes))
    points = np.concatenate([np.asarray(polygon, np.float64).reshape(-1, 2) for polygon in good])
    return rle.from_segmentation(good, size), "; ".join(dict.fromkeys([*notes, *overhang(points, size)]))


def draw_ellipse(
    center_xy: tuple[float, float], radii_xy: tuple[float, float], size: Size, angle: float = 0.0
) -> tuple[Rle | None, str]:
    """Draw an ellipse: the pixels whose centres lie in it.

    Args:
        center_xy: Its centre in pixels from the image's corner; the first pixel's centre is (0.5, 0.5).
        radii_xy: Half its width and height in pixels.
        size: (height, width) of the image in pixels.
        angle: Turns it clockwise, in radians.

    Returns:
        As `draw_segmentation`.
    """
    if not all(map(math.isfinite, (*center_xy, *radii_xy, angle))) or min(radii_xy) <= 0:
        return None, f"its centre {center_xy} and radii {radii_xy} are no finite numbers, radii above 0"
    (cx, cy), (rx, ry) = center_xy, radii_xy
    cos, sin = math.cos(angle), math.sin(angle)
    half = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
    left, right = (int(min(max(edge, 0), size[1])) for edge in (cx - half[0], cx + half[0] + 1))
    top, bottom = (int(min(max(edge, 0), size[0])) for edge in (cy - half[1], cy + half[1] + 1))
    x, y = np.arange(left, right) + 0.5 - cx, np.arange(top, bottom)[:, None] + 0.5 - cy
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = ((x * cos + y * sin) / rx) ** 2 + ((y * cos - x * sin) / ry) ** 2 <= 1
    corners = np.array([[cx - half[0], cy - half[1]], [cx + half[0], cy + half[1]]])
    return rle.encode_masks(mask[None])[0], "; ".join(overhang(corners, size))


def overhang(points: np.ndarray, size: Size) -> list[str]:
    """Tell how far (N, 2) x, y reach out of [0, width] x [0, height]."""
    far = max(-points.min(), (points[:, 0] - size[1]).max(), (points[:, 1] - size[0]).max())
    return [f"it reaches {far:.3g} pixels over the image's border and is cut there"] if far > 0 else []
