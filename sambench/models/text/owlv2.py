"""OWLv2 by `transformers`, with a segmenter: boxes of a phrase, each drawn by a promptable model of the suite."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn

from sambench.config.ranges import SHARED, Range, check_range
from sambench.masks.transfers import Arrival, to_device
from sambench.models.base import ConceptModel
from sambench.models.devices import flush_denormals, torch_dtype
from sambench.models.text.folders import Expected, load_folder, tokens_of
from sambench.models.text.phrases import KeptTexts
from sambench.models.text.segmenters import Segmenter, corners
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding

ENCODE_VERSION = 1
"""Raised whenever this module computes another embedding from the same weights and image."""

EXPECTED = Expected("owlv2", "Owlv2ForObjectDetection", "Owlv2ImageProcessorPil")


class Owlv2(ConceptModel):
    """OWLv2: one box a patch of the image, scored by its likeness to the phrase; the sure ones are drawn.

    An embedding holds OWLv2's features of the image and the segmenter's embedding.

    Args:
        checkpoint: Local folder of `Owlv2ForObjectDetection`.
        segmenter: A model that takes boxes: its `name`, `checkpoint` and other switches.
        device: Where both run.
        dtype: "fp32", "bf16" or "fp16" for the image encoders.
        box_threshold: Boxes are drawn whose score is above.
        template: What the phrase is put into, as "a photo of a {}".
        encode_batch_size: Images at once in `encode`.

    Raises:
        ModelError: A checkpoint cannot be loaded.
        UsageError: A wrong device or dtype, or a segmenter that takes no boxes.
    """

    def __init__(
        self,
        checkpoint: str | None,
        segmenter: dict[str, Any],
        device: str = "auto",
        dtype: str = "fp32",
        box_threshold: Annotated[float, Range(0, 1)] = 0.1,
        template: str = "{}",
        encode_batch_size: int = 1,
    ) -> None:
        check_range(encode_batch_size, SHARED["encode_batch_size"], "encode_batch_size")
        self.folder = load_folder(checkpoint, EXPECTED)
        self.segmenter, self.dtype = Segmenter(segmenter, device, dtype), torch_dtype(dtype, "model.dtype")
        self.device, drawing = self.segmenter.device, self.segmenter.model
        self.model = self.folder.model.to(self.device).requires_grad_(False)
        self.model.owlv2.vision_model.to(self.dtype)
        self.model.layer_norm.to(self.dtype)
        length = int(self.model.config.text_config.max_position_embeddings)
        self.tokens = tokens_of(self.folder, EXPECTED, length, template)
        self.box_threshold, self.encode_batch_size = box_threshold, encode_batch_size
        self.name, self.cacheable = f"owlv2+{drawing.name}", drawing.cacheable
        self.libraries = tuple(dict.fromkeys(("numpy", "scipy", "transformers", *drawing.libraries)))
        provenance = {**self.folder.provenance, "dtype": dtype}
        decoding = f"{self.tokens.sha256} {self.segmenter.identity}"
        self.provenance = {
            **provenance,
            "segmenter": {"name": drawing.name, **drawing.provenance},
            "decoder_fingerprint": hashlib.sha256(decoding.encode()).hexdigest(),
            "notes": self.tokens.notes,
        }
        known = {key: provenance[key] for key in ("sha256", "class", "transformers", "preprocessing", "dtype")}
        whole = json.dumps({**known, "segmenter": drawing.fingerprint, "version": ENCODE_VERSION}, sort_keys=True)
        self.fingerprint = hashlib.sha256(whole.encode()).hexdigest()
        self._texts: KeptTexts[Tensor] = KeptTexts(self._embedded)
        self._drawn: tuple[Embedding, Embedding] | None = None

    def parts(self) -> dict[str, nn.Module]:
        """Return OWLv2's image encoder, its text encoder, and its heads with the segmenter."""
        owl, heads = self.model.owlv2, [self.model.class_head, self.model.box_head]
        drawing = self.segmenter.model.parts().values()
        return {
            "encoder": owl.vision_model,
            "prompt_encoder": owl.text_model,
            "decoder": nn.ModuleList([*heads, *drawing]),
        }

    @torch.inference_mode()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images; an embedding holds "owlv2", (h, w, C), and the segmenter's own tensors."""
        flush_denormals(self.device)
        pixels = to_device(torch.stack([self.folder.pixels(image) for image in images]), self.device, self.dtype)
        features = self.model.image_embedder(pixel_values=pixels)[0]
        own = self.segmenter.encode(images)
        return [
            Embedding({"owlv2": one.contiguous(), **_named(drawn.tensors)}, drawn.original_size)
            for one, drawn in zip(features, own, strict=True)
        ]

    @torch.inference_mode()
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases, each scored by itself; see `ConceptModel.concepts`.

        Boxes at or below the threshold are left out, as each costs a mask.
        """
        if not phrases:
            return []
        flush_denormals(self.device)
        grid = to_device(embedding.tensors["owlv2"], self.device, torch.float32)[None]
        features = grid.flatten(1, 2)
        logits, _ = self.model.class_predictor(features, torch.stack(self._texts(phrases))[None])
        boxes = corners(self.model.box_predictor(features, grid)[0]) * max(embedding.original_size)
        scores, boxes = Arrival(logits[0].sigmoid().T, boxes).tensors()
        drawn = self._segmenters(embedding)
        chosen = [one > self.box_threshold for one in scores]
        return [self.segmenter.answer(drawn, boxes[at], one[at]) for one, at in zip(scores, chosen, strict=True)]

    def _segmenters(self, embedding: Embedding) -> Embedding:
        """Return the segmenter's own embedding, the same object for the same image."""
        if self._drawn is None or self._drawn[0] is not embedding:
            own = {name[len(OWN) :]: part for name, part in embedding.tensors.items() if name.startswith(OWN)}
            self._drawn = embedding, Embedding(own, embedding.original_size)
        return self._drawn[1]

    def _embedded(self, phrases: list[str]) -> list[Tensor]:
        """Return the (C,) embedding of each phrase, of length 1."""
        ids, mask = (to_device(part, self.device) for part in self.tokens(phrases))
        embeddings = self.model.owlv2.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
        return list(embeddings / torch.linalg.norm(embeddings, ord=2, dim=-1, keepdim=True))


OWN = "segmenter."
"""Before the names of the segmenter's tensors."""


def _named(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{OWN}{name}": part for name, part in tensors.items()}
