"""Answers that hold no number: NaN in a mask's logits, a predicted IoU that is NaN or infinite.

Infinite logits are numbers here, as their sign says what a pixel is; they are made finite so that resizing, which
multiplies by 0 and adds, does not turn them into NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sambench.errors import ModelError
from sambench.masks.transfers import Arrival
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Masks, Prompts

if TYPE_CHECKING:
    from torch import Tensor


INFINITE = 3e4
"""What stands for an infinite logit; half precision holds it."""

EMPTY = -32.0
"""Logit of a mask that is taken as empty: the least that SAM 2 feeds back as a prompt."""

MEND = (
    "use dtype=fp32 (or bf16) if the model overflows in half precision, and check the checkpoint; task.nan=zero goes on"
    " and counts such masks as empty"
)


@dataclass(frozen=True)
class Undefined:
    """Which of B x M answers hold no number.

    Attributes:
        logits: (B, M) bool, a pixel of the mask is NaN.
        predicted_iou: (B, M) bool, the model's own estimate is NaN or infinite.
    """

    logits: Tensor
    predicted_iou: Tensor

    @property
    def either(self) -> Tensor:
        """(B, M) bool."""
        return self.logits | self.predicted_iou


def undefined_of_phrase(answer: ConceptAnswer) -> tuple[ConceptAnswer, Tensor]:
    """Look closer at an answer that is not sound.

    Returns:
        The answer with infinite logits made finite, and with undefined masks empty, of score 0; (n,) bool which.
    """
    undefined = answer.logits.isnan().flatten(1).any(1) | ~answer.scores.isfinite()
    logits = answer.logits.nan_to_num(nan=EMPTY, posinf=INFINITE, neginf=-INFINITE)
    logits = logits.masked_fill(undefined[:, None, None], EMPTY)
    return replace(answer, scores=answer.scores.masked_fill(undefined, 0.0), logits=logits), undefined


def undefined_in(masks: Masks) -> tuple[Masks, Undefined | None]:
    """Look closer at answers that are not `sound`.

    Returns:
        The masks with infinite logits made finite, and what of them is undefined, None where nothing is.
    """
    estimates = masks.predicted_iou
    missing = ~estimates.to(masks.logits.device).isfinite()
    nans = Undefined(masks.logits.isnan().flatten(2).any(2), missing)

    def finite(logits: Tensor) -> Tensor:
        return logits.nan_to_num(nan=float("nan"), posinf=INFINITE, neginf=-INFINITE)

    return masks.changed(finite, estimates), nans if bool(nans.either.any()) else None


def as_empty(masks: Masks, nans: Undefined) -> Masks:
    """Return the masks with the undefined ones empty, of predicted IoU 0."""
    undefined = nans.either
    return masks.changed(
        lambda logits: logits.masked_fill(undefined[..., None, None].to(logits.device), EMPTY),
        masks.predicted_iou.masked_fill(undefined.to(masks.predicted_iou.device), 0.0),
    )


def undefined_tensors(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the names of an embedding's tensors that hold a NaN."""
    import torch

    floating = {name: one for name, one in tensors.items() if one.is_floating_point()}
    if not floating:
        return []
    (undefined,) = Arrival(torch.stack([one.isnan().any() for one in floating.values()])).arrays()
    return [name for name, is_undefined in zip(floating, undefined, strict=True) if is_undefined]


def refusal(nans: Undefined, prompts: Prompts, start: int, total: int, subject: str, stage: str | None) -> ModelError:
    """Return the error that names the first undefined answer.

    Args:
        nans: What of a batch is undefined.
        prompts: The batch's prompts.
        start: How many prompts came before the batch.
        total: How many prompts there are in all.
        subject: What is prompted, for the message.
        stage: Where the fault arose if not in the answer itself ("embedding").
    """
    rows = nans.either.any(1).nonzero()[:, 0].tolist()
    if stage is None:
        stage = "logits" if bool(nans.logits.any()) else "predicted_iou"
    what = {
        "embedding": "the model's embedding of the image is not finite, and so its masks are NaN",
        "logits": "the model's mask logits are NaN",
        "predicted_iou": "the model's predicted IoU is not finite, so that its masks cannot be ranked",
    }[stage]
    several = f", and {len(rows) - 1} more of its batch" if len(rows) > 1 else ""
    first = f"prompt {start + rows[0] + 1} of {total} ({_prompt_text(prompts, rows[0])}){several}"
    return ModelError(what, where=f"{subject}, {first}, stage {stage}", mend=MEND)


def _prompt_text(prompts: Prompts, row: int) -> str:
    """Write a prompt in image pixels."""
    parts = []
    if prompts.points_xy is not None and prompts.labels is not None:
        points, labels = prompts.points_xy[row].tolist(), prompts.labels[row].tolist()
        words = {1: "point", 0: "background point"}
        parts += [
            f"{words[label]} {x:g}, {y:g}" for (x, y), label in zip(points, labels, strict=True) if label in words
        ]
    if prompts.boxes_xyxy is not None:
        parts.append("box " + ", ".join(f"{value:g}" for value in prompts.boxes_xyxy[row].tolist()))
    if prompts.mask_logits is not None:
        parts.append("a mask")
    return "; ".join(parts)
