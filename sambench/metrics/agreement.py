"""How far one computation is from another of the same thing: tensors, logits of masks, and sets of masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

SURE = 1e-3
"""A pixel whose reference logit is nearer to 0 than this may fall on either side."""

SAME_MASK = 0.95
"""Masks of two sets that overlap by this IoU are one and the same."""


@dataclass(frozen=True)
class TensorError:
    """How far a tensor is from a reference.

    Attributes:
        largest: The largest absolute difference.
        relative: The same as a fraction of the reference's largest magnitude.
        rms: Root mean square of the difference as a fraction of the reference's.
        cosine: Of the two as vectors.
    """

    largest: float
    relative: float
    rms: float
    cosine: float


def tensor_error(reference: Tensor, other: Tensor) -> TensorError:
    """Compare two tensors of one shape; two of zeros alone are equal.

    Raises:
        ValueError: Their shapes differ.
    """
    if reference.shape != other.shape:
        raise ValueError(f"tensors of {tuple(reference.shape)} and {tuple(other.shape)}")
    one, two = (part.detach().double().cpu().flatten() for part in (reference, other))
    apart = one - two
    scale, norm = float(one.abs().max()), float(one.norm())
    product = norm * float(two.norm())
    largest = float(apart.abs().max())
    return TensorError(
        largest=largest,
        relative=largest / scale if scale else float(largest > 0),
        rms=float(apart.norm()) / norm if norm else float(largest > 0),
        cosine=float(one @ two) / product if product else float(largest == 0),
    )


@dataclass(frozen=True)
class MaskError:
    """How far N masks are from their references, a value a mask.

    Attributes:
        iou: (N,) float64; 1 where both are empty.
        flipped: (N,) int64 pixels on the other side of 0.
        flipped_sure: (N,) int64 of them those whose reference logit is at least `SURE` from 0.
        pixels: Of an image.
    """

    iou: np.ndarray
    flipped: np.ndarray
    flipped_sure: np.ndarray
    pixels: int


def mask_error(reference: Tensor, other: Tensor) -> MaskError:
    """Compare (N, H, W) logits at the image's size as masks."""
    one, two = reference > 0, other > 0
    apart = one != two
    union, both = (one | two).sum((1, 2)), (one & two).sum((1, 2))
    iou = (both / union.clamp(min=1)).masked_fill(union == 0, 1.0)
    sure = (apart & (reference.abs() >= SURE)).sum((1, 2))
    values = [part.cpu().numpy() for part in (iou.double(), apart.sum((1, 2)), sure)]
    return MaskError(values[0], values[1], values[2], pixels=reference.shape[1] * reference.shape[2])


@dataclass(frozen=True)
class SetError:
    """How far a set of masks is from another.

    Attributes:
        reference: Masks in the reference.
        other: Masks in the other.
        same: Masks of the reference that have one of the other's by `SAME_MASK`, each of which counts once.
        best_iou: Mean over the reference of the best overlap with the other set; NaN where it is empty.
    """

    reference: int
    other: int
    same: int
    best_iou: float


def set_error(ious: np.ndarray) -> SetError:
    """Compare two sets by the (N, M) IoU of each mask of the reference with each of the other set.

    Pairs are taken by decreasing overlap.
    """
    number, others = ious.shape
    same, taken = 0, (np.zeros(number, bool), np.zeros(others, bool))
    for flat_index in np.argsort(-ious, axis=None, kind="stable"):
        row, column = divmod(int(flat_index), others)
        if ious[row, column] < SAME_MASK:
            break
        if not taken[0][row] and not taken[1][column]:
            taken[0][row] = taken[1][column] = True
            same += 1
    best = float(ious.max(axis=1).mean()) if number and others else (0.0 if number else float("nan"))
    return SetError(number, others, same, best)
