"""SAM's decoder on light encoders: TinyViT (MobileSAM, Light HQ-SAM) and RepViT (RepViT-SAM, EdgeSAM).

The authors took a network for classification and changed how far it shrinks the image; timm keeps the same networks
under other names. Here an encoder is read off the authors' tensors and these get timm's names (`light_networks` builds
it). All see 1024 pixels a side and give a grid of 64, which no tensor tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sambench.models.sam.convert_sam import Tensors, convert_sam, count, head_config, prompt_config, rename

SIDE, PATCH = 1024, 16
"""The input's side in pixels, and pixels a token of the embedding."""

_TINY_VIT = "image_encoder.patch_embed.seq.0.c.weight"
_REPVIT = "image_encoder.features.0.0.c.weight"
LIGHT = (_TINY_VIT, _REPVIT)
"""A tensor of each kind."""

VARIANTS: dict[tuple[str, tuple[int, ...], tuple[int, ...]], str] = {
    ("tiny_vit", (64, 128, 160, 320), (2, 2, 6, 2)): "tiny_vit_5m",
    ("repvit", (80, 160, 320, 640), (6, 6, 34, 2)): "repvit_m2_3",
    ("edge", (48, 96, 192, 384), (2, 2, 14, 2)): "repvit_m1",
}
"""(kind, channels, blocks of the stages) of the published encoders."""

NAMES = {
    ("sam", "tiny_vit_5m"): "mobile_sam",
    ("sam_hq", "tiny_vit_5m"): "light_hq_sam",
    ("sam", "repvit_m2_3"): "repvit_sam",
    ("sam", "repvit_m1"): "edge_sam",
}
"""(family, variant) -> what the authors call it."""

_CONV = (r"\.c\.(\w+)$", r".conv.\1")
_TINY_VIT_RULES = [
    (r"^vision_encoder\.patch_embed\.seq\.0\.", "vision_encoder.trunk.patch_embed.conv1."),
    (r"^vision_encoder\.patch_embed\.seq\.2\.", "vision_encoder.trunk.patch_embed.conv2."),
    (r"^vision_encoder\.layers\.(\d+)\.blocks\.", r"vision_encoder.trunk.stages.\1.blocks."),
    _CONV,
]
_REPVIT_BLOCK = [
    (r"^token_mixer\.0\.", "token_mixer."),
    (r"^token_mixer\.1\.", "se."),
    (r"^channel_mixer\.m\.0\.", "channel_mixer.conv1."),
    (r"^channel_mixer\.m\.2\.", "channel_mixer.conv2."),
]
_REPVIT_DOWNSAMPLE = [
    (r"^token_mixer\.0\.", "spatial_downsample."),
    (r"^token_mixer\.2\.", "channel_downsample."),
    (r"^channel_mixer\.m\.0\.", "ffn.conv1."),
    (r"^channel_mixer\.m\.2\.", "ffn.conv2."),
]


@dataclass(frozen=True)
class LightConfig:
    """A light encoder, read off its tensors.

    Attributes:
        kind: "tiny_vit"; "repvit", whose last stage does not shrink the image; "edge", a RepViT whose last two stages
            are added.
        channels: Of the stages.
        depths: Blocks of the stages.
        heads: Of each stage's attention, TinyViT.
        windows: Sides of its windows.
        embedding: Channels of the embedding.
    """

    kind: str
    channels: tuple[int, ...]
    depths: tuple[int, ...]
    heads: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    embedding: int = 256

    @property
    def variant(self) -> str | None:
        """Which published size it is, None for any other."""
        return VARIANTS.get((self.kind, self.channels, self.depths))


def light_config(tensors: Tensors) -> LightConfig | None:
    """Return the light encoder of original tensors, None where there is none."""
    if _TINY_VIT in tensors:
        return _tiny_vit_config(tensors)
    if _REPVIT in tensors:
        return _repvit_config(tensors)
    return None


def light_sam_config(config: LightConfig, tensors: Tensors) -> dict[str, dict[str, Any]]:
    """Return the sub-configurations of SamConfig or SamHQConfig around a light encoder.

    That of the vision encoder only says what the rest of the model asks of it.
    """
    decoder = head_config(tensors, "mask_decoder", "mlp.lin1")
    if "mask_decoder.hf_token.weight" in tensors:
        decoder["vit_dim"] = config.channels[2]
    positions = tensors["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]
    vision = {"num_hidden_layers": 1, "image_size": SIDE, "patch_size": PATCH, "output_channels": config.embedding}
    return {
        "vision_config": {**vision, "num_pos_feats": int(positions.shape[1])},
        "prompt_encoder_config": prompt_config(tensors, SIDE // PATCH, PATCH),
        "mask_decoder_config": decoder,
    }


def _tiny_vit_config(tensors: Tensors) -> LightConfig:
    encoder = "image_encoder"
    stages = range(count(tensors, f"{encoder}.layers"))
    merged = [int(tensors[f"{encoder}.layers.{i}.downsample.conv3.c.weight"].shape[0]) for i in stages[:-1]]
    biases = [tensors[f"{encoder}.layers.{i}.blocks.0.attn.attention_biases"] for i in stages[1:]]
    return LightConfig(
        "tiny_vit",
        channels=(int(tensors[f"{encoder}.patch_embed.seq.2.c.weight"].shape[0]), *merged),
        depths=tuple(count(tensors, f"{encoder}.layers.{i}.blocks") for i in stages),
        heads=(1, *(int(bias.shape[0]) for bias in biases)),
        windows=(1, *(round(bias.shape[1] ** 0.5) for bias in biases)),
        embedding=int(tensors[f"{encoder}.neck.0.weight"].shape[0]),
    )


def _repvit_config(tensors: Tensors) -> LightConfig:
    blocks = _repvit_blocks(tensors)
    stages = 1 + max(stage for stage, _ in blocks.values())
    channels = [int(tensors["image_encoder.features.0.2.c.weight"].shape[0])]
    for feature, (_, block) in blocks.items():
        if block == "downsample":
            channels.append(int(tensors[f"image_encoder.features.{feature}.token_mixer.2.c.weight"].shape[0]))
    return LightConfig(
        "edge" if "image_encoder.fuse_stage2.weight" in tensors else "repvit",
        channels=tuple(channels),
        depths=tuple(
            sum(stage == i and block.startswith("blocks.") for stage, block in blocks.values()) for i in range(stages)
        ),
        embedding=int(tensors["image_encoder.neck.0.weight"].shape[0]),
    )


def _repvit_blocks(tensors: Tensors) -> dict[int, tuple[int, str]]:
    """Return where timm has each numbered block: its stage, and "blocks.N", "downsample.pre_block" or "downsample".

    The authors number all blocks in a row; the one before a stage shrinks the image belongs to that stage in timm.
    """
    last = count(tensors, "image_encoder.features")
    shrinking = [i for i in range(1, last) if f"image_encoder.features.{i}.token_mixer.2.c.weight" in tensors]
    blocks, stage, block = {}, 0, 0
    for i in range(1, last):
        if i + 1 in shrinking:
            stage, block = stage + 1, 0
            blocks[i] = (stage, "downsample.pre_block")
        elif i in shrinking:
            blocks[i] = (stage, "downsample")
        else:
            blocks[i] = (stage, f"blocks.{block}")
            block += 1
    return blocks


def convert_light(config: LightConfig, tensors: Tensors) -> dict[str, Tensor]:
    """Return tensors under the names of SamModel or SamHQModel around the encoder, without its classifier."""
    renamed = convert_sam(tensors)
    if config.kind == "tiny_vit":
        kept = {k: v for k, v in renamed.items() if not re.match(r"vision_encoder\.(norm_head|head)\.", k)}
        moved = {re.sub(r"\.layers\.(\d+)\.downsample\.", _next_stage, name): one for name, one in kept.items()}
        return {rename(name, _TINY_VIT_RULES): tensor for name, tensor in moved.items()}
    blocks = _repvit_blocks(tensors)
    return {_repvit_name(name, blocks): tensor for name, tensor in renamed.items()}


def _next_stage(match: re.Match[str]) -> str:
    return f".trunk.stages.{int(match[1]) + 1}.downsample."


def _repvit_name(name: str, blocks: Mapping[int, tuple[int, str]]) -> str:
    match = re.fullmatch(r"vision_encoder\.features\.(\d+)\.(.*)", name)
    if match is None:
        return name.replace("vision_encoder.fuse_stage3.op_list.0.", "vision_encoder.fuse_stage3.")
    feature, rest = int(match[1]), match[2]
    if feature == 0:
        return f"vision_encoder.trunk.stem.{rename(rest, [(r'^0[.]', 'conv1.'), (r'^2[.]', 'conv2.')])}"
    stage, block = blocks[feature]
    rules = _REPVIT_DOWNSAMPLE if block == "downsample" else _REPVIT_BLOCK
    return f"vision_encoder.trunk.stages.{stage}.{block}.{rename(rest, rules)}"
