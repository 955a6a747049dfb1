"""How well the segments of one label map are found in another, without a click: IoU with the segment that fits best."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array


def best_fits(labels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return for each segment of a label map the IoU of the other map's segment that fits it best.

    Args:
        labels: (H, W) integers; equal labels are one segment, connected or not, 0 is none.
        other: (H, W) integers, likewise.

    Returns:
        (S,) float64 in [0, 1], by ascending label; 0 for a segment that meets none.
    """
    names, row = np.unique(labels, return_inverse=True)
    others, column = np.unique(other, return_inverse=True)
    row, column = row.ravel(), column.ravel()
    shared = coo_array((np.ones(row.size, np.int64), (row, column))).tocsr().tocoo()
    union = np.bincount(row)[shared.row] + np.bincount(column)[shared.col] - shared.data
    ious = np.where(others[shared.col] != 0, shared.data / union, 0.0)
    best = np.zeros(len(names))
    np.maximum.at(best, shared.row, ious)
    return best[names != 0]
