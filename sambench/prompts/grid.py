"""Point prompts: regular grids over an image and over its crops, and prompts of one point each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import UsageError
from sambench.types import Prompts, Size


def unit_grid(points_per_side: int) -> np.ndarray:
    """Spread n x n points evenly over the unit square, point i of an axis at (i + 0.5) / n.

    Args:
        points_per_side: n, at least 1.

    Returns:
        (n * n, 2) float64 XY in (0, 1), row by row from the top left (segment_anything's `build_point_grid`).

    Raises:
        UsageError: n is below 1.
    """
    _check_points(points_per_side)
    half_step = 1 / (2 * points_per_side)
    axis = np.linspace(half_step, 1 - half_step, points_per_side)
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def grid_points_xy(points_per_side: int, size: Size) -> np.ndarray:
    """Place the n x n grid on an image or a crop.

    Args:
        points_per_side: n, at least 1.
        size: (height, width) of the image or crop in pixels.

    Returns:
        (n * n, 2) float64 XY in pixels of that image or crop, row by row.
    """
    height, width = size
    return unit_grid(points_per_side) * np.array([[width, height]])


def layer_points_per_side(points_per_side: int, n_layers: int, downscale_factor: int) -> list[int]:
    """Tell how many points a side the whole image (layer 0) and the crops of each layer get.

    Args:
        points_per_side: n on the whole image.
        n_layers: Number of crop layers, 0 for none.
        downscale_factor: Layer i has n / factor ** i points a side, rounded down.

    Returns:
        n_layers + 1 counts (segment_anything's `build_all_layer_point_grids`).

    Raises:
        UsageError: The last layers would have no points.
    """
    counts = [int(points_per_side / downscale_factor**layer) for layer in range(n_layers + 1)]
    _check_points(min(counts))
    return counts


def _check_points(points_per_side: int) -> None:
    """Refuse a grid without points."""
    if points_per_side < 1:
        raise UsageError(
            f"a grid needs at least one point a side, got {points_per_side}",
            where="points_per_side",
            mend="raise points_per_side, or lower crop_n_layers or crop_n_points_downscale_factor",
        )


def single_points(points_xy: np.ndarray) -> Prompts:
    """Return B prompts of (B, 2) points in pixels of the image."""
    import torch

    points = torch.from_numpy(np.asarray(points_xy, np.float32)[:, None])
    return Prompts(points, torch.ones(points.shape[:2], dtype=torch.int64))


def random_points(number: int, size: Size, seed: Sequence[int]) -> Prompts:
    """Draw prompts evenly over the image, for what does not depend on where they are.

    Args:
        number: How many.
        size: (height, width) of the image.
        seed: Of the draw.
    """
    drawn = np.random.default_rng(list(seed)).random((number, 2)) * np.array([size[1], size[0]])
    return single_points(drawn)
