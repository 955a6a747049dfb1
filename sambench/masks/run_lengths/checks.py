"""What a mask may be: sizes, run lengths and polygons that pycocotools survives and means the same by as we do."""

from __future__ import annotations

from typing import Any

import numpy as np

from sambench.types import Size

_LONGEST_SIDE, _MOST_PIXELS = 1 << 20, (1 << 31) - 1
"""What pycocotools counts in: beyond, its integers overflow and it writes where it should not."""

_LONGEST_OUTLINE = 1 << 24
"""Pixels along one polygon; pycocotools holds ten numbers for each."""


def check_size(size: Size) -> None:
    """Refuse a (height, width) that no mask can have.

    Raises:
        ValueError: A side is below 1 or above a million pixels, or there are 2 ** 31 pixels or more.
    """
    if min(size) < 1 or max(size) > _LONGEST_SIDE or size[0] * size[1] > _MOST_PIXELS:
        raise ValueError(f"(height, width) {list(size)} is no size of an image that masks can be drawn in")


def check_runs(runs: np.ndarray, size: Size) -> None:
    """Refuse runs that do not fill the mask: pycocotools would decode them to whatever the memory held."""
    if runs.ndim != 1 or not np.isfinite(runs).all() or (runs < 0).any() or (runs % 1).any():
        raise ValueError("run lengths should be whole numbers from 0 on")
    if runs.max(initial=0) > size[0] * size[1] or runs.sum() != size[0] * size[1]:
        raise ValueError(f"run lengths cover {int(runs.sum())} pixels of {size[0] * size[1]}")


def without_gaps(runs: np.ndarray) -> np.ndarray:
    """Join runs around one of no pixels: pycocotools stops there when it joins or compares two masks."""
    if (runs[1:] > 0).all():
        return runs
    ends = np.cumsum(runs)
    positions, times = np.unique(ends[:-1], return_counts=True)
    changes = positions[(times % 2 == 1) & (positions < ends[-1])]
    return np.diff(np.concatenate(([0], changes, ends[-1:])))


def checked_polygons(polygons: Any, size: Size) -> list[np.ndarray]:
    """Return polygons as (2 K,) float64 each.

    Raises:
        ValueError: There is none, or one is no polygon that can be drawn in an image of (height, width).
    """
    if not isinstance(polygons, list | tuple) or len(polygons) == 0:
        raise ValueError("segmentation holds no polygon and no run-length code")
    return [_checked_polygon(polygon, size) for polygon in polygons]


def _checked_polygon(polygon: Any, size: Size) -> np.ndarray:
    """Return a polygon as (2 K,) float64, refusing what pycocotools would take for a box or never finish drawing."""
    try:
        points = np.asarray(polygon, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("polygon holds something else than numbers") from error
    if points.ndim != 1 or len(points) < 6 or len(points) % 2:
        raise ValueError(f"polygon should hold x, y of three points or more in one list, has shape {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("polygon holds numbers that are not finite")
    reach = max(size)
    if points.min() < -reach or points[::2].max() > size[1] + reach or points[1::2].max() > size[0] + reach:
        raise ValueError(f"polygon lies far off the image of (height, width) {list(size)}")
    steps = np.abs(np.diff(points.reshape(-1, 2), axis=0, append=points[None, :2])).max(1)
    if steps.sum() > _LONGEST_OUTLINE:
        raise ValueError(f"polygon is {steps.sum():.3g} pixels long, which cannot be drawn")
    return points
