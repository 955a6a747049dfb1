"""The interface of a model that finds edges by itself: an image in, one map of edge strength out, no prompts."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sambench.errors import ModelError
from sambench.models.base import PromptableModel
from sambench.types import Embedding

if TYPE_CHECKING:
    from sambench.models.base import Question
    from sambench.types import Masks, Prompts

NO_PROMPTS = "it finds an image's edges by itself, for task=edges, and takes no prompts"

STRENGTH = "edge_strength"
"""The one tensor of a detector's embedding: the (H, W) float32 map in [0, 1]."""


class EdgeDetector(PromptableModel):
    """A model for `task=edges` that takes an image and no prompts; a subclass gives `detect`.

    Its map stands in an embedding's place and is not cached. Every task that prompts refuses it before any image. One
    whose edges are one pixel wide already says `thin_edges = True`, and the task suppresses nothing.
    """

    cacheable = False
    answers_prompts = False

    @abstractmethod
    def detect(self, image: np.ndarray) -> np.ndarray:
        """Find the edges of one image.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            (H, W) float edge strength in [0, 1] at the image's own size.
        """

    def identify(self, version: int, **constants: object) -> None:
        """Set `fingerprint` and `provenance` from all that a map depends on besides the image.

        Args:
            version: Raised whenever the same constants give another map.
            **constants: By name; of a network also what names its weights (their SHA-256).
        """
        identity: dict[str, Any] = {"model": self.name, "version": version, **constants}
        self.fingerprint = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()
        self.provenance = {"class": type(self).__name__, "version": version, "constants": constants}

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Detect the edges of (H, W, 3) uint8 RGB images; see `PromptableModel.encode`.

        Raises:
            ModelError: A map is not of its image's size, or not of numbers in [0, 1].
        """
        return [self._mapped(image) for image in images]

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Refuse: a detector has no masks.

        Raises:
            ModelError: Always.
        """
        raise ModelError(f"{self.name} has no masks: {NO_PROMPTS}", mend="choose task=edges, or another model")

    def refuses(self, question: Question) -> str | None:
        """Refuse all but tasks that take a map of edges in place of masks."""
        return None if question.or_edges else NO_PROMPTS

    def _mapped(self, image: np.ndarray) -> Embedding:
        import torch

        strength = np.asarray(self.detect(image))
        size = (image.shape[0], image.shape[1])
        where = f"{type(self).__module__}.{type(self).__qualname__}.detect"
        if strength.shape != size or strength.dtype.kind != "f":
            what = f"{self.name} answered an image of {size[0]} x {size[1]} (height x width) with a map of type"
            shape = " x ".join(map(str, strength.shape))
            raise ModelError(f"{what} {strength.dtype}, {shape}", where=where, mend="return (H, W) float in [0, 1]")
        beyond = strength[(strength < 0) | (strength > 1)]  # a NaN is no such number; it is told with its sample
        if beyond.size:
            what = f"an edge map of {self.name} holds {float(beyond.flat[0]):g}, outside [0, 1]"
            raise ModelError(what, where=where, mend="return probabilities (a sigmoid of logits), or scale the map")
        return Embedding({STRENGTH: torch.from_numpy(strength.astype(np.float32))}, size)


def strength_of(embedding: Embedding) -> np.ndarray:
    """Return a detector's map (H, W) float32 from its embedding."""
    return embedding.tensors[STRENGTH].cpu().numpy()
