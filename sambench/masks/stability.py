"""How little a mask changes when its logit threshold moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def stability_score(logits: Tensor, threshold: float = 0.0, offset: float = 1.0) -> Tensor:
    """Compare each mask at a raised and at a lowered threshold by their IoU.

    The one lies inside the other, so the IoU is the ratio of their areas. Take logits at the size of the image, as
    segment_anything's `calculate_stability_score` does.

    Args:
        logits: (..., H, W) float mask logits.
        threshold: The logit a mask is cut at.
        offset: How far the threshold moves either way.

    Returns:
        (...) float32 in [0, 1]; NaN (0 / 0) where no logit exceeds even the lowered threshold.
    """
    inner = (logits > threshold + offset).sum((-2, -1))
    outer = (logits > threshold - offset).sum((-2, -1))
    return stability_from_areas(inner, outer)


def stability_from_areas(inner: Tensor, outer: Tensor) -> Tensor:
    """Divide (...) integer areas at the raised threshold by those at the lowered one, in float32."""
    return inner.float() / outer.float()
