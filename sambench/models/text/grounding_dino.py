"""Grounding DINO by `transformers`, with a segmenter: boxes of a phrase, drawn by a promptable model of the suite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn

from sambench.config.ranges import Range
from sambench.errors import ModelError
from sambench.masks.transfers import Arrival, to_device
from sambench.models.base import ConceptModel
from sambench.models.devices import flush_denormals
from sambench.models.text.folders import Expected, load_folder, tokens_of
from sambench.models.text.segmenters import Segmenter, corners
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, Sample

EXPECTED = Expected("grounding-dino", "GroundingDinoForObjectDetection", "GroundingDinoImageProcessorPil", "bert")


class GroundingDino(ConceptModel):
    """Grounding DINO: boxes of one phrase at a time, the sure ones drawn.

    Text goes into its image encoder, so that no embedding of the image serves all phrases: embeddings, and their cache
    entries, are the segmenter's own. What comes before the text, the backbone, is kept for the image at hand.

    Args:
        checkpoint: Local folder of `GroundingDinoForObjectDetection`.
        segmenter: A model that takes boxes: its `name`, `checkpoint` and other switches.
        device: Where both run.
        dtype: "fp32", "bf16" or "fp16" for the segmenter's image encoder; the detector runs in fp32.
        box_threshold: Boxes are drawn whose score is above.
        template: What the phrase is put into; a caption ends with a full stop.

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
        box_threshold: Annotated[float, Range(0, 1)] = 0.25,
        template: str = "{}.",
    ) -> None:
        self.folder = load_folder(checkpoint, EXPECTED)
        self.segmenter = Segmenter(segmenter, device, dtype)
        self.device, drawing = self.segmenter.device, self.segmenter.model
        self.model = self.folder.model.to(self.device).requires_grad_(False)
        self.model.model.backbone = KeptBackbone(self.model.model.backbone)
        self.tokens = tokens_of(self.folder, EXPECTED, int(self.model.config.max_text_len), template)
        self.box_threshold, self.name = box_threshold, f"grounding_dino+{drawing.name}"
        self.fingerprint, self.cacheable = drawing.fingerprint, drawing.cacheable
        self.libraries, self.encode_batch_size = drawing.libraries, drawing.encode_batch_size
        provenance = self.folder.provenance
        decoding = (
            f"{provenance['sha256']} {provenance['preprocessing']} {provenance['transformers']} {self.tokens.sha256}"
        )
        self.provenance = {
            **provenance,
            "segmenter": {"name": drawing.name, **drawing.provenance},
            "decoder_fingerprint": hashlib.sha256(f"{decoding} {self.segmenter.identity}".encode()).hexdigest(),
            "notes": self.tokens.notes,
        }
        self._image: np.ndarray | None = None
        self._pixels: dict[str, Tensor] | None = None

    def parts(self) -> Mapping[str, nn.Module]:
        """Return the segmenter's, its decoder with all of the detector."""
        drawing = dict(self.segmenter.model.parts())
        held = [part for part in [drawing.pop("decoder", None), self.model] if part is not None]
        return {**drawing, "decoder": nn.ModuleList(held)}

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Let the segmenter encode."""
        return self.segmenter.encode(images)

    def about(self, sample: Sample) -> None:
        """Keep the image, which no embedding holds."""
        self._image, self._pixels = sample.image, None

    @torch.inference_mode()
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases, one at a time; see `ConceptModel.concepts`.

        A box's score is that of its likest token. Boxes at or below the threshold are left out, as each costs a mask.

        Raises:
            ModelError: `about` was not told of the image.
        """
        if self._image is None or self._image.shape[:2] != tuple(embedding.original_size):
            what = f"{self.name} reads the image with each phrase, and was not told of it"
            raise ModelError(what, mend="call `about` with the sample first, or use task=concepts, which does")
        flush_denormals(self.device)
        if self._pixels is None:
            inputs = self.folder.images(images=self._image, return_tensors="pt", input_data_format="channels_last")
            self._pixels = {key: to_device(inputs[key], self.device) for key in ("pixel_values", "pixel_mask")}
        return [self._answer(embedding, self._pixels, phrase) for phrase in phrases]

    def _answer(self, embedding: Embedding, pixels: Mapping[str, Tensor], phrase: str) -> ConceptAnswer:
        ids, mask = self.tokens([phrase])
        there = mask[0].bool()
        text = {"input_ids": ids[:, there], "attention_mask": mask[:, there]}
        output = self.model(**pixels, **{key: to_device(part, self.device) for key, part in text.items()})
        height, width = embedding.original_size
        sides = to_device(torch.tensor([width, height, width, height]), self.device)
        scores, boxes = Arrival(output.logits[0].sigmoid().amax(-1), corners(output.pred_boxes[0]) * sides).tensors()
        chosen = scores > self.box_threshold
        return self.segmenter.answer(embedding, boxes[chosen], scores[chosen])


class KeptBackbone(nn.Module):
    """A backbone that runs once for the same pixels.

    Args:
        given: The backbone, called with pixels and their mask.
    """

    def __init__(self, given: nn.Module) -> None:
        super().__init__()
        self.given, self.position_embedding = given, given.position_embedding
        self._last: tuple[Tensor, tuple[list[Any], list[Any]]] | None = None

    def forward(self, pixels: Tensor, mask: Tensor) -> tuple[list[Any], list[Any]]:
        """Return features and positions, in lists of the caller's own, as it adds to them."""
        if self._last is None or self._last[0] is not pixels:
            self._last = pixels, self.given(pixels, mask)
        features, positions = self._last[1]
        return list(features), list(positions)
