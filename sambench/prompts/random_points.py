"""Single points anywhere in an image, for what does not depend on where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sambench.types import Prompts, Size

if TYPE_CHECKING:
    from torch import Tensor


def random_points(number: int, size: Size, seed: Sequence[int]) -> Prompts:
    """Draw prompts of one foreground point each, evenly over the image.

    Args:
        number: How many.
        size: (height, width) of the image.
        seed: Of the draw.

    Returns:
        `number` prompts in pixels of the image.
    """
    import torch

    drawn = np.random.default_rng(list(seed)).random((number, 1, 2)) * np.array([size[1], size[0]])
    labels: Tensor = torch.ones((number, 1), dtype=torch.int64)
    return Prompts(torch.from_numpy(drawn).float(), labels)
