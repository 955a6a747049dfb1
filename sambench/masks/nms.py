"""Greedy non-maximum suppression: of boxes, with torchvision's semantics to the bit but without it, and of masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks import rle

if TYPE_CHECKING:
    from torch import Tensor


def box_nms(boxes_xyxy: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Keep the boxes that no better kept box overlaps by more than a threshold.

    Areas are (x1 - x0) * (y1 - y0) in float32, so that inclusive mask boxes of one column or row have none, never
    suppress and are never suppressed; a box goes if IoU > threshold strictly; equal scores keep their given order.
    These are `torchvision.ops.nms`'s rules, and `batched_nms`'s for a single category, which beyond 1000 boxes leaves
    the order of equal scores open.

    It works on the host, wherever the boxes are. Mask generation waits for nothing more by that, as boxes, scores and
    masks come to the host together, to be filtered and stored; a map of edges waits once an image. The greedy choice
    goes box by box, which on a device would be as many small steps, or a matrix of all pairs. On one shared core 768
    random boxes, nearly all of them kept, take 3 ms, 3,072 take 10 and 12,288 take 139.

    Args:
        boxes_xyxy: (N, 4) in any frame, any numeric dtype (computed in float32).
        scores: (N,) higher is better; NaN counts as the highest, as torch sorts it.
        iou_threshold: In [0, 1], compared in float64.

    Returns:
        (K,) int64 indices of the kept boxes by decreasing score, on the device of `boxes_xyxy`.
    """
    import torch

    if boxes_xyxy.ndim != 2 or boxes_xyxy.shape[1] != 4 or scores.shape != boxes_xyxy.shape[:1]:
        raise ValueError(f"expected (N, 4) boxes and (N,) scores, got {boxes_xyxy.shape} and {scores.shape}")
    order = torch.sort(scores.detach().cpu(), stable=True, descending=True).indices
    ranked = boxes_xyxy.detach().cpu().float()[order].numpy()
    kept = torch.from_numpy(survivors(np.ascontiguousarray(ranked.T), float(iou_threshold)))
    return order[kept].to(boxes_xyxy.device)


def box_nms_in_batches(boxes_xyxy: Tensor, scores: Tensor, iou_threshold: float, batch: int) -> Tensor:
    """Keep the boxes that survive `box_nms` among each `batch` of them, as they come, and then among what is left."""
    import torch

    parts = torch.arange(len(scores)).split(batch)
    left = torch.cat([part[box_nms(boxes_xyxy[part], scores[part], iou_threshold)] for part in parts])
    return left[box_nms(boxes_xyxy[left], scores[left], iou_threshold)]


def survivors(ranked: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Return the ranks (K,) of the boxes kept of (4, N) float32, best first; 0 / 0 is NaN and suppresses nothing."""
    suppressed = np.zeros(ranked.shape[1], bool)
    with np.errstate(all="ignore"):  # boxes without bounds have areas without, or none
        areas = (ranked[2] - ranked[0]) * (ranked[3] - ranked[1])
    _suppress(ranked, areas, iou_threshold, suppressed)
    return np.flatnonzero(~suppressed)


@kernel(borrows=True, error_model="numpy")
def _suppress(ranked: np.ndarray, areas: np.ndarray, iou_threshold: float, suppressed: np.ndarray) -> None:
    """Mark in (N,) bool, all False, the boxes that `survivors` leaves out."""
    x0, y0, x1, y1 = ranked[0], ranked[1], ranked[2], ranked[3]
    nothing = np.float32(0)
    for i in range(len(areas)):
        if suppressed[i]:
            continue
        for j in range(i + 1, len(areas)):
            width = max(nothing, min(x1[i], x1[j]) - max(x0[i], x0[j]))
            height = max(nothing, min(y1[i], y1[j]) - max(y0[i], y0[j]))
            overlap = width * height
            iou = overlap / (areas[i] + areas[j] - overlap)
            suppressed[j] |= np.float64(iou) > iou_threshold


def mask_nms(rles: Sequence[rle.Rle], scores: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Keep the masks that no better kept mask overlaps by more than a threshold.

    Args:
        rles: N masks of one image.
        scores: (N,) higher is better; equal scores keep their given order.
        iou_threshold: In [0, 1]; a mask goes if IoU > threshold strictly.

    Returns:
        (K,) int64 indices of the kept masks by decreasing score.
    """
    left, kept = np.argsort(-np.asarray(scores, np.float64), kind="stable"), []
    while len(left):
        kept.append(left[0])
        ious = rle.iou([rles[i] for i in left[1:].tolist()], [rles[left[0]]])
        left = left[1:][ious.reshape(-1) <= iou_threshold]
    return np.array(kept, np.int64)
