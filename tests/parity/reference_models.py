"""The reference implementations with seeded random weights, and the prompts they are asked.

Needs segment-anything, segment-anything-hq and sam2; `run.sh` makes an environment that has them.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from seeded_weights import seeded

SMALL = {"width": 32, "depth": 2, "heads": 2, "image_size": 128, "global_blocks": [1], "window": 3, "channels": 32}


def small_parts(package) -> dict:
    """Return a small image encoder and prompt encoder of segment_anything's or segment_anything_hq's classes."""
    grid = SMALL["image_size"] // 16
    return {
        "image_encoder": package.ImageEncoderViT(
            img_size=SMALL["image_size"],
            patch_size=16,
            embed_dim=SMALL["width"],
            depth=SMALL["depth"],
            num_heads=SMALL["heads"],
            mlp_ratio=4,
            qkv_bias=True,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=SMALL["window"],
            global_attn_indexes=SMALL["global_blocks"],
            out_chans=SMALL["channels"],
        ),
        "prompt_encoder": package.PromptEncoder(
            embed_dim=SMALL["channels"],
            image_embedding_size=(grid, grid),
            input_image_size=(SMALL["image_size"],) * 2,
            mask_in_chans=16,
        ),
    }


def decoder_arguments(package) -> dict:
    """Return the arguments of a small mask decoder."""
    channels = SMALL["channels"]
    transformer = package.TwoWayTransformer(depth=2, embedding_dim=channels, mlp_dim=64, num_heads=8)
    return {
        "num_multimask_outputs": 3,
        "transformer": transformer,
        "transformer_dim": channels,
        "iou_head_depth": 3,
        "iou_head_hidden_dim": 48,
    }


def small_sam(seed: int = 33) -> nn.Module:
    """Return a small segment_anything model; the seed is one whose masks cover neither nothing nor everything."""
    from segment_anything import modeling

    decoder = modeling.MaskDecoder(**decoder_arguments(modeling))
    return randomise(modeling.Sam(**small_parts(modeling), mask_decoder=decoder), seed)


def small_sam_hq(seed: int = 135) -> nn.Module:
    """Return a small segment_anything_hq model; its seed was chosen like that of `small_sam`."""
    from segment_anything_hq import modeling

    decoder = modeling.MaskDecoderHQ(**decoder_arguments(modeling), vit_dim=SMALL["width"])
    return randomise(modeling.Sam(**small_parts(modeling), mask_decoder=decoder), seed)


def randomise(model: nn.Module, seed: int, sharpness: float = 40.0) -> nn.Module:
    """Fill a model with `seeded` weights."""
    state = model.state_dict()
    made = seeded({name: tensor.shape for name, tensor in state.items() if tensor.is_floating_point()}, seed, sharpness)
    with torch.no_grad():
        for name, tensor in made.items():
            state[name].copy_(tensor)
    return model.eval()


def image(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return an (H, W, 3) uint8 image of noise over smooth waves."""
    rng = np.random.default_rng(seed)
    waves = np.sin(np.arange(height)[:, None, None] / 17 + np.arange(3)) * np.cos(np.arange(width)[None, :, None] / 23)
    return (127 + 90 * waves + rng.normal(0, 15, (height, width, 3))).clip(0, 255).astype(np.uint8)


KINDS = ("points", "boxes", "masks", "points+boxes", "points+masks", "boxes+masks", "points+boxes+masks")


def prompts(kind: str, height: int, width: int, mask_side: int, batch: int = 4, seed: int = 0) -> dict:
    """Return points_xy (B, 3, 2), labels (B, 3), boxes_xyxy (B, 4) and mask_logits (B, h, w), or None each.

    Masks lie within +-32, as sam2's predictor hands its answers back.
    """
    generator = torch.Generator().manual_seed(seed)
    size = torch.tensor([width, height], dtype=torch.float32)
    points = torch.rand(batch, 3, 2, generator=generator) * size
    labels = torch.randint(0, 2, (batch, 3), generator=generator)
    corners = torch.rand(batch, 2, 2, generator=generator) * size
    boxes = torch.cat([corners.amin(1), corners.amax(1)], dim=1)
    masks = (torch.randn(batch, mask_side, mask_side, generator=generator) * 8).clamp(-32, 32)
    return {
        "points_xy": points if "points" in kind else None,
        "labels": labels if "points" in kind else None,
        "boxes_xyxy": boxes if "boxes" in kind else None,
        "mask_logits": masks if "masks" in kind else None,
    }


def ask_sam(predictor, asked: dict, multimask: bool, **options) -> tuple:
    """Ask a SamPredictor; returns full-size logits, predicted IoU and low-resolution logits."""
    size, transform = predictor.original_size, predictor.transform
    points, boxes, masks = asked["points_xy"], asked["boxes_xyxy"], asked["mask_logits"]
    return predictor.predict_torch(
        None if points is None else transform.apply_coords_torch(points, size),
        asked["labels"],
        None if boxes is None else transform.apply_boxes_torch(boxes, size),
        None if masks is None else masks[:, None],
        multimask,
        return_logits=True,
        **options,
    )


def ask_sam2(predictor, asked: dict, multimask: bool) -> tuple:
    """Ask a SAM2ImagePredictor; returns full-size logits, predicted IoU and (clamped) low-resolution logits."""
    _, points, labels, boxes = predictor._prep_prompts(
        asked["points_xy"], asked["labels"], asked["boxes_xyxy"], None, True
    )
    masks = None if asked["mask_logits"] is None else asked["mask_logits"][:, None]
    return predictor._predict(points, labels, boxes, masks, multimask, return_logits=True)
