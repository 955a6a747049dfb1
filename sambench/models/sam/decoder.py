"""SAM-family mask decoding: prompts to tokens, tokens to masks, and each family's rule for which masks are answered.

Runs on the weights of `transformers`' modules and follows the references (segment_anything, segment_anything_hq, sam2),
also where `transformers` departs from them: its SAM-HQ decoder upscales the image embedding as it was before the
two-way transformer, and with height and width swapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)
from torch import Tensor

from sambench.models.sam.attention import SharedImage, TwoWayTransformer
from sambench.models.sam.blocks import as_matrix, as_tokens, from_blocks, to_blocks
from sambench.models.sam.token_rules import TokenRules, stable_or_best


@dataclass(frozen=True)
class DecoderImage:
    """One image, ready for the decoder.

    Attributes:
        tokens: (N, C) image tokens.
        shared: What prompts without a mask share.
        added: What the two upscaling steps add: biases and, for SAM 2 and later, high-resolution features.
        hq_features: SAM-HQ's (32, 4h, 4w) fused features, else None.
    """

    tokens: Tensor
    shared: SharedImage
    added: tuple[Tensor, Tensor]
    hq_features: Tensor | None


class MaskDecoder:
    """A SAM-family prompt encoder and mask decoder.

    The decoder may be of low precision; the prompt encoder and the positions are float32 always, since the eight bits
    of bfloat16 would move a point by four of 1024 pixels.

    Args:
        model: A `transformers` SamModel, SamHQModel, Sam2Model, Sam3TrackerModel or EdgeTamModel.
        rules: Which masks are answered.
    """

    def __init__(self, model: Any, rules: TokenRules) -> None:
        decoder = model.mask_decoder
        self.rules = rules
        self.prompt_encoder, self.decoder = model.prompt_encoder, decoder
        grid = model.get_image_wide_positional_embeddings()[0]
        self.grid = (int(grid.shape[1]), int(grid.shape[2]))
        self.dtype = decoder.iou_token.weight.dtype
        self.transformer = TwoWayTransformer(decoder.transformer, as_tokens(grid).to(self.dtype))
        self.no_mask = model.prompt_encoder.no_mask_embed.weight.to(self.dtype)
        self.is_hq = hasattr(decoder, "hq_token")
        first = [decoder.obj_score_token.weight] if hasattr(decoder, "obj_score_token") else []
        last = [decoder.hq_token.weight] if self.is_hq else []
        self.iou_index = len(first)
        self.mask_tokens = len(decoder.mask_tokens.weight)
        self.output_tokens = torch.cat([*first, decoder.iou_token.weight, decoder.mask_tokens.weight, *last])
        self.up1, self.up2 = (as_matrix(conv) for conv in (decoder.upscale_conv1, decoder.upscale_conv2))

    def prepare(self, tensors: dict[str, Tensor]) -> DecoderImage:
        """Compute what all prompts of an image share.

        Args:
            tensors: "image_embedding" (C, h, w); for SAM 2 and later "high_res_1" (C/4, 2h, 2w) and "high_res_0"
                (C/8, 4h, 4w); for SAM-HQ "hq_features" (C/8, 4h, 4w).
        """
        tokens = as_tokens(tensors["image_embedding"])
        biases = [conv.bias.repeat(4) for conv in (self.decoder.upscale_conv1, self.decoder.upscale_conv2)]
        if "high_res_1" in tensors:
            biases[0] = biases[0] + to_blocks(tensors["high_res_1"], self.grid)
            biases[1] = biases[1] + to_blocks(tensors["high_res_0"], self.grid).view(-1, len(biases[1]))
        return DecoderImage(
            tokens=tokens,
            shared=self.transformer.share(tokens + self.no_mask),
            added=(biases[0], biases[1]),
            hq_features=tensors.get("hq_features"),
        )

    def __call__(
        self,
        image: DecoderImage,
        points: tuple[Tensor, Tensor] | None,
        boxes: Tensor | None,
        mask_logits: Tensor | None,
        multimask: bool,
    ) -> tuple[Tensor, Tensor]:
        """Answer B prompts.

        Args:
            image: From `prepare`.
            points: (B, N, 2) in the model's frame and (B, N) labels without padding.
            boxes: (B, 4) XYXY in the model's frame.
            mask_logits: (B, 4h, 4w).
            multimask: True for the several candidates.

        Returns:
            (B, M, 4h, 4w) logits and (B, M) predicted IoU.
        """
        tokens, dense = self._embed(points, boxes, mask_logits)
        start: SharedImage | Tensor = image.shared if dense is None else image.tokens + dense
        tokens, image_tokens = self.transformer(tokens, start)
        iou = self.decoder.iou_prediction_head(tokens[:, self.iou_index])
        kernels = self._kernels(tokens[:, self.iou_index + 1 :])
        upscaled = self._upscale(image_tokens, image.added)
        if self.is_hq:
            return self._hq_answer(upscaled, kernels, iou, image, multimask)
        if multimask:
            return self._masks(upscaled, kernels[:, 1:]), iou[:, 1:]
        if hasattr(self.decoder, "dynamic_multimask_via_stability") and self.rules.dynamic_multimask:
            return stable_or_best(self._masks(upscaled, kernels), iou, self.rules)
        return self._masks(upscaled, kernels[:, :1]), iou[:, :1]

    def every_mask(self, image: DecoderImage, sparse: Tensor, dense: Tensor) -> tuple[Tensor, Tensor]:
        """Answer B prompts that are embedded already with every mask there is, for graphs that leave the choice open.

        Args:
            image: From `prepare`.
            sparse: (B, T, C) embedded points and corners.
            dense: (B, N, C) embedded earlier masks, or what says that there is none.

        Returns:
            (B, M, 4h, 4w) logits, token 0's first and SAM-HQ's high-quality one, by itself, last; (B, M') predicted
            IoU of SAM's tokens.
        """
        tokens = torch.cat([self.output_tokens.expand(sparse.shape[0], -1, -1), sparse.to(self.dtype)], dim=1)
        tokens, image_tokens = self.transformer(tokens, image.tokens + dense.to(self.dtype))
        kernels = self._kernels(tokens[:, self.iou_index + 1 :])
        upscaled = self._upscale(image_tokens, image.added)
        iou = self.decoder.iou_prediction_head(tokens[:, self.iou_index])
        if not self.is_hq:
            return self._masks(upscaled, kernels), iou
        masks = self._masks(upscaled, kernels[:, :-1])
        return torch.cat([masks, self._hq_masks(upscaled, kernels[:, -1], image)], dim=1), iou

    def _embed(
        self, points: tuple[Tensor, Tensor] | None, boxes: Tensor | None, mask_logits: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return (B, T, C) tokens and, for prompts with a mask, its (B, N, C) embedding."""
        sparse, dense = self.prompt_encoder(
            input_points=None if points is None else points[0][None],
            input_labels=None if points is None else points[1][None],
            input_boxes=None if boxes is None else boxes[None],
            input_masks=None if mask_logits is None else mask_logits[:, None],
        )
        batch = len(dense) if sparse is None else sparse.shape[1]
        tokens = self.output_tokens.expand(batch, -1, -1)
        if sparse is not None:
            tokens = torch.cat([tokens, sparse[0].to(self.dtype)], dim=1)
        return tokens, None if mask_logits is None else dense.to(self.dtype).flatten(2).transpose(1, 2)

    def _kernels(self, tokens: Tensor) -> Tensor:
        """Return each mask token's (B, masks, C/8) weights over the upscaled embedding."""
        mlps = list(self.decoder.output_hypernetworks_mlps)
        if self.is_hq:
            mlps.append(self.decoder.hq_mask_mlp)
        return torch.stack([mlp(tokens[:, index]) for index, mlp in enumerate(mlps)], dim=1)

    def _upscale(self, image_tokens: Tensor, added: tuple[Tensor, Tensor]) -> Tensor:
        """Return the (B, 16 N, C/8) upscaled embedding, in blocks of 4 x 4 pixels a token.

        A transposed convolution whose kernel equals its stride is one matrix product a pixel; left in the order the
        product gives, no pixel moves before the masks do.
        """
        norm = self.decoder.upscale_layer_norm
        x = (image_tokens @ self.up1).add_(added[0])
        x = x.unflatten(-1, (4, -1)).flatten(1, 2)
        x = F.gelu(F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps))
        x = F.gelu((x @ self.up2).add_(added[1]))
        return x.unflatten(-1, (4, -1)).flatten(1, 2)

    def _masks(self, upscaled: Tensor, kernels: Tensor) -> Tensor:
        """Return (B, M, 4h, 4w) logits of (B, M, C/8) kernels over the upscaled embedding."""
        return from_blocks(kernels @ upscaled.transpose(1, 2), self.grid)

    def _hq_answer(
        self, upscaled: Tensor, kernels: Tensor, iou: Tensor, image: DecoderImage, multimask: bool
    ) -> tuple[Tensor, Tensor]:
        """Answer with SAM-HQ's one mask: the best of tokens 1-3 (or token 0) plus the high-quality token's."""
        chosen = iou[:, 1:].argmax(dim=1) + 1 if multimask else torch.zeros_like(iou[:, 0], dtype=torch.long)
        rows = torch.arange(len(iou), device=iou.device)
        masks = self._hq_masks(upscaled, kernels[:, -1], image)
        if not self.rules.hq_token_only:
            masks = masks + self._masks(upscaled, kernels[rows, chosen][:, None])
        return masks, iou[rows, chosen][:, None]

    def _hq_masks(self, upscaled: Tensor, kernels: Tensor, image: DecoderImage) -> Tensor:
        """Return (B, 1, 4h, 4w) logits of the high-quality token.

        Its (B, C/8) kernel is taken through the last 3 x 3 convolution first, which leaves one output channel of it.
        """
        decoder, (height, width) = self.decoder, self.grid
        if image.hq_features is None:
            raise ValueError("a SAM-HQ embedding holds hq_features")
        features = from_blocks(upscaled.transpose(1, 2), self.grid)
        x = F.gelu(decoder.mask_norm(decoder.mask_conv1(features)))
        taps = torch.einsum("bo,oiyx->byxi", kernels, decoder.mask_conv2.weight.flip(2, 3)).flatten(1, 2)
        masks = F.fold(taps @ x.flatten(2), (4 * height, 4 * width), kernel_size=3, padding=1)
        constant = kernels @ (image.hq_features.flatten(1) + decoder.mask_conv2.bias[:, None])
        return masks + constant.view_as(masks)


def hq_features(decoder: Any, image_embeddings: Tensor, early: Tensor) -> Tensor:
    """Fuse SAM-HQ's final and early features: (B, C, h, w) and (B, h, w, V) to (B, C/8, 4h, 4w).

    `early` comes from the encoder's first block with global attention (`MaskDecoderHQ.forward`).
    """
    x = decoder.encoder_conv2(F.gelu(decoder.encoder_norm(decoder.encoder_conv1(image_embeddings))))
    y = decoder.compress_vit_conv1(early.permute(0, 3, 1, 2))
    return x + decoder.compress_vit_conv2(F.gelu(decoder.compress_vit_norm(y)))
