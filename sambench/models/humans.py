"""The annotators in a model's place: what `task=annotators` runs, so that no model is built and no image encoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import UsageError
from sambench.models.base import PromptableModel, Question
from sambench.types import Embedding, Masks, Prompts


class Humans(PromptableModel):
    """Nobody to prompt: its embeddings are empty, and it refuses every question."""

    name = "humans"
    fingerprint = "0" * 64
    cacheable = False

    def __init__(self) -> None:
        self.provenance: dict[str, object] = {"class": "annotators of the data"}

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Return an empty embedding an image."""
        return [Embedding({}, (image.shape[0], image.shape[1])) for image in images]

    def refuses(self, question: Question) -> str | None:
        """Say that annotators answer no prompt."""
        return "annotators have drawn already and answer no prompt"

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Refuse a prompt.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "annotators answer no prompt", where="model=humans", mend="choose task=annotators, or another model"
        )
