"""Polygons drawn by COCO's rule, with a note on what could not be drawn or had to be cut."""

from __future__ import annotations

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


def overhang(points: np.ndarray, size: Size) -> list[str]:
    """Tell how far (N, 2) x, y reach out of [0, width] x [0, height]."""
    far = max(-points.min(), (points[:, 0] - size[1]).max(), (points[:, 1] - size[0]).max())
    return [f"it reaches {far:.3g} pixels over the image's border and is cut there"] if far > 0 else []
