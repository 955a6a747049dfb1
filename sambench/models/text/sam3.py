"""SAM 3 by `transformers`: phrases and clicks answered from one embedding, the output of the trunk that both share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
import transformers
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from sambench.config.ranges import SHARED, check_range
from sambench.errors import ModelError
from sambench.masks.transfers import to_device
from sambench.models.base import ConceptModel, Question
from sambench.models.devices import flush_denormals, torch_device, torch_dtype
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.preprocess import Square, stack_pixels
from sambench.models.sam.token_rules import TokenRules
from sambench.models.text.phrases import KeptTexts
from sambench.models.text.sam3_folders import Sam3Folder, load_sam3
from sambench.models.text.sam3_necks import Necks, repeated
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, Masks, Prompts

ENCODE_VERSION = 1
"""Raised whenever this module computes another embedding from the same weights and image."""

NO_CLICKS = "its folder is of Sam3Model, which takes phrases alone; a Sam3VideoModel's takes clicks as well"


def load(
    checkpoint: str | None,
    device: str = "auto",
    dtype: str = "fp32",
    decode_dtype: str = "fp32",
    encode_batch_size: int = 1,
    decode_batch_size: int | None = None,
    dynamic_multimask: bool = True,
) -> Sam3:
    """Load SAM 3; nothing is downloaded.

    Args:
        checkpoint: Local folder of `Sam3Model` (phrases) or `Sam3VideoModel` (phrases and clicks).
        device: "auto" (cuda, then mps, then cpu), "cpu", "cuda", "cuda:1", "mps".
        dtype: "fp32", "bf16" or "fp16" for the image encoder and the embeddings it gives.
        decode_dtype: The same for all that follows.
        encode_batch_size: Images at once in `encode`.
        decode_batch_size: Clicks at once in `decode`; None is 4 on a CPU and 64 elsewhere.
        dynamic_multimask: As of `model=sam`, for clicks.

    Raises:
        ModelError: The checkpoint cannot be loaded.
        UsageError: A wrong device or dtype.
    """
    if checkpoint is None:
        mend = "model.checkpoint=PATH; see docs/concepts.md"
        raise ModelError("no checkpoint is given", where="model.checkpoint", mend=mend)
    target = torch_device(device)
    dtypes = torch_dtype(dtype, "model.dtype"), torch_dtype(decode_dtype, "model.decode_dtype")
    rules = TokenRules(dynamic_multimask=dynamic_multimask)
    return Sam3(load_sam3(checkpoint), target, *dtypes, encode_batch_size, decode_batch_size, rules)


class Sam3(ConceptModel):
    """SAM 3: `Sam3Model` for phrases, and its tracker behind `TransformersSam` for clicks.

    The embedding is the trunk's output. The two necks, 2 % of the encoder, run again on a cached one.

    Args:
        folder: The loaded folder; its modules are changed in place.
        device: Where it runs.
        dtype: Of trunk and necks.
        decode_dtype: Of all that follows.
        encode_batch_size: Images at once.
        decode_batch_size: Clicks at once, None for the device's default.
        rules: Which of the masks for clicks are answered.
    """

    libraries: tuple[str, ...] = ("numpy", "transformers")
    name = "sam3"

    def __init__(
        self,
        folder: Sam3Folder,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        decode_dtype: torch.dtype = torch.float32,
        encode_batch_size: int = 1,
        decode_batch_size: int | None = None,
        rules: TokenRules | None = None,
    ) -> None:
        check_range(encode_batch_size, SHARED["encode_batch_size"], "encode_batch_size")
        self.device, self.dtype, self.decode_dtype = torch.device(device), dtype, decode_dtype
        flush_denormals(self.device)
        self.model = folder.model.to(self.device).requires_grad_(False).to(decode_dtype)
        self.clicks = None
        if folder.tracker is not None:
            self.clicks = TransformersSam(
                folder.tracker, self.device, dtype, decode_dtype, decode_batch_size=decode_batch_size, rules=rules
            )
        self.encoder = self.model.vision_encoder.to(dtype)
        config = self.encoder.config.backbone_config
        self.preprocessing = Square(int(config.image_size), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
        self.grid = 2 * [self.preprocessing.size // int(config.patch_size)]
        self.tokens = folder.tokens
        self.encode_batch_size = encode_batch_size
        self.provenance = self._describe(folder)
        self.fingerprint = self._fingerprint(folder)
        self._texts: KeptTexts[tuple[Tensor, Tensor]] = KeptTexts(self._read)
        self._necks = Necks(self.encoder, self.grid, self.device, dtype, decode_dtype)

    def _fingerprint(self, folder: Sam3Folder) -> str:
        what = {
            "weights": folder.provenance["sha256"],
            "preprocessing": self.preprocessing.describe(),
            "dtype": str(self.dtype),
            "class": "Sam3Model's trunk",
            "transformers": transformers.__version__,
            "version": ENCODE_VERSION,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def _describe(self, folder: Sam3Folder) -> dict[str, object]:
        described: dict[str, object] = {
            **folder.provenance,
            "class": "Sam3Model" if self.clicks is None else "Sam3Model, Sam3TrackerModel",
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "decode_dtype": str(self.decode_dtype).removeprefix("torch."),
            "preprocessing": self.preprocessing.describe(),
            "decoder_fingerprint": folder.tokens.sha256,
            "notes": self.tokens.notes,
        }
        if self.clicks is not None:
            described["dynamic_multimask"] = self.clicks.provenance["dynamic_multimask"]
        return described

    def parts(self) -> dict[str, nn.Module]:
        """Return the trunk, what reads phrases, and what finds their objects."""
        model = self.model
        modules = [self.encoder.neck, model.detr_encoder, model.detr_decoder, model.mask_decoder]
        return {
            "encoder": self.encoder.backbone,
            "prompt_encoder": nn.ModuleList([model.text_encoder, model.text_projection]),
            "decoder": nn.ModuleList([*modules, model.dot_product_scoring]),
        }

    def refuses(self, question: Question) -> str | None:
        """Refuse clicks where the folder holds no model of them."""
        return NO_CLICKS if self.clicks is None and not question.phrase else None

    @torch.inference_mode()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode (H, W, 3) uint8 RGB images; see `PromptableModel.encode`.

        An embedding holds "trunk", the (h * w, C) output of the last layer, in the encoder's dtype.
        """
        flush_denormals(self.device)
        pixels = to_device(stack_pixels(self.preprocessing, images), self.device, self.dtype)
        trunk = self.encoder.backbone(pixels).last_hidden_state
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        return [Embedding({"trunk": one.contiguous()}, size) for one, size in zip(trunk, sizes, strict=True)]

    @torch.inference_mode()
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases, all at once; see `ConceptModel.concepts`.

        A score is the query's own times that of presence; masks are logits of a quarter of the model's input size.
        """
        if not phrases:
            return []
        flush_denormals(self.device)
        text, mask = (torch.stack(parts) for parts in zip(*self._texts(phrases), strict=True))
        output = self.model(
            vision_embeds=repeated(self._necks.for_phrases(embedding), len(phrases)),
            text_embeds=BaseModelOutputWithPooling(pooler_output=text),
            attention_mask=mask,
        )
        presence = output.presence_logits.float().sigmoid()
        scores = output.pred_logits.float().sigmoid() * presence
        height, width = embedding.original_size
        sides = to_device(torch.tensor([width, height, width, height]), self.device)
        boxes = output.pred_boxes.float() * sides
        frame = self.preprocessing.frame(embedding.original_size)
        return [
            ConceptAnswer(
                scores[row],
                output.pred_masks[row].float(),
                boxes[row],
                frame,
                presence[row, 0],
                output.semantic_seg[row, 0].float(),
            )
            for row in range(len(phrases))
        ]

    @torch.inference_mode()
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer clicks and boxes as `model=sam3_tracker` does; see `PromptableModel.decode`.

        Raises:
            ModelError: The folder holds no model of clicks.
        """
        if self.clicks is None:
            raise ModelError(f"{self.name} has no answer to clicks: {NO_CLICKS}", mend="choose another checkpoint")
        return self.clicks.decode(self._necks.for_clicks(self.clicks, embedding), prompts, multimask)

    def _read(self, phrases: list[str]) -> list[tuple[Tensor, Tensor]]:
        """Return the (tokens, C) text of each phrase and its (tokens,) mask."""
        ids, mask = (to_device(part, self.device) for part in self.tokens(phrases))
        texts = self.model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
        return list(zip(texts, mask, strict=True))
