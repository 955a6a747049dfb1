"""Boxes into masks: any promptable model of the suite behind what finds boxes for a phrase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.config.resolve import build
from sambench.errors import UsageError
from sambench.masks.transfers import to_device
from sambench.models.base import PromptableModel, Question
from sambench.models.devices import device_of, torch_device
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, MaskFrame, Prompts

BOXES = Question(box=True, multimask=False)
"""What is asked of a segmenter."""


class Segmenter:
    """A promptable model that draws one mask a box: its single answer.

    Args:
        settings: A `model` group of its own: `name` and what goes with it.
        device: Where it runs.
        dtype: "fp32", "bf16" or "fp16" for its image encoder, where the settings do not say.

    Raises:
        UsageError: There is no such model, or it takes no boxes.
        ModelError: It cannot be loaded.
    """

    def __init__(self, settings: Mapping[str, Any], device: str, dtype: str = "fp32") -> None:
        target, group = torch_device(device), "model.segmenter"
        extra = {"device": str(target), **({} if "dtype" in settings else {"dtype": dtype})}
        self.model: PromptableModel = build("models", group, settings, own_words=True, **extra)
        if (why := self.model.refuses(BOXES)) is not None or not self.model.answers_prompts:
            what = f"{self.model.name} draws no mask of a box: {why or 'it takes no prompts'}"
            raise UsageError(what, where=group, mend="choose another segmenter")
        self.device = device_of(self.model)

    @property
    def identity(self) -> str:
        """What its masks depend on, for the fingerprint of what decodes."""
        return f"{self.model.fingerprint} {self.model.provenance.get('decoder_fingerprint')}"

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images; see `PromptableModel.encode`."""
        return self.model.encode(images)

    def answer(self, embedding: Embedding, boxes_xyxy: Tensor, scores: Tensor) -> ConceptAnswer:
        """Draw boxes.

        Args:
            embedding: The segmenter's own.
            boxes_xyxy: (n, 4) float32 in image pixels, on the host.
            scores: (n,) float32 in [0, 1], on the host.
        """
        on_device = [to_device(part, self.device) for part in (scores, boxes_xyxy)]
        if not len(boxes_xyxy):
            empty = torch.zeros(0, 1, 1, device=self.device)
            return ConceptAnswer(on_device[0], empty, on_device[1], MaskFrame(embedding.original_size))
        masks = self.model.decode(embedding, Prompts(boxes_xyxy=boxes_xyxy), multimask=False)
        return ConceptAnswer(on_device[0], masks.logits[:, 0].float(), on_device[1], masks.frame)


def corners(boxes_cxcywh: Tensor) -> Tensor:
    """Turn (..., 4) centres with sizes into (..., 4) left, top, right, bottom."""
    centre, size = boxes_cxcywh.split(2, -1)
    return torch.cat([centre - size / 2, centre + size / 2], -1)
