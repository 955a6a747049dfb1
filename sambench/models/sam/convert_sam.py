"""SAM and SAM-HQ checkpoints of their authors as `transformers` models: configuration from shapes, names from rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

Tensors = Mapping[str, Tensor]

VARIANTS = {(768, 12): "vit_b", (1024, 24): "vit_l", (1280, 32): "vit_h"}
"""(channels, blocks) of the published encoders."""

_RULES = [
    (r"^image_encoder\.", "vision_encoder."),
    (r"^vision_encoder\.blocks\.(\d+)\.norm([12])\.", r"vision_encoder.layers.\1.layer_norm\2."),
    (r"^vision_encoder\.blocks\.", "vision_encoder.layers."),
    (r"\.patch_embed\.proj\.", ".patch_embed.projection."),
    (r"\.neck\.0\.", ".neck.conv1."),
    (r"\.neck\.1\.", ".neck.layer_norm1."),
    (r"\.neck\.2\.", ".neck.conv2."),
    (r"\.neck\.3\.", ".neck.layer_norm2."),
    (r"^mask_decoder\.hf_token\.", "mask_decoder.hq_token."),
    (r"^mask_decoder\.hf_mlp\.", "mask_decoder.hq_mask_mlp."),
    (r"\.compress_vit_feat\.0\.", ".compress_vit_conv1."),
    (r"\.compress_vit_feat\.1\.", ".compress_vit_norm."),
    (r"\.compress_vit_feat\.3\.", ".compress_vit_conv2."),
    (r"\.embedding_encoder\.0\.", ".encoder_conv1."),
    (r"\.embedding_encoder\.1\.", ".encoder_norm."),
    (r"\.embedding_encoder\.3\.", ".encoder_conv2."),
    (r"\.embedding_maskfeature\.0\.", ".mask_conv1."),
    (r"\.embedding_maskfeature\.1\.", ".mask_norm."),
    (r"\.embedding_maskfeature\.3\.", ".mask_conv2."),
]

HEAD_RULES = [
    (r"\.transformer\.layers\.(\d+)\.norm(\d)\.", r".transformer.layers.\1.layer_norm\2."),
    (r"\.transformer\.norm_final_attn\.", ".transformer.layer_norm_final_attn."),
    (r"\.output_upscaling\.0\.", ".upscale_conv1."),
    (r"\.output_upscaling\.1\.", ".upscale_layer_norm."),
    (r"\.output_upscaling\.3\.", ".upscale_conv2."),
    (r"\.mask_downscaling\.0\.", ".mask_embed.conv1."),
    (r"\.mask_downscaling\.1\.", ".mask_embed.layer_norm1."),
    (r"\.mask_downscaling\.3\.", ".mask_embed.conv2."),
    (r"\.mask_downscaling\.4\.", ".mask_embed.layer_norm2."),
    (r"\.mask_downscaling\.6\.", ".mask_embed.conv3."),
    (r"\.point_embeddings\.", ".point_embed."),
    (r"\.pe_layer\.positional_encoding_gaussian_matrix$", ".shared_embedding.positional_embedding"),
]
"""Names of prompt encoder and mask decoder, the same in SAM and SAM 2."""

_MLP = re.compile(
    r"(.*\.(?:iou_prediction_head|output_hypernetworks_mlps\.\d+|hq_mask_mlp|pred_obj_score_head))\.layers\.(\d+)\.(\w+)"
)


def rename(name: str, rules: list[tuple[str, str]]) -> str:
    """Apply every rule to a tensor's name, in order."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def rename_mlps(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name an MLP's first layer `proj_in`, its last `proj_out` and those between `layers.0`, `layers.1`..."""
    depths: dict[str, int] = {}
    for name in tensors:
        if match := _MLP.fullmatch(name):
            depths[match[1]] = max(depths.get(match[1], 0), int(match[2]))
    renamed = {}
    for name, tensor in tensors.items():
        if match := _MLP.fullmatch(name):
            layer = int(match[2])
            layer_name = "proj_in" if layer == 0 else "proj_out" if layer == depths[match[1]] else f"layers.{layer - 1}"
            name = f"{match[1]}.{layer_name}.{match[3]}"
        renamed[name] = tensor
    return renamed


def count(tensors: Tensors, prefix: str) -> int:
    """Return how many numbered children a module has: `prefix.0.*`, `prefix.1.*`..."""
    pattern = re.compile(re.escape(prefix) + r"\.(\d+)\.")
    return len({match[1] for match in map(pattern.match, tensors) if match})


def head_config(tensors: Tensors, decoder: str, mlp: str) -> dict[str, Any]:
    """Read the mask decoder's configuration off its tensors.

    Args:
        tensors: Original names.
        decoder: Prefix of the mask decoder.
        mlp: Name of the first linear layer of a transformer block's MLP.
    """
    first = f"{decoder}.transformer.layers.0"
    projection = tensors[f"{first}.cross_attn_token_to_image.q_proj.weight"]
    return {
        "hidden_size": int(projection.shape[1]),
        "attention_downsample_rate": int(projection.shape[1] // projection.shape[0]),
        "mlp_dim": int(tensors[f"{first}.{mlp}.weight"].shape[0]),
        "num_hidden_layers": count(tensors, f"{decoder}.transformer.layers"),
        "num_multimask_outputs": int(tensors[f"{decoder}.mask_tokens.weight"].shape[0]) - 1,
        "iou_head_depth": count(tensors, f"{decoder}.iou_prediction_head.layers"),
        "iou_head_hidden_dim": int(tensors[f"{decoder}.iou_prediction_head.layers.0.weight"].shape[0]),
    }


def prompt_config(tensors: Tensors, grid: int, patch: int) -> dict[str, int]:
    """Return the prompt encoder's configuration over an embedding of `grid` tokens a side, `patch` pixels each."""
    return {
        "hidden_size": int(tensors["prompt_encoder.no_mask_embed.weight"].shape[1]),
        "image_size": grid * patch,
        "patch_size": patch,
        "image_embedding_size": grid,
        "mask_input_channels": int(tensors["prompt_encoder.mask_downscaling.3.weight"].shape[0]),
    }


def sam_config(tensors: Tensors) -> dict[str, dict[str, Any]]:
    """Return the three sub-configurations of SamConfig or SamHQConfig, read off the tensors' shapes."""
    encoder = "image_encoder"
    _, grid, _, channels = tensors[f"{encoder}.pos_embed"].shape
    patch = tensors[f"{encoder}.patch_embed.proj.weight"].shape[-1]
    blocks = count(tensors, f"{encoder}.blocks")
    reaches = [int(tensors[f"{encoder}.blocks.{i}.attn.rel_pos_h"].shape[0]) for i in range(blocks)]
    windows = [(reach + 1) // 2 for reach in reaches if reach != 2 * grid - 1]
    decoder = head_config(tensors, "mask_decoder", "mlp.lin1")
    if "mask_decoder.hf_token.weight" in tensors:
        decoder["vit_dim"] = int(channels)
    return {
        "vision_config": {
            "hidden_size": int(channels),
            "output_channels": int(tensors[f"{encoder}.neck.0.weight"].shape[0]),
            "num_hidden_layers": blocks,
            "num_attention_heads": int(channels // tensors[f"{encoder}.blocks.0.attn.rel_pos_h"].shape[1]),
            "image_size": int(grid * patch),
            "patch_size": int(patch),
            "window_size": windows[0] if windows else 0,
            "global_attn_indexes": [i for i, reach in enumerate(reaches) if reach == 2 * grid - 1],
            "mlp_dim": int(tensors[f"{encoder}.blocks.0.mlp.lin1.weight"].shape[0]),
            "num_pos_feats": int(tensors["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"].shape[1]),
        },
        "prompt_encoder_config": prompt_config(tensors, int(grid), int(patch)),
        "mask_decoder_config": decoder,
    }


def sam_variant(tensors: Tensors) -> str | None:
    """Return "vit_b", "vit_l" or "vit_h" by the encoder's size, None for any other size."""
    channels = tensors["image_encoder.pos_embed"].shape[-1]
    return VARIANTS.get((int(channels), count(tensors, "image_encoder.blocks")))


def convert_sam(tensors: Tensors) -> dict[str, Tensor]:
    """Return SAM's or SAM-HQ's tensors under the names of SamModel or SamHQModel."""
    kept = {name: tensor for name, tensor in tensors.items() if name not in ("pixel_mean", "pixel_std")}
    renamed = rename_mlps({rename(name, _RULES + HEAD_RULES): tensor for name, tensor in kept.items()})
    embedding = renamed.get("prompt_encoder.shared_embedding.positional_embedding")
    if embedding is not None:
        renamed["shared_image_embedding.positional_embedding"] = embedding
    return renamed
