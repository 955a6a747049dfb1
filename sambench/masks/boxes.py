"""Tight boxes around masks in whichever form the masks are.

All are (x0, y0, x1, y1) in pixels where x1 and y1 are the last column and row that hold a pixel of the mask
(inclusive), as in segment_anything; `sambench.masks.rle` gives COCO's boxes, which enclose the pixels' edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pycocotools import mask as coco_mask

from sambench.files.kernels import kernel

if TYPE_CHECKING:
    from torch import Tensor


def masks_to_boxes_xyxy(masks: Tensor) -> Tensor:
    """Find the tight box of each mask.

    Args:
        masks: (..., H, W) bool.

    Returns:
        (..., 4) int64 XYXY in pixels of the mask, last column and row inclusive; (0, 0, 0, 0) for an empty mask
        (segment_anything's `batched_mask_to_box`).
    """
    import torch

    x0, x1 = _extent(masks.any(dim=-2))
    y0, y1 = _extent(masks.any(dim=-1))
    return torch.stack([x0, y0, x1, y1], dim=-1)


def _extent(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """First and last True along the last axis of (..., L) bool; zeros where there is none."""
    import torch

    length = occupied.shape[-1]
    if occupied.numel() == 0:
        nothing = torch.zeros(occupied.shape[:-1], dtype=torch.int64, device=occupied.device)
        return nothing, nothing.clone()
    steps = torch.arange(length, device=occupied.device)
    last = torch.where(occupied, steps, -1).amax(dim=-1)
    first = torch.where(occupied, steps, length).amin(dim=-1)
    empty = last < 0
    return first.masked_fill(empty, 0), last.masked_fill(empty, 0)


def rles_to_boxes_xyxy(rles: Sequence[dict[str, Any]]) -> np.ndarray:
    """Find the tight box of each run-length-coded mask without decoding it.

    Args:
        rles: N compressed COCO run-length codes.

    Returns:
        (N, 4) int64 XYXY in pixels, inclusive; (0, 0, 0, 0) for an empty mask, as `masks_to_boxes_xyxy`.
    """
    if not rles:
        return np.zeros((0, 4), np.int64)
    x, y, width, height = coco_mask.toBbox(list(rles)).astype(np.int64).T
    boxes = np.stack([x, y, x + width - 1, y + height - 1], axis=1)
    boxes[width == 0] = 0
    return boxes


@kernel()
def runs_to_boxes_xyxy(counts: np.ndarray, lengths: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the tight box and the area of each mask of a batch of uncompressed run-length codes.

    Args:
        counts: (T,) integer run lengths, column-major, background first, mask after mask.
        lengths: (N,) integer, how many of the counts each mask has.
        height: Of the masks, in pixels.

    Returns:
        (N, 4) int64 XYXY in pixels, inclusive, zeros for an empty mask; (N,) int64 areas in pixels.
    """
    boxes = np.zeros((len(lengths), 4), np.int64)
    areas = np.zeros(len(lengths), np.int64)
    k = 0
    for i in range(len(lengths)):
        position, top, bottom, left, right = 0, height, -1, -1, -1
        for j in range(lengths[i]):
            start, position = position, position + counts[k + j]
            if j % 2 == 0 or position == start:
                continue
            first, last = start // height, (position - 1) // height
            left, right = (first if left < 0 else left), last
            # A run over several columns reaches the bottom of one and the top of the next.
            top = min(top, start - first * height if first == last else 0)
            bottom = max(bottom, position - 1 - last * height if first == last else height - 1)
            areas[i] += position - start
        k += lengths[i]
        if right >= 0:
            boxes[i] = np.array((left, top, right, bottom))
    return boxes, areas
