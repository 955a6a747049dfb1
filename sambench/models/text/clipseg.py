"""CLIPSeg by `transformers`: a map of where a phrase is, cut into its connected parts."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import torch
from skimage.measure import label
from torch import Tensor, nn

from sambench.config.ranges import SHARED, Range, check_range
from sambench.masks.transfers import to_device
from sambench.models.base import ConceptModel
from sambench.models.devices import flush_denormals, torch_device, torch_dtype
from sambench.models.text.folders import Expected, load_folder, tokens_of
from sambench.models.text.phrases import KeptTexts
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, MaskFrame

ENCODE_VERSION = 1
"""Raised whenever this module computes another embedding from the same weights and image."""

EXPECTED = Expected("clipseg", "CLIPSegForImageSegmentation", "ViTImageProcessorPil")

ELSEWHERE = -10.0
"""Logit of an instance's mask where other instances are."""


class ClipSeg(ConceptModel):
    """CLIPSeg: one map a phrase; what is above a threshold is one instance a connected part, or one in all.

    The embedding is the three layers of the image encoder that the decoder reads. An instance's score is the mean
    probability of its pixels; there is no presence.

    Args:
        checkpoint: Local folder of `CLIPSegForImageSegmentation`.
        device: "auto" (cuda, then mps, then cpu), "cpu", "cuda", "cuda:1", "mps".
        dtype: "fp32", "bf16" or "fp16" for the image encoder and the embeddings it gives.
        threshold: Probability above which a pixel is the phrase's.
        instances: "components" parts what is not connected (by edges or corners), "whole" does not.
        template: What the phrase is put into.
        encode_batch_size: Images at once in `encode`.

    Raises:
        ModelError: The checkpoint cannot be loaded.
        UsageError: A wrong device or dtype.
    """

    libraries: tuple[str, ...] = ("numpy", "pillow", "transformers")
    name = "clipseg"

    def __init__(
        self,
        checkpoint: str | None,
        device: str = "auto",
        dtype: str = "fp32",
        threshold: Annotated[float, Range(0, 1)] = 0.5,
        instances: Literal["components", "whole"] = "components",
        template: str = "{}",
        encode_batch_size: int = 1,
    ) -> None:
        check_range(encode_batch_size, SHARED["encode_batch_size"], "encode_batch_size")
        self.device, self.dtype = torch_device(device), torch_dtype(dtype, "model.dtype")
        self.folder = load_folder(checkpoint, EXPECTED)
        self.model = self.folder.model.to(self.device).requires_grad_(False)
        self.vision = self.model.clip.vision_model.to(self.dtype)
        length = int(self.model.config.text_config.max_position_embeddings)
        self.tokens = tokens_of(self.folder, EXPECTED, length, template)
        self.threshold, self.instances, self.encode_batch_size = threshold, instances, encode_batch_size
        provenance = {**self.folder.provenance, "dtype": dtype}
        self.provenance = {**provenance, "decoder_fingerprint": self.tokens.sha256, "notes": self.tokens.notes}
        known = {key: provenance[key] for key in ("sha256", "class", "transformers", "preprocessing", "dtype")}
        whole = json.dumps({**known, "version": ENCODE_VERSION}, sort_keys=True)
        self.fingerprint = hashlib.sha256(whole.encode()).hexdigest()
        self._texts: KeptTexts[Tensor] = KeptTexts(self._embedded)

    def parts(self) -> dict[str, nn.Module]:
        """Return the image encoder, the text encoder and the decoder."""
        clip = self.model.clip
        return {"encoder": self.vision, "prompt_encoder": clip.text_model, "decoder": self.model.decoder}

    @torch.inference_mode()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images; an embedding holds "layers", (3, tokens, C) in the encoder's dtype."""
        flush_denormals(self.device)
        pixels = to_device(torch.stack([self.folder.pixels(image) for image in images]), self.device, self.dtype)
        states = self.vision(pixel_values=pixels, output_hidden_states=True).hidden_states
        layers = torch.stack([states[layer + 1] for layer in self.model.extract_layers], 1)
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        return [Embedding({"layers": one.contiguous()}, size) for one, size in zip(layers, sizes, strict=True)]

    @torch.inference_mode()
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases, all at once; see `ConceptModel.concepts`. The map itself is the answer's `semantic`."""
        if not phrases:
            return []
        flush_denormals(self.device)
        layers = to_device(embedding.tensors["layers"], self.device, torch.float32)
        repeated = [layer.expand(len(phrases), -1, -1) for layer in layers]
        maps = self.model.decoder(tuple(repeated), torch.stack(self._texts(phrases))).logits
        maps = maps.reshape(len(phrases), *maps.shape[-2:])
        frame = MaskFrame(embedding.original_size)
        return [self._answer(one, labels, frame) for one, labels in zip(maps, self._labels(maps), strict=True)]

    def _labels(self, maps: Tensor) -> list[np.ndarray]:
        """Return (h, w) integers a map, 0 where the phrase is not and 1, 2, ... by instance."""
        above = (maps > self._cut).cpu().numpy()
        if self.instances == "whole":
            return [one.astype(np.int64) for one in above]
        return [label(one, connectivity=2) for one in above]

    @property
    def _cut(self) -> float:
        """The threshold as a logit."""
        inside = 0 < self.threshold < 1
        return math.log(self.threshold / (1 - self.threshold)) if inside else math.inf * (self.threshold - 0.5)

    def _answer(self, semantic: Tensor, labels: np.ndarray, frame: MaskFrame) -> ConceptAnswer:
        """Make an instance of each label; a mask keeps the map's own slope towards what is not the phrase's."""
        on_device = to_device(torch.from_numpy(labels), self.device)
        numbers = torch.arange(1, int(labels.max(initial=0)) + 1, device=self.device)
        own = on_device == numbers[:, None, None]
        inside = own.flatten(1).float()
        scores = (inside * semantic.sigmoid().flatten()).sum(1) / inside.sum(1)
        logits = torch.where(own | (on_device == 0), semantic - self._cut, ELSEWHERE)
        return ConceptAnswer(scores, logits, None, frame, semantic=semantic)

    def _embedded(self, phrases: list[str]) -> list[Tensor]:
        """Return the (C,) embedding of each phrase."""
        ids, mask = (to_device(part, self.device) for part in self.tokens(phrases))
        embeddings = self.model.get_conditional_embeddings(len(phrases), input_ids=ids, attention_mask=mask)
        return list(embeddings)
