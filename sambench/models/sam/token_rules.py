"""Which of a decoder's masks are the answer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenRules:
    """Which of the decoder's masks are the answer.

    Attributes:
        dynamic_multimask: SAM 2 and later: a single answer (token 0) whose stability is low is replaced by the best of
            tokens 1-3 (`build_sam2(apply_postprocessing=True)`).
        stability_delta: Stability is the ratio of areas above +delta and above -delta, at low resolution.
        stability_threshold: A stability below it is low.
        hq_token_only: SAM-HQ: answer the high-quality token's mask alone instead of its sum with SAM's mask.
    """

    dynamic_multimask: bool = True
    stability_delta: float = 0.05
    stability_threshold: float = 0.98
    hq_token_only: bool = False


def stable_or_best(masks: Tensor, iou: Tensor, rules: TokenRules) -> tuple[Tensor, Tensor]:
    """Answer token 0's mask, or the best of tokens 1-3 where that one is not stable.

    Args:
        masks: (B, 4, h, w) logits.
        iou: (B, 4) predicted IoU.
        rules: Delta and threshold of the stability.

    Returns:
        (B, 1, h, w) logits and (B, 1) predicted IoU (`MaskDecoder._dynamic_multimask_via_stability` of sam2).
    """
    single = masks[:, 0].flatten(1)
    inner = (single > rules.stability_delta).sum(dim=1).float()
    outer = (single > -rules.stability_delta).sum(dim=1).float()
    stability = torch.where(outer > 0, inner / outer, 1.0)
    chosen = torch.where(stability >= rules.stability_threshold, 0, iou[:, 1:].argmax(dim=1) + 1)
    rows = torch.arange(len(iou), device=iou.device)
    return masks[rows, chosen][:, None], iou[rows, chosen][:, None]
