"""Run-length codes of a batch of masks, computed where the masks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sambench.masks.runs import RunLengths

if TYPE_CHECKING:
    from torch import Tensor


def mask_run_lengths(masks: Tensor) -> RunLengths:
    """Find the runs of all masks of a batch at once on their device; only the run lengths leave it.

    Args:
        masks: (N, H, W) bool.

    Returns:
        The codes, equal to segment_anything's `mask_to_rle_pytorch` and to pycocotools' own.
    """
    import torch

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
