"""SAM 2, SAM 2.1 and EdgeTAM checkpoints of their authors as `transformers` models of their image half."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sambench.models.sam.convert_sam import HEAD_RULES, Tensors, count, head_config, rename, rename_mlps

KEPT = ("image_encoder.", "sam_prompt_encoder.", "sam_mask_decoder.", "no_mem_embed")
"""Prefixes of the image half; the rest remembers frames of a video."""

HIERA: dict[tuple[int, tuple[int, ...]], dict[str, Any]] = {
    (96, (1, 2, 7, 2)): {"variant": "hiera_tiny", "heads": 1, "windows": [8, 4, 14, 7], "global": [5, 7, 9]},
    (96, (1, 2, 11, 2)): {"variant": "hiera_small", "heads": 1, "windows": [8, 4, 14, 7], "global": [7, 10, 13]},
    (112, (2, 3, 16, 3)): {"variant": "hiera_base_plus", "heads": 2, "windows": [8, 4, 14, 7], "global": [12, 16, 20]},
    (144, (2, 6, 36, 4)): {"variant": "hiera_large", "heads": 2, "windows": [8, 4, 16, 8], "global": [23, 33, 43]},
}
"""What the tensors' shapes do not tell, by (channels, blocks a stage) (`sam2/configs` of sam2)."""

_RULES = [
    (r"^image_encoder\.trunk\.body\.", "vision_encoder.backbone.timm_model."),
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^vision_encoder\.backbone\.blocks\.(\d+)\.norm([12])\.", r"vision_encoder.backbone.blocks.\1.layer_norm\2."),
    (r"\.patch_embed\.proj\.", ".patch_embed.projection."),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"^(mask_decoder\..*)\.out_proj\.", r"\1.o_proj."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
]


def stages(tensors: Tensors) -> tuple[int, tuple[int, ...]]:
    """Return the Hiera trunk's first width and its blocks a stage; a stage begins where the width changes."""
    prefix = "image_encoder.trunk.blocks"
    widths = [int(tensors[f"{prefix}.{i}.attn.proj.weight"].shape[0]) for i in range(count(tensors, prefix))]
    return widths[0], tuple(widths.count(width) for width in sorted(set(widths)))


def version(tensors: Tensors) -> str:
    """Return "2.1" where the file has the embedding SAM 2.1 brought in for occluded objects, else "2"."""
    return "2.1" if "no_obj_embed_spatial" in tensors else "2"


def sam2_config(tensors: Tensors) -> dict[str, dict[str, Any]]:
    """Return the three sub-configurations of Sam2Config.

    Raises:
        KeyError: The trunk is none of `HIERA`.
    """
    trunk = "image_encoder.trunk"
    channels, depths = stages(tensors)
    known = HIERA[channels, depths]
    background = tensors[f"{trunk}.pos_embed"].shape[-2:]
    widths = [channels * 2**i for i in range(len(depths))]
    return {
        "vision_config": {
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": channels,
                "num_attention_heads": known["heads"],
                "blocks_per_stage": list(depths),
                "embed_dim_per_stage": widths,
                "num_attention_heads_per_stage": [known["heads"] * 2**i for i in range(len(depths))],
                "window_size_per_stage": known["windows"],
                "global_attention_blocks": known["global"],
                "window_positional_embedding_background_size": list(background),
            },
            "backbone_channel_list": widths[::-1],
        },
        "prompt_encoder_config": {},
        "mask_decoder_config": head_config(tensors, "sam_mask_decoder", "mlp.layers.0"),
    }


def edgetam_config(tensors: Tensors) -> dict[str, dict[str, Any]]:
    """Return the three sub-configurations of EdgeTamConfig (RepViT-M1 from timm, as published)."""
    arguments = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}
    backbone = {
        "model_type": "timm_wrapper",
        "architecture": "repvit_m1",
        "num_classes": 1000,
        "model_args": arguments,
    }
    return {
        "vision_config": {"backbone_config": backbone},
        "prompt_encoder_config": {},
        "mask_decoder_config": head_config(tensors, "sam_mask_decoder", "mlp.layers.0"),
    }


def convert_sam2(tensors: Tensors) -> dict[str, Tensor]:
    """Return the image half's tensors under the names of Sam2Model or EdgeTamModel."""
    kept = {name: tensor for name, tensor in tensors.items() if name.startswith(KEPT)}
    renamed = rename_mlps({rename(name, _RULES + HEAD_RULES): tensor for name, tensor in kept.items()})
    points = [renamed.pop(f"prompt_encoder.point_embed.{i}.weight", None) for i in range(4)]
    if all(point is not None for point in points):
        renamed["prompt_encoder.point_embed.weight"] = torch.cat([p for p in points if p is not None])
    embedding = renamed.get("prompt_encoder.shared_embedding.positional_embedding")
    if embedding is not None:
        renamed["shared_image_embedding.positional_embedding"] = embedding
    return renamed
