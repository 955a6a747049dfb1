"""Prompts as the hierarchy model reads them: checked, and in whole pixels of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from sambench.errors import ModelError
from sambench.masks.resize import logits_at_original
from sambench.types import MaskFrame, Prompts, Size

MEND = "give each prompt at least one labelled point, a box or mask logits, all finite numbers"


@dataclass(frozen=True)
class PixelPrompts:
    """B prompts in whole pixels of the image.

    Attributes:
        points: (B, N, 2) int64 x and y inside the image, or None.
        labels: (B, N) int64, 1 foreground, 0 background, -1 padding, or None.
        boxes: (B, 4) int64 first and last pixel inside the box along x and y, or None.
        masks: (B, H, W) bool earlier masks at the image's size, or None.
    """

    points: np.ndarray | None
    labels: np.ndarray | None
    boxes: np.ndarray | None
    masks: np.ndarray | None

    def leaves(self, index: int, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the included and the excluded leaves of one prompt: two int64 arrays.

        Args:
            index: Which prompt.
            labels: (H, W) int32, the leaf of each pixel.
        """
        if self.points is None or self.labels is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        leaves = labels[self.points[index, :, 1], self.points[index, :, 0]].astype(np.int64)
        return leaves[self.labels[index] == 1], leaves[self.labels[index] == 0]


def pixel_prompts(prompts: Prompts, size: Size) -> PixelPrompts:
    """Check prompts and bring them into whole pixels of the image.

    A point beyond the image moves to the nearest pixel. A box holds the pixels from its rounded-down start up to, and
    without, its rounded-up end, at least one; it is cut at the image.

    Args:
        prompts: In pixels of the image.
        size: (H, W) of the image.

    Returns:
        The prompts in whole pixels.

    Raises:
        ModelError: A part has another shape than `Prompts` says, is not finite, or a prompt says nothing at all.
    """
    points, labels, boxes, masks = None, None, None, None
    last = np.array([size[1] - 1, size[0] - 1])
    if prompts.points_xy is not None and prompts.labels is not None:
        labels = _labels(prompts.labels)
        given = _numbers(prompts.points_xy, "points_xy", (*labels.shape, 2), labels >= 0)
        points = np.clip(np.floor(given + 0.5), 0, last).astype(np.int64)
    if prompts.boxes_xyxy is not None:
        boxes = _boxes(_numbers(prompts.boxes_xyxy, "boxes_xyxy", (len(prompts), 4)), last)
    if prompts.mask_logits is not None:
        masks = _masks(prompts.mask_logits, size)
    if boxes is None and masks is None and labels is not None and (labels < 0).all(1).any():
        index = int((labels < 0).all(1).argmax())
        raise ModelError("a prompt has no point but padding", where=f"prompts.labels[{index}]", mend=MEND)
    return PixelPrompts(points, labels, boxes, masks)


def _labels(given: Tensor) -> np.ndarray:
    labels = given.detach().cpu().numpy()
    if labels.ndim != 2 or not np.isin(labels, (-1, 0, 1)).all():
        raise ModelError(
            f"labels must be (B, N) of 1, 0 or -1, got {np.unique(labels)[:5].tolist()} in shape {labels.shape}",
            where="prompts.labels",
            mend=MEND,
        )
    return labels.astype(np.int64)


def _numbers(given: Tensor, name: str, shape: tuple[int, ...], used: np.ndarray | None = None) -> np.ndarray:
    """Return a part as float64 after checking its shape and that what is used of it is finite; the rest becomes 0."""
    values = given.detach().cpu().double().numpy()
    if values.shape != shape:
        raise ModelError(f"{name} must have shape {shape}, got {values.shape}", where=f"prompts.{name}", mend=MEND)
    if used is not None:
        values = np.where(used[..., None], values, 0)
    if not np.isfinite(values).all():
        index = int(np.argwhere(~np.isfinite(values))[0][0])
        raise ModelError(f"{name} holds NaN or infinity", where=f"prompts.{name}[{index}]", mend=MEND)
    return values


def _boxes(given: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the first and last pixel (B, 4) inside boxes (B, 4) that may reach beyond the image."""
    if (given[:, 2:] < given[:, :2]).any():
        index = int((given[:, 2:] < given[:, :2]).any(1).argmax())
        raise ModelError(
            f"a box ends before it starts: {given[index].tolist()}",
            where=f"prompts.boxes_xyxy[{index}]",
            mend="give boxes as x0, y0, x1, y1 in pixels",
        )
    first = np.clip(np.floor(given[:, :2]), 0, last)
    end = np.clip(np.ceil(given[:, 2:]) - 1, first, last)
    return np.concatenate([first, end], 1).astype(np.int64)


def _masks(given: Tensor, size: Size) -> np.ndarray:
    """Return earlier masks (B, H, W) bool from logits of any resolution."""
    if given.ndim != 3:
        raise ModelError(
            f"mask_logits must be (B, h, w), got {tuple(given.shape)}", where="prompts.mask_logits", mend=MEND
        )
    if given.numel() and not all(bool(end.isfinite()) for end in given.aminmax()):  # NaN is both ends of what holds one
        raise ModelError("mask_logits hold NaN or infinity", where="prompts.mask_logits", mend=MEND)
    logits = given.detach().cpu().float()
    if tuple(logits.shape[1:]) != size:
        logits = logits_at_original(logits, MaskFrame(size))
    return (logits > 0).numpy()
