"""A tiny random model of every family's real class, and its folder in transformers' format."""

import torch
import transformers

FAMILIES = ["sam", "sam_hq", "sam2", "sam3_tracker", "edgetam"]
HEAD = {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 4, "iou_head_hidden_dim": 32}
LEARNT = ("embed", "embedding", "embed_window", "embed.weight", "token.weight", "tokens.weight")
"""Endings of tensors that are learnt vectors, not the weights of a product."""


def tiny_config(family: str):
    """Return a configuration small enough for milliseconds."""
    if family in ("sam", "sam_hq"):
        config = transformers.SamConfig if family == "sam" else transformers.SamHQConfig
        vision = {
            "hidden_size": 32,
            "output_channels": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "window_size": 3,
            "global_attn_indexes": [1],
            "mlp_dim": 64,
            "num_pos_feats": 16,
        }
        prompt = {"hidden_size": 32, "image_size": 64, "patch_size": 16, "image_embedding_size": 4}
        head = HEAD | ({"vit_dim": 32} if family == "sam_hq" else {})
        return config(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=head)
    sizes = {"fpn_hidden_size": 32, "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]}
    if family == "sam2":
        trunk = {
            "model_type": "sam2_hiera_det_model",
            "hidden_size": 8,
            "num_attention_heads": 1,
            "blocks_per_stage": [1, 1, 2, 1],
            "embed_dim_per_stage": [8, 16, 32, 64],
            "num_attention_heads_per_stage": [1, 2, 4, 8],
            "window_size_per_stage": [4, 4, 2, 2],
            "global_attention_blocks": [3],
            "image_size": [64, 64],
        }
        vision = sizes | {"backbone_config": trunk, "backbone_channel_list": [64, 32, 16, 8]}
        prompt = {"hidden_size": 32, "image_size": 64, "patch_size": 16}
        return transformers.Sam2Config(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=HEAD)
    if family == "sam3_tracker":
        trunk = {
            "model_type": "sam3_vit_model",
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
            "window_size": 2,
            "global_attn_indexes": [1],
            "pretrain_image_size": 28,
        }
        vision = sizes | {"model_type": "sam3_vision_model", "backbone_config": trunk}
        prompt = {"hidden_size": 32, "image_size": 56, "patch_size": 14}
        return transformers.Sam3TrackerConfig(
            vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=HEAD
        )
    arguments = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}
    trunk = {"model_type": "timm_wrapper", "architecture": "repvit_m1", "num_classes": 1000, "model_args": arguments}
    prompt = {"hidden_size": 32, "image_size": 64, "patch_size": 16}
    vision = sizes | {"model_type": "edgetam_vision_model", "backbone_config": trunk}
    return transformers.EdgeTamConfig(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=HEAD)


def tiny_model(family: str) -> torch.nn.Module:
    """Return the family's real class with seeded normal weights, positions and biases included."""
    names = {"sam": "SamModel", "sam_hq": "SamHQModel", "sam2": "Sam2Model", "edgetam": "EdgeTamModel"}
    model = getattr(transformers, names.get(family, "Sam3TrackerModel"))(tiny_config(family)).eval()
    fill(model)
    with torch.no_grad():
        shared = model.prompt_encoder.shared_embedding.positional_embedding
        model.shared_image_embedding.positional_embedding.copy_(shared)
    return model


def fill(model: torch.nn.Module) -> None:
    """Give every tensor seeded normal numbers, so that no answer is flat."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(1 + noise.abs())
            elif tensor.ndim < 2:
                tensor.copy_(0.2 * noise + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
            else:
                learnt = name.endswith(LEARNT) or "point_embed" in name
                tensor.copy_(noise * (0.5 if learnt else tensor[0].numel() ** -0.5))
