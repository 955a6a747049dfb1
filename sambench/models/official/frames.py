"""How a predictor's full-size masks come of its low-resolution logits, and what is scored where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.masks.resize import logits_at_original
from sambench.types import MaskFrame, Size

ROUNDING = 1e-2
"""Logits this close to 0 may fall on either side of it."""

SURE = 32.0
"""Logit of a pixel of a mask that is only true or false."""

_CHUNK_PIXELS = 1 << 24
"""Pixels of full-size logits that are compared at once."""


def frames_of(predictor: Any, original_size: Size) -> list[MaskFrame]:
    """Return how a predictor's logits may map to the image, the likeliest first.

    By a padded square, of which the part with the image is cut out (segment_anything); at once (sam2); by a square that
    the whole image was stretched to (SAM-Med2D).
    """
    side, inside = _square(predictor), getattr(predictor, "input_size", None)
    padded = []
    if side is not None and inside is not None:
        padded = [MaskFrame(original_size, (side, side), (int(inside[0]), int(inside[1])))]
    stretched = [] if side is None else [MaskFrame(original_size, (side, side), (side, side))]
    if hasattr(predictor, "transforms") and not padded:  # as SAM-Med2D calls what stretches its images
        return [*stretched, MaskFrame(original_size)]
    return [*padded, MaskFrame(original_size), *stretched]


def _square(predictor: Any) -> int | None:
    """Return the side of the square a predictor's coordinates are in, where it says so."""
    transform, model = getattr(predictor, "transform", None), getattr(predictor, "model", None)
    sizes = [
        getattr(transform, "target_length", None),
        getattr(model, "image_size", None),
        getattr(getattr(model, "image_encoder", None), "img_size", None),
    ]
    for size in sizes:
        first = size[0] if isinstance(size, tuple | list) and size else size
        if isinstance(first, int) and not isinstance(first, bool):
            return first
    return None


def fitting(answers: Sequence[tuple[Tensor, Tensor]], frames: Sequence[MaskFrame], where: str) -> MaskFrame | None:
    """Return the first frame by which low-resolution logits give all of a predictor's full-size masks, or None.

    Args:
        answers: (B, M, H, W) its logits or masks at the image's size, with the (B, M, h, w) logits they come of.
        frames: Candidates.
        where: Names the predictor in messages.

    Raises:
        ModelError: The full-size masks do not have the image's size.
    """
    fits = (frame for frame in frames if not any(differ(full, low, frame, where) for full, low in answers))
    return next(fits, None)


def differ(full: Tensor, low: Tensor, frame: MaskFrame, where: str) -> bool:
    """Tell whether full-size masks are not low-resolution logits resized, pixel by pixel.

    Args:
        full: (B, M, H, W) logits or masks at the image's size.
        low: (B, M, h, w) logits.
        frame: How they would map to the image.
        where: Names the predictor in messages.

    Raises:
        ModelError: The full-size masks do not have the image's size.
    """
    if full.shape != (*low.shape[:2], *frame.original_size):
        what = f"the predictor's masks are {tuple(full.shape)} for an image of {frame.original_size}"
        mend = f"return {low.shape[0]} x {low.shape[1]} masks of the image's size (height, width)"
        raise ModelError(what, where=where, mend=mend)
    at_once = max(1, _CHUNK_PIXELS // (frame.original_size[0] * frame.original_size[1]))
    for theirs, logits in zip(full.flatten(0, 1).split(at_once), low.flatten(0, 1).split(at_once), strict=True):
        ours = logits_at_original(logits, frame)
        apart = (ours > 0) != (theirs.to(ours.device) > 0)
        if bool(apart.any()) and bool((ours[apart].abs() > ROUNDING).any()):
            return True
    return False


def as_logits(full: Tensor) -> Tensor:
    """Return full-size masks as float logits; those that are only true or false are as sure as can be."""
    return full.float() if full.is_floating_point() else torch.where(full > 0, SURE, -SURE)
