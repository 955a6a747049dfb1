"""The interface every promptable model follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sambench.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from sambench.concepts import ConceptAnswer
    from sambench.models.questions import Question
    from sambench.types import Embedding, Masks, Prompts, Sample


class PromptableModel(ABC):
    """A model that encodes an image once and answers prompts about it many times.

    Attributes:
        name: Short name for tables.
        fingerprint: SHA-256 (hex) over the weights' bytes, preprocessing, dtype and the code's own version of either:
            whatever changes an embedding changes it, and nothing else does. It names the cache entries.
        provenance: What `run.json` says of the model: checkpoint path, SHA-256, size, class, version, dtype.
        encode_batch_size: How many images `encode` likes at once.
        libraries: Distributions whose code computes an embedding; their versions stand in the cache's keys, torch's as
            major.minor in any case.
        cacheable: Whether the fingerprint names the weights; without, no embedding is kept.
        answers_prompts: Whether it answers prompts; one that does not is an `EdgeDetector` (`sambench.models.edges`).
        thin_edges: Of an `EdgeDetector`: whether its edges are one pixel wide already.
    """

    name: str
    fingerprint: str
    provenance: dict[str, object]
    encode_batch_size: int = 1
    libraries: tuple[str, ...] = ("numpy",)
    cacheable: bool = True
    answers_prompts: bool = True
    thin_edges: bool = False

    @abstractmethod
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images, the costly half.

        Args:
            images: (H, W, 3) uint8 RGB each; sizes may differ.

        Returns:
            One embedding an image, on the model's device, in the order of the images.
        """

    @abstractmethod
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer B prompts about one image, the cheap half.

        Args:
            embedding: From `encode` or from the cache, on any device.
            prompts: In pixels of the original image; on the host, but for mask logits, which lie where an earlier
                answer left them.
            multimask: True asks for the model's several candidates (three for SAM), False for its single answer.

        Returns:
            B x M masks on the model's device.
        """

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """Return the torch modules of the "encoder", "prompt_encoder" and "decoder", for what is told of their size."""
        return {}

    def refuses(self, question: Question) -> str | None:
        """Say why the model has no answer to a kind of prompt, or None where it has one, as most models do to all."""
        return None


class ConceptModel(PromptableModel):
    """A model that finds all objects that a phrase names; one that takes clicks as well has its own `decode`."""

    def about(self, sample: Sample) -> None:
        """Hear which image the next phrases are about, as a model does that looks its answers up by the image's pairs.

        Args:
            sample: What the next `concepts` is asked of; its `target` is a `ConceptTruth`, of which nothing but pairs'
                ids and phrases may be used.
        """

    @abstractmethod
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases about one image.

        Args:
            embedding: From `encode` or from the cache, on any device.
            phrases: As the dataset writes them; whatever a model needs done to them is done here.

        Returns:
            One answer a phrase, in order; an answer does not depend on the other phrases.
        """

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Refuse clicks; see `PromptableModel.decode`.

        Raises:
            ModelError: Always.
        """
        raise ModelError(f"{self.name} takes phrases alone", mend="choose another model for points and boxes")

    def refuses(self, question: Question) -> str | None:
        """Refuse whatever is no phrase, unless the model has a `decode` of its own."""
        clicks = type(self).decode is not ConceptModel.decode
        return None if question.phrase or clicks else "it takes phrases alone"
