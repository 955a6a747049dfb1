"""A native model's two halves as modules that can be traced, with the names of the contracts that they follow.

SAM's decoder follows segment_anything's names (four masks, low resolution only, several prompts at once), SAM-HQ's the
same with one more mask for the high-quality token, SAM 2's and its relatives' samexporter's, with all four masks.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from sambench.models.sam.decoder import hq_features
from sambench.models.sam.model import TransformersSam

Half = Literal["encoder", "decoder"]

ENCODER_INPUT = {"sam": "input_image", "sam_hq": "input_image"}
"""Family -> the encoder's input; "image" for all others."""

ENCODER_OUTPUTS = {
    "sam": ("image_embeddings",),
    "sam_hq": ("image_embeddings", "interm_embeddings"),
}
"""Family -> the encoder's outputs; SAM 2's for all others."""

SAM2_OUTPUTS = ("high_res_feats_0", "high_res_feats_1", "image_embed")


def encoder_outputs(family: str) -> tuple[str, ...]:
    """Return the names of an encoder's outputs."""
    return ENCODER_OUTPUTS.get(family, SAM2_OUTPUTS)


def decoder_outputs(family: str) -> tuple[str, str]:
    """Return the names of a decoder's outputs: low-resolution logits and scores."""
    return ("low_res_masks" if family in ENCODER_OUTPUTS else "masks"), "iou_predictions"


class EncoderGraph(nn.Module):
    """(1, 3, S, S) normalised pixels to features, as the decoder's inputs are named.

    Args:
        sam: The model.
    """

    def __init__(self, sam: TransformersSam) -> None:
        super().__init__()
        self.sam, self.encoder = sam, sam.encoder

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the features."""
        made = self.encoder(pixels)
        if self.sam.family == "sam":
            return (made.last_hidden_state,)
        if self.sam.family == "sam_hq":
            return made.last_hidden_state, made.intermediate_embeddings[0][None]
        features = self.sam.features(made)
        return features["high_res_0"], features["high_res_1"], features["image_embedding"]


class DecoderGraph(nn.Module):
    """Features and labelled points to every mask of the decoder.

    Args:
        sam: The model.
    """

    def __init__(self, sam: TransformersSam) -> None:
        super().__init__()
        self.family, self.side = sam.family, sam.preprocessing.size
        self.model, self.decoder = sam.model, sam.decoder

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Answer P prompts.

        Args:
            inputs: The features (`encoder_outputs`, each with a batch of one), (P, N, 2) points in the model's frame,
                (P, N) float labels, (P, 1, 4h, 4w) earlier logits and (1,) 1 where these count.

        Returns:
            (P, M, 4h, 4w) logits and (P, 4) scores.
        """
        *features, points, labels, masks, has_mask = inputs
        named = dict(zip(encoder_outputs(self.family), features, strict=True))
        image = self.decoder.prepare(self._tensors(named))
        dense = self._dense(masks, has_mask)
        return self.decoder.every_mask(image, self._sparse(points, labels), dense)

    def _tensors(self, named: dict[str, Tensor]) -> dict[str, Tensor]:
        if self.family == "sam":
            return {"image_embedding": named["image_embeddings"][0]}
        if self.family == "sam_hq":
            final = named["image_embeddings"]
            fused = hq_features(self.model.mask_decoder, final, named["interm_embeddings"][0])
            return {"image_embedding": final[0], "hq_features": fused[0]}
        return {
            "image_embedding": named["image_embed"][0],
            "high_res_1": named["high_res_feats_1"][0],
            "high_res_0": named["high_res_feats_0"][0],
        }

    def _sparse(self, points: Tensor, labels: Tensor) -> Tensor:
        """Return (P, T, C) embeddings of points (0, 1), corners (2, 3) and the point that is none (-1)."""
        prompts = self.model.prompt_encoder
        if self.family not in ENCODER_OUTPUTS:  # SAM 2 adds that point to every prompt
            points = torch.cat([points, torch.zeros_like(points[:, :1])], 1)
            labels = torch.cat([labels, -torch.ones_like(labels[:, :1])], 1)
        embedded = prompts.shared_embedding(((points + 0.5) / self.side)[None])[0]
        labels = labels[..., None]
        embedded = torch.where(labels == -1, prompts.not_a_point_embed.weight[0], embedded)
        table = prompts.point_embed
        for kind in range(4):
            learnt = table.weight[kind] if isinstance(table, nn.Embedding) else table[kind].weight[0]
            embedded = embedded + learnt * (labels == kind)
        return embedded

    def _dense(self, masks: Tensor, has_mask: Tensor) -> Tensor:
        """Return the (P, N, C) embedding of earlier masks, or of there being none."""
        prompts = self.model.prompt_encoder
        given = prompts.mask_embed(masks).flatten(2).transpose(1, 2)
        return given * has_mask + prompts.no_mask_embed.weight[0] * (1 - has_mask)


def to_trace(sam: TransformersSam, half: Half) -> tuple[nn.Module, dict[str, Tensor], tuple[str, ...]]:
    """Return the graph of one half, named inputs that it can be traced with, seeded, and the names of its outputs."""
    generator = torch.Generator().manual_seed(0)
    side = sam.preprocessing.size
    pixels = torch.randn((1, 3, side, side), generator=generator)
    if half == "encoder":
        inputs = {ENCODER_INPUT.get(sam.family, "image"): pixels}
        return EncoderGraph(sam).eval(), inputs, encoder_outputs(sam.family)
    return DecoderGraph(sam).eval(), _example_prompts(sam, pixels, generator), decoder_outputs(sam.family)


def _example_prompts(
    sam: TransformersSam, pixels: Tensor, generator: torch.Generator, number: int = 2, points: int = 3
) -> dict[str, Tensor]:
    """Return the features of pixels with P prompts of N points, by the names of a decoder's inputs."""
    with torch.no_grad():
        features = EncoderGraph(sam)(pixels)
    side, decoder = sam.preprocessing.size, sam.decoder
    grid = (4 * length for length in decoder.grid)
    asked = {
        "point_coords": torch.rand((number, points, 2), generator=generator) * side,
        "point_labels": torch.randint(-1, 4, (number, points), generator=generator).float(),
        "mask_input": torch.randn((number, 1, *grid), generator=generator),
        "has_mask_input": torch.ones(1),
    }
    return {**dict(zip(encoder_outputs(sam.family), features, strict=True)), **asked}
