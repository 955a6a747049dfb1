"""Removal of small holes and small islands from a mask."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_EIGHT_CONNECTED = np.ones((3, 3), bool)


def fill_small_holes(mask: np.ndarray, min_area: float) -> tuple[np.ndarray, bool]:
    """Fill the 8-connected background regions of fewer than `min_area` pixels, those at the border included.

    Args:
        mask: (H, W) bool.
        min_area: In pixels.

    Returns:
        The (H, W) bool mask and whether it changed (segment_anything's `remove_small_regions`, mode "holes").
    """
    regions, sizes = _regions(~mask)
    small = sizes < min_area
    if not small.any():
        return mask, False
    return mask | np.append(False, small)[regions], True


def drop_small_islands(mask: np.ndarray, min_area: float, keep_largest: bool = True) -> tuple[np.ndarray, bool]:
    """Remove the 8-connected regions of a mask of fewer than `min_area` pixels.

    Args:
        mask: (H, W) bool.
        min_area: In pixels.
        keep_largest: Keep the largest region where all are small (segment_anything's rule); False removes it too, and
            so the whole mask (Segment Anything, Appendix B).

    Returns:
        The (H, W) bool mask and whether it changed (segment_anything's `remove_small_regions`, mode "islands").
    """
    regions, sizes = _regions(mask)
    small = sizes < min_area
    if not small.any():
        return mask, False
    if small.all() and keep_largest:
        small[_first_of_largest(regions, sizes)] = False
    return np.append(False, ~small)[regions], True


def _regions(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the regions of (H, W) bool from 1 and count their pixels (region i at i - 1)."""
    regions, _ = ndimage.label(mask, structure=_EIGHT_CONNECTED)
    return regions, np.bincount(regions.ravel())[1:]


def _first_of_largest(regions: np.ndarray, sizes: np.ndarray) -> int:
    """Index of the largest region; of several, the one OpenCV numbers first: it scans by blocks of 2 x 2 pixels."""
    largest = np.flatnonzero(sizes == sizes.max())
    if len(largest) == 1:
        return int(largest[0])
    rows, columns = np.nonzero(np.isin(regions, largest + 1))
    first = np.lexsort((columns // 2, rows // 2))[0]
    return int(regions[rows[first], columns[first]]) - 1
