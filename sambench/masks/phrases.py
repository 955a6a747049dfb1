"""What is kept of a model's answers to phrases: scores, masks at the size of the image, boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sambench.masks.crops import layered_crops
from sambench.masks.measure import measure_masks
from sambench.masks.transfers import Arrival, in_turn, to_device
from sambench.prompts.concepts import ConceptAnswer, PhraseDetections
from sambench.types import Masks, Size

if TYPE_CHECKING:
    from torch import Tensor


def phrase_detections(
    answers: Iterable[ConceptAnswer], size: Size, keep_above: float, decimals: int | None = None
) -> list[PhraseDetections]:
    """Keep what of each answer has a score, and draw it.

    Args:
        answers: One a phrase.
        size: (height, width) of the image in pixels.
        keep_above: Scores must be above, before they are rounded.
        decimals: Scores are rounded to so many; None leaves them.

    Returns:
        One a phrase, in order: masks are where logits, resized as logits, exceed 0. Boxes of the model reach over the
        image's border where the model's do.
    """

    def started(answer: ConceptAnswer) -> tuple[ConceptAnswer, Arrival]:
        optional = [part for part in (answer.boxes_xyxy, answer.presence) if part is not None]
        return answer, Arrival(answer.scores, *optional)

    def kept(waiting: tuple[ConceptAnswer, Arrival]) -> PhraseDetections:
        answer, arrival = waiting
        return _kept(answer, arrival.tensors(), size, keep_above, decimals)

    return list(in_turn(answers, started, kept, lambda answer: answer.scores.device))


def _kept(
    answer: ConceptAnswer, parts: Sequence[Tensor], size: Size, keep_above: float, decimals: int | None
) -> PhraseDetections:
    """Keep detections of one answer whose scores, boxes and presence have arrived."""
    import torch

    scores, *rest = (part.double().numpy() for part in parts)
    chosen = np.flatnonzero(scores > keep_above)
    boxes = rest.pop(0)[chosen] if answer.boxes_xyxy is not None else None
    if boxes is not None:
        boxes[:, 2:] -= boxes[:, :2]
        boxes /= np.array([size[1], size[0], size[1], size[0]], np.float64)
    presence = float(rest.pop(0)) if answer.presence is not None else None
    rles = []
    if len(chosen):
        indices = to_device(torch.from_numpy(chosen), answer.logits.device)
        masks = Masks(answer.logits[indices][:, None], answer.scores[indices][:, None], answer.frame)
        (whole,) = layered_crops(size, 0, 0.0)
        rles = measure_masks(masks, 1.0, whole, size, "auto").runs.compressed(np.arange(len(chosen)))
    kept_scores = scores[chosen] if decimals is None else np.round(scores[chosen], decimals)
    return PhraseDetections(kept_scores, rles, boxes, presence)
