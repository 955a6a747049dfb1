"""Groups of objects that figures are split by: areas, and how often a category is seen, as COCO and LVIS have them."""

from __future__ import annotations

import numpy as np

AREA_RANGES = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""Lowest and highest area in pixels, both ends included: an object of 1024 pixels is small and medium."""

FREQUENCY_GROUPS = {"rare": "r", "common": "c", "frequent": "f"}
"""LVIS groups and the letter of `frequency` in its categories: seen in < 10, < 100, >= 100 training images."""


def letter(group: str) -> str:
    """Return what a group adds to a figure's name: "" for all, "s" for small, ... as in ARs@1000."""
    return "" if group == "all" else group[0]


def area_members(areas: np.ndarray) -> np.ndarray:
    """Return (A, N) bool: which of (N,) areas in pixels lie in each of `AREA_RANGES`."""
    areas = np.asarray(areas, np.float64)
    return np.stack([(areas >= low) & (areas <= high) for low, high in AREA_RANGES.values()])


def size_members(areas: np.ndarray) -> dict[str, np.ndarray]:
    """Tell which objects are of which size.

    Args:
        areas: (N,) areas in pixels, the dataset's own where it gives them.

    Returns:
        What a size adds to a figure's name ("" all, "s", "m", "l") -> (N,) bool; COCO's ranges, both ends included, so
        that an object of 32 x 32 pixels is small and medium.
    """
    return {letter(group): members for group, members in zip(AREA_RANGES, area_members(areas), strict=True)}
