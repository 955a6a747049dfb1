"""What answers the prompts of mask generation: a run's predictor, or a bare model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from sambench.masks.nan_guard import sound
from sambench.masks.transfers import Arrival, in_turn
from sambench.masks.undefined import refusal, undefined_in
from sambench.types import Embedding, Masks, Prompts


class MaskSource(Protocol):
    """What answers the generator's prompts: a run's predictor, or a bare model in `ModelMasks`."""

    def encode_image(self, image: np.ndarray) -> Embedding:
        """Encode (H, W, 3) uint8 RGB."""

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool, at_once: int) -> Iterable[Masks]:
        """Answer all prompts, in order, in as many batches as it likes, of at most `at_once` prompts."""


class EncodesAndDecodes(Protocol):
    """The two halves of a `PromptableModel`."""

    def encode(self, images: list[np.ndarray]) -> list[Embedding]:
        """Encode images."""

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer a batch of prompts."""


class ModelMasks:
    """A model as a `MaskSource`: no cache, one answer a batch.

    Args:
        model: The model.
    """

    def __init__(self, model: EncodesAndDecodes) -> None:
        self.model = model

    def encode_image(self, image: np.ndarray) -> Embedding:
        """Encode (H, W, 3) uint8 RGB."""
        return self.model.encode([image])[0]

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool, at_once: int) -> Iterator[Masks]:
        """Answer the prompts in batches of `at_once`.

        Raises:
            ModelError: An answer holds no number.
        """

        def looked_at(answer: tuple[int, Masks, Arrival]) -> Masks:
            start, masks, is_sound = answer
            masks, nans = (masks, None) if is_sound.arrays()[0] else undefined_in(masks)
            if nans is not None:
                raise refusal(nans, prompts[start : start + at_once], start, len(prompts), "the image", None)
            return masks

        starts = range(0, len(prompts), at_once)
        answers = (
            (start, self.model.decode(embedding, prompts[start : start + at_once], multimask)) for start in starts
        )
        yield from in_turn(
            answers, lambda one: (*one, Arrival(sound(one[1]))), looked_at, lambda one: one[1].logits.device
        )
