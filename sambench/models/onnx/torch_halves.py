"""Halves of a torch model beside an exported one, so that it shows which of the two loses accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.models.base import Question
from sambench.models.onnx.contracts import Contract
from sambench.models.onnx.decoders import Decoder
from sambench.models.sam.decoder import hq_features
from sambench.models.sam.model import TransformersSam
from sambench.types import Embedding, Masks, Prompts

CONTRACTS: dict[str, Contract] = {"sam": "meta", "sam_hq": "hq"}
"""Family -> the contract whose features it gives; SAM 2's for all others."""


class TorchEncoder:
    """A torch model's encoder, with every feature that an exported decoder may read.

    Args:
        sam: The model.
    """

    def __init__(self, sam: TransformersSam) -> None:
        self.sam = sam
        self.identity = f"torch {sam.fingerprint}"

    @torch.inference_mode()
    def __call__(self, image: np.ndarray) -> dict[str, Tensor]:
        """Return the features of an (H, W, 3) uint8 RGB image."""
        sam = self.sam
        if sam.family == "sam_hq":
            pixels = sam.preprocessing.pixels(image)[None].to(sam.device, sam.dtype)
            made = sam.encoder(pixels)
            features = {
                "image_embedding": made.last_hidden_state[0],
                "interm_embeddings": made.intermediate_embeddings[0],
            }
        else:
            features = dict(sam.encode([image])[0].tensors)
        if sam.family == "sam":
            features["image_positional_embeddings"] = sam.model.get_image_wide_positional_embeddings()[0]
        return {name: part.float().contiguous() for name, part in features.items()}

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        return dict(self.sam.provenance)


class TorchDecoder(Decoder):
    """A torch model's decoder over an exported encoder's features.

    Args:
        sam: The model.
    """

    def __init__(self, sam: TransformersSam) -> None:
        self.sam = sam
        self.contract = CONTRACTS.get(sam.family, "sam2")
        self.side = sam.preprocessing.size
        self.identity = f"torch {sam.fingerprint} {sam.decode_dtype}"
        self._prepared: tuple[Embedding, Embedding] | None = None

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts; see `PromptableModel.decode`."""
        return self.sam.decode(self._features(embedding), prompts, multimask)

    def _features(self, embedding: Embedding) -> Embedding:
        """Return the features the decoder reads; SAM-HQ's are fused, once an image."""
        if self.sam.family != "sam_hq":
            return embedding
        if self._prepared is None or self._prepared[0] is not embedding:
            with torch.inference_mode():
                final, early = (
                    embedding.tensors[name].to(self.sam.device, self.sam.decode_dtype)
                    for name in ("image_embedding", "interm_embeddings")
                )
                fused = hq_features(self.sam.model.mask_decoder, final[None], early)[0]
            tensors = {"image_embedding": final, "hq_features": fused}
            self._prepared = embedding, Embedding(tensors, embedding.original_size)
        return self._prepared[1]

    def refuses(self, question: Question) -> str | None:
        """Say why a question has no answer, or None."""
        return self.sam.refuses(question)

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        return {**self.sam.provenance, "contract": self.contract, "notes": []}
