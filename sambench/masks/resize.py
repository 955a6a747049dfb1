"""Low-resolution logits at the size of the image, by the reference's own bilinear steps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sambench.masks.transfers import to_device
from sambench.types import MaskFrame, Masks

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor


def logits_at_original(logits: Tensor, frame: MaskFrame) -> Tensor:
    """Resize mask logits to the image by the reference's steps.

    SAM resizes bilinearly to the padded square, cuts the padding off and resizes bilinearly to the image
    (`Sam.postprocess_masks` of segment_anything); SAM 2 resizes bilinearly to the image at once
    (`SAM2Transforms.postprocess_masks`). Each step is linear and acts on rows and columns alike, so all of them
    together are one matrix for rows and one for columns: the padded square is never made.

    Args:
        logits: (..., h, w) float low-resolution logits.
        frame: How the logits map to the image.

    Returns:
        (..., H, W) float32 logits at `frame.original_size`, within float32 rounding of the stepwise result.
    """
    if frame.padded_size is None and tuple(logits.shape[-2:]) == frame.original_size:
        return logits.float()
    rows = _axis_matrix(logits.shape[-2], *_axis(frame, 0), logits.device)
    columns = _axis_matrix(logits.shape[-1], *_axis(frame, 1), logits.device)
    if len(rows) <= len(columns):
        return (rows @ logits.float()) @ columns.T
    return rows @ (logits.float() @ columns.T)


def masks_on_host(masks: Masks) -> np.ndarray:
    """Return an answer's masks as pixels: (B, M, H, W) bool, where the logits at the image's size exceed 0."""
    pixels: np.ndarray = (logits_at_original(masks.logits, masks.frame) > 0).cpu().numpy()
    return pixels


def _axis(frame: MaskFrame, axis: int) -> tuple[int, int | None, int | None]:
    """Return one axis of a frame: its original length, padded length and length without padding."""
    if frame.padded_size is None:
        return frame.original_size[axis], None, None
    inside = frame.padded_size if frame.input_size is None else frame.input_size
    return frame.original_size[axis], frame.padded_size[axis], inside[axis]


@lru_cache(maxsize=64)
def _axis_matrix(low: int, original: int, padded: int | None, inside: int | None, device: torch.device) -> Tensor:
    """Return the (original, low) float32 matrix of all bilinear steps along one axis.

    Its columns are the unit vectors sent through torch's own interpolation, so the weights are the reference's.
    """
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    steps = torch.eye(low)[None]
    if padded is not None:
        steps = F.interpolate(steps, size=padded, mode="linear", align_corners=False)[..., :inside]
    steps = F.interpolate(steps, size=original, mode="linear", align_corners=False)
    return to_device(steps[0].T.contiguous(), device)
