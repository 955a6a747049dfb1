"""Box prompts with a second pass: the first answer fed back with its box (paper, appendix D.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from sambench.types import Embedding, Masks, Prompts

if TYPE_CHECKING:
    from torch import Tensor


class Answers(Protocol):
    """What decodes prompts in batches, in order (`sambench.engine.predictor.Predictor`)."""

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Iterable[Masks]:
        """Answer all prompts."""


def answer_boxes(
    source: Answers, embedding: Embedding, boxes_xyxy: Tensor, passes: int, first_multimask: bool, final_multimask: bool
) -> Iterator[Masks]:
    """Prompt with boxes, once or with the first answer fed back.

    Args:
        source: What decodes.
        embedding: Of the image.
        boxes_xyxy: (B, 4) float32 in image pixels.
        passes: 1 or 2.
        first_multimask: Ask for several masks in the first pass and take the most confident.
        final_multimask: The same in the second pass.

    Yields:
        The answers in batches, in the order of the boxes, one mask a box: (b, 1, h, w).
    """
    start = 0
    for answer in source.decode(embedding, Prompts(boxes_xyxy=boxes_xyxy), first_multimask):
        best = most_confident(answer)
        boxes = boxes_xyxy[start : start + len(best.logits)]
        start += len(best.logits)
        if passes == 1:
            yield best
            continue
        again = Prompts(boxes_xyxy=boxes, mask_logits=best.prompt_logits[:, 0].float())
        yield from map(most_confident, source.decode(embedding, again, final_multimask))


def most_confident(masks: Masks) -> Masks:
    """Keep of each prompt's M masks the one with the highest predicted IoU; of equals the first.

    Args:
        masks: (B, M) masks.

    Returns:
        (B, 1) masks.
    """
    best = masks.predicted_iou.argmax(dim=1)[:, None]

    def chosen(logits: Tensor) -> Tensor:
        return logits.gather(1, best[..., None, None].expand(-1, -1, *logits.shape[-2:]))

    return masks.changed(chosen, masks.predicted_iou.gather(1, best))
