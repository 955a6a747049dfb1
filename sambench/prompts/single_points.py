"""Prompts of one foreground point each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.types import Prompts, Size


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
