"""Run-length codes of a batch of masks, computed where the masks are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pycocotools import mask as coco_mask
from torch import Tensor

from sambench.types import Size


@dataclass(frozen=True)
class RunLengths:
    """Uncompressed run-length codes of N masks, one after the other.

    Attributes:
        counts: (T,) int32 run lengths in column-major order; each mask's runs start with background (a 0 where its
            first pixel is foreground) and sum to H * W.
        lengths: (N,) int64, how many of the counts belong to each mask.
        size: (H, W) in pixels.
    """

    counts: np.ndarray
    lengths: np.ndarray
    size: Size

    @staticmethod
    def joined(parts: Sequence[RunLengths]) -> RunLengths:
        """Put the masks of several batches (at least one, all of one size) into one."""
        return RunLengths(
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            parts[0].size,
        )

    def compressed(self, chosen: np.ndarray) -> list[dict[str, Any]]:
        """Write the chosen masks as compressed COCO codes, {"size": [H, W], "counts": bytes}.

        Args:
            chosen: (K,) integer indices of masks.
        """
        stops = np.cumsum(self.lengths)
        height, width = self.size
        return [
            coco_mask.frPyObjects(
                {"size": [height, width], "counts": self.counts[stops[i] - self.lengths[i] : stops[i]]}, height, width
            )
            for i in chosen
        ]


def mask_run_lengths(masks: Tensor) -> RunLengths:
    """Find the runs of all masks of a batch at once on their device; only the run lengths leave it.

    Args:
        masks: (N, H, W) bool.

    Returns:
        The codes, equal to segment_anything's `mask_to_rle_pytorch` and to pycocotools' own.
    """
    count, height, width = masks.shape
    pixels = masks.transpose(1, 2).flatten(1)
    # A run ends before every pixel that differs from the one before it, before a foreground first pixel (leaving an
    # empty background run) and after the last pixel.
    ends = torch.ones(count, height * width + 1, dtype=torch.bool, device=masks.device)
    ends[:, 0] = pixels[:, 0]
    torch.ne(pixels[:, 1:], pixels[:, :-1], out=ends[:, 1:-1])
    owner, position = ends.nonzero(as_tuple=True)
    previous = torch.zeros_like(position)
    previous[1:] = torch.where(owner[1:] == owner[:-1], position[:-1], 0)
    lengths = torch.bincount(owner, minlength=count)
    return RunLengths((position - previous).to(torch.int32).cpu().numpy(), lengths.cpu().numpy(), (height, width))
