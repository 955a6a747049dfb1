"""Double-size ultrametric contour maps, the form in which segmentation hierarchies are handed on."""

from __future__ import annotations

import numpy as np

from sambench.errors import PredictionError


def pb_from_ucm2(ucm2: np.ndarray) -> np.ndarray:
    """Return the boundary strength at image size of a double-size ultrametric contour map.

    Args:
        ucm2: (2 * H + 1, 2 * W + 1) float in [0, 1]; pixel (y, x) is element (2 * y + 1, 2 * x + 1), its borders are
            the elements around.

    Returns:
        (H, W) float64: the strength at each pixel's lower right corner, `ucm2[2::2, 2::2]`, as the benchmark's
        `evaluation_bdry_image` takes it.

    Raises:
        PredictionError: The map has no odd height and width.
    """
    check_double_size(ucm2)
    return np.ascontiguousarray(ucm2[2::2, 2::2], dtype=np.float64)


def check_double_size(ucm2: np.ndarray) -> None:
    """Refuse a contour map that is not of shape (2 * H + 1, 2 * W + 1).

    Raises:
        PredictionError: The map has no odd height and width.
    """
    if ucm2.ndim != 2 or ucm2.shape[0] % 2 == 0 or ucm2.shape[1] % 2 == 0:
        raise PredictionError(
            f"a double-size contour map has odd height and width, this one has shape {ucm2.shape}",
            mend="save ucm2 as (2 * height + 1, 2 * width + 1)",
        )
