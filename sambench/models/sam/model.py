"""SAM, SAM-HQ, SAM 2, SAM 3's tracker and EdgeTAM: `transformers`' encoders behind the references' own semantics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from sambench.config.ranges import SHARED, check_range
from sambench.masks.transfers import to_device
from sambench.models.base import PromptableModel
from sambench.models.devices import flush_denormals
from sambench.models.padding import chunks
from sambench.models.quantise import Quantisation, quantise_encoder
from sambench.models.sam.checkpoint_folders import FAMILIES
from sambench.models.sam.checkpoints import Checkpoint
from sambench.models.sam.decoder import DecoderImage, MaskDecoder, hq_features
from sambench.models.sam.light_networks import timm_version
from sambench.models.sam.positions import keep_positions
from sambench.models.sam.preprocess import Preprocessing, preprocessing_of, stack_pixels
from sambench.models.sam.token_rules import TokenRules
from sambench.types import Embedding, Masks, Prompts, Size

ENCODE_VERSION = 1
"""Raised whenever this module computes another embedding from the same weights and image."""


class TransformersSam(PromptableModel):
    """A SAM-family model with `transformers`' image encoder and this package's decoder over the same weights.

    Args:
        checkpoint: The loaded model; its module is changed in place.
        device: Where it runs.
        dtype: Of the image encoder and the embeddings.
        decode_dtype: Of the mask decoder.
        compile: Compile the image encoder.
        channels_last: Memory layout of the image encoder's convolutions.
        encode_batch_size: Images at once.
        decode_batch_size: Prompts at once, None for the device's default.
        rules: Which of the decoder's masks are answered.
        quantize: Fewer bits for the image encoder.
    """

    libraries: tuple[str, ...] = ("numpy", "transformers")

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        decode_dtype: torch.dtype = torch.float32,
        compile: bool = False,
        channels_last: bool = False,
        encode_batch_size: int = 1,
        decode_batch_size: int | None = None,
        rules: TokenRules | None = None,
        quantize: Quantisation | None = None,
    ) -> None:
        for key, size in {"encode_batch_size": encode_batch_size, "decode_batch_size": decode_batch_size}.items():
            check_range(size, SHARED[key], key)
        rules = TokenRules() if rules is None else rules
        self.device, self.dtype, self.decode_dtype = torch.device(device), dtype, decode_dtype
        self.family = checkpoint.family
        flush_denormals(self.device)
        self.quantised = None if quantize is None else quantise_encoder(checkpoint.model.vision_encoder, quantize)
        self.model, self.encoder = self._placed(checkpoint.model, compile, channels_last)
        self.preprocessing = self._preprocessing()
        self.decoder = MaskDecoder(self.model, rules)
        self.timm = timm_version(checkpoint.model.vision_encoder)
        if self.timm is not None:
            self.libraries = (*self.libraries, "timm")
        self.encode_batch_size = encode_batch_size
        self.decode_batch_size = decode_batch_size or (4 if self.device.type == "cpu" else 64)
        self.name = checkpoint.name
        self.provenance = self._describe(checkpoint, rules)
        self.fingerprint = self._fingerprint(checkpoint)
        self._prepared: tuple[Embedding, DecoderImage] | None = None

    def _preprocessing(self) -> Preprocessing:
        """Return how images become pixels: as the family's reference does."""
        return preprocessing_of(self.family, self.model.config)

    def _placed(self, model: Any, compile: bool, channels_last: bool) -> tuple[Any, Any]:
        """Return the module on its device and in its dtypes, and its image encoder as it is called."""
        model = model.to(self.device).requires_grad_(False)
        model.to(self.decode_dtype)
        model.prompt_encoder.float()
        model.shared_image_embedding.float()
        encoder = model.vision_encoder.to(self.dtype)
        if channels_last:
            encoder.to(memory_format=torch.channels_last)
        if self.device.type != "cpu" and not compile:
            keep_positions(encoder)
        return model, torch.compile(encoder) if compile else encoder

    def parts(self) -> dict[str, torch.nn.Module]:
        """Return the three modules that SAM consists of."""
        model = self.model
        return {"encoder": model.vision_encoder, "prompt_encoder": model.prompt_encoder, "decoder": model.mask_decoder}

    def _fingerprint(self, checkpoint: Checkpoint) -> str:
        what = {
            "weights": checkpoint.sha256,
            "preprocessing": self.preprocessing.describe(),
            "dtype": str(self.dtype),
            "class": FAMILIES[self.family][0],
            "transformers": transformers.__version__,
            "version": ENCODE_VERSION,
        }
        if self.quantised is not None:
            what["quantised"] = self.quantised
        if self.timm is not None:
            what["timm"] = self.timm
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def _describe(self, checkpoint: Checkpoint, rules: TokenRules) -> dict[str, object]:
        described: dict[str, object] = {
            "checkpoint": checkpoint.path,
            "sha256": checkpoint.sha256,
            "size_bytes": checkpoint.size_bytes,
            "format": checkpoint.format,
            "family": self.family,
            "variant": checkpoint.variant,
            "class": FAMILIES[self.family][0],
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "decode_dtype": str(self.decode_dtype).removeprefix("torch."),
            "preprocessing": self.preprocessing.describe(),
        }
        if self.timm is not None:
            described["timm"] = self.timm
        if checkpoint.notes:
            described["layout"] = list(checkpoint.notes)
        if self.quantised is not None:
            described["quantised"] = self.quantised
        if self.family == "sam_hq":
            described["hq_token_only"] = rules.hq_token_only
        elif self.family != "sam":
            described["dynamic_multimask"] = rules.dynamic_multimask
        return described

    @torch.inference_mode()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode (H, W, 3) uint8 RGB images; see `PromptableModel.encode`.

        An embedding holds "image_embedding" (C, h, w) and what the family's decoder needs besides
        (`MaskDecoder.prepare`), in the encoder's dtype.
        """
        flush_denormals(self.device)
        pixels = to_device(stack_pixels(self.preprocessing, images), self.device, self.dtype)
        tensors = self.features(self.encoder(pixels))
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        return [
            Embedding({name: part[index].to(self.dtype).contiguous() for name, part in tensors.items()}, size)
            for index, size in enumerate(sizes)
        ]

    def features(self, output: Any) -> dict[str, Tensor]:
        """Return the named batch of features that the decoder needs of the encoder's own output."""
        if self.family == "sam":
            return {"image_embedding": output.last_hidden_state}
        decoder = self.model.mask_decoder
        if self.family == "sam_hq":
            final, early = (
                part.to(self.decode_dtype) for part in (output.last_hidden_state, output.intermediate_embeddings[0])
            )
            return {"image_embedding": final, "hq_features": hq_features(decoder, final, early)}
        # SAM 3's neck has a fourth, coarser level, which its image predictor drops before it adds the embedding below.
        levels = [level.to(self.decode_dtype) for level in output.fpn_hidden_states[:3]]
        return {
            "image_embedding": levels[2] + self.model.no_memory_embedding.view(1, -1, 1, 1),
            "high_res_1": decoder.conv_s1(levels[1]),
            "high_res_0": decoder.conv_s0(levels[0]),
        }

    @torch.inference_mode()
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts; see `PromptableModel.decode`.

        Points labelled -1 are taken out first, so that a prompt's answer does not depend on the others of its batch.
        SAM-HQ gives one mask also for `multimask=True`: its best of three, as its reference does.

        Raises:
            ValueError: A prompt without any part, or mask logits of another size than the model's own.
        """
        flush_denormals(self.device)
        image = self._image(embedding)
        answers: list[tuple[np.ndarray, tuple[Tensor, Tensor]]] = []
        for some, part in chunks(prompts, self.decode_batch_size):
            answers.append((some.numpy(), self._decode_chunk(image, embedding, part, multimask)))
        rows = np.concatenate([rows for rows, _ in answers])
        logits, iou = (torch.cat([answer[i] for _, answer in answers]) for i in range(2))
        if (rows[1:] < rows[:-1]).any():
            order = to_device(torch.from_numpy(rows.argsort()), self.device)
            logits, iou = logits[order], iou[order]
        return Masks(logits.float(), iou.float(), self.preprocessing.frame(embedding.original_size))

    def _decode_chunk(
        self, image: DecoderImage, embedding: Embedding, prompts: Prompts, multimask: bool
    ) -> tuple[Tensor, Tensor]:
        points, boxes, masks = self._model_prompts(prompts, embedding.original_size)
        return self.decoder(image, points, boxes, masks, multimask)

    def _model_prompts(
        self, prompts: Prompts, size: Size
    ) -> tuple[tuple[Tensor, Tensor] | None, Tensor | None, Tensor | None]:
        """Return points with labels, boxes in the model's frame, and mask logits, on the model's device.

        Points and boxes are scaled where they are given, on the host, as the factors would have to be sent as well.
        """
        points = boxes = masks = None
        if prompts.points_xy is not None and prompts.labels is not None:
            xy = self.preprocessing.to_model(prompts.points_xy.cpu(), size)
            points = to_device(xy, self.device), to_device(prompts.labels, self.device, torch.int64)
        if prompts.boxes_xyxy is not None:
            corners = prompts.boxes_xyxy.cpu().unflatten(-1, (2, 2))
            boxes = to_device(self.preprocessing.to_model(corners, size).flatten(1), self.device)
        if prompts.mask_logits is not None:
            masks = to_device(prompts.mask_logits, self.device, torch.float32)
            expected = tuple(4 * side for side in self.decoder.grid)
            if masks.shape[1:] != expected:
                raise ValueError(f"mask prompts are (B, {expected[0]}, {expected[1]}) logits, got {tuple(masks.shape)}")
            if self.family not in ("sam", "sam_hq"):
                masks = masks.clamp(-32.0, 32.0)  # as sam2's predictor hands its own answers back
        return points, boxes, masks

    def _image(self, embedding: Embedding) -> DecoderImage:
        """Return what all prompts of the image share; that of the last image is kept."""
        kept = self._prepared
        if kept is None or kept[0] is not embedding:
            tensors = {
                name: to_device(part, self.device, self.decode_dtype) for name, part in embedding.tensors.items()
            }
            kept = embedding, self.decoder.prepare(tensors)
            self._prepared = kept
        return kept[1]
