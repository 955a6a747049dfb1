"""Objects as EdgeSAM's evaluation sees them: resized to the model's frame and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.masks import rle
from sambench.types import Size

LONGEST_SIDE = 1024
_CHUNK = 16
"""Masks resized at once."""


def resampled(rles: Sequence[rle.Rle], size: Size) -> list[rle.Rle]:
    """Resize masks to the frame of the model and back to the image.

    The longest side becomes 1024 pixels, by nearest neighbour; back they go bilinearly, and each pixel that is above 0
    belongs to the object: its border grows by up to a pixel where the image is smaller than the frame.

    Args:
        rles: N masks.
        size: (height, width) of the image.

    Returns:
        N masks of the same size.
    """
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    scale = LONGEST_SIDE / max(size)
    frame = int(size[0] * scale + 0.5), int(size[1] * scale + 0.5)
    codes: list[rle.Rle] = []
    for first in range(0, len(rles), _CHUNK):
        masks = torch.from_numpy(rle.decode_masks(rles[first : first + _CHUNK], size).astype(np.float32))[:, None]
        inside = F.interpolate(masks, frame, mode="nearest")
        back = F.interpolate(inside, tuple(size), mode="bilinear", align_corners=False)
        codes += rle.encode_masks((back[:, 0] > 0).numpy())
    return codes
