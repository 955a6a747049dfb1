"""How predictors are asked: segment_anything's batches, sam2's batches, or one prompt at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.masks.resize import logits_at_original
from sambench.types import MaskFrame, Prompts, Size

ROUNDING = 1e-2
"""Logits this close to 0 may fall on either side of it."""

SURE = 32.0
"""Logit of a pixel of a mask that is only true or false."""

_CHUNK_PIXELS = 1 << 24
"""Pixels of full-size logits that are compared at once."""

Dialect = Callable[[Any, Prompts, bool], tuple[Tensor, Tensor, Tensor]]
"""(predictor, prompts, multimask) -> full-size logits or masks, predicted IoU, low-resolution logits."""


def dialect(predictor: Any, factory: str) -> Dialect:
    """Return how a predictor is asked.

    Raises:
        ModelError: It has none of the known methods.
    """
    has = {
        name
        for name in ("set_image", "predict_torch", "transform", "_predict", "_prep_prompts", "predict")
        if hasattr(predictor, name)
    }
    if "set_image" in has:
        if {"predict_torch", "transform"} <= has:
            return ask_predict_torch
        if {"_predict", "_prep_prompts"} <= has:
            return ask_sam2
        if "predict" in has:
            return ask_predict
    what = f"the factory returned a {type(predictor).__name__} without set_image and predict or predict_torch"
    raise ModelError(what, where=factory, mend="return a predictor, such as SamPredictor(sam_model_registry[...](...))")


def ask_predict_torch(predictor: Any, prompts: Prompts, multimask: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Ask a SamPredictor for a batch (segment_anything)."""
    size, device = predictor.original_size, getattr(predictor, "device", "cpu")
    points, boxes, masks = prompts.points_xy, prompts.boxes_xyxy, prompts.mask_logits
    answer = predictor.predict_torch(
        point_coords=None if points is None else predictor.transform.apply_coords_torch(points.to(device), size),
        point_labels=None if prompts.labels is None else prompts.labels.to(device),
        boxes=None if boxes is None else predictor.transform.apply_boxes_torch(boxes.to(device), size),
        mask_input=None if masks is None else masks.to(device)[:, None],
        multimask_output=multimask,
        return_logits=True,
    )
    return answer[0], answer[1], answer[2]


def ask_sam2(predictor: Any, prompts: Prompts, multimask: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Ask a SAM2ImagePredictor for a batch (sam2).

    It makes its masks from its decoder's logits but returns those clamped to +-32, the form in which they go back in as
    prompts; the logits are therefore taken from the decoder.
    """
    _, points, labels, boxes = predictor._prep_prompts(
        prompts.points_xy, prompts.labels, prompts.boxes_xyxy, None, True
    )
    masks = (
        None if prompts.mask_logits is None else prompts.mask_logits.to(predictor.device).clamp(-32.0, 32.0)[:, None]
    )
    decoded: list[Tensor] = []
    hook = predictor.model.sam_mask_decoder.register_forward_hook(lambda _m, _i, output: decoded.append(output[0]))
    try:
        full, iou, _ = predictor._predict(points, labels, boxes, masks, multimask, return_logits=True)
    finally:
        hook.remove()
    return full, iou, decoded[-1]


def ask_predict(predictor: Any, prompts: Prompts, multimask: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Ask a predictor that has `predict` alone, prompt by prompt, with numpy arrays in image pixels."""
    answers = []
    for row in range(len(prompts)):
        points, labels, boxes, masks = (
            None if part is None else part[row].cpu().numpy()
            for part in (prompts.points_xy, prompts.labels, prompts.boxes_xyxy, prompts.mask_logits)
        )
        full, iou, low = predictor.predict(
            point_coords=points,
            point_labels=labels,
            box=boxes,
            mask_input=None if masks is None else masks[None],
            multimask_output=multimask,
            return_logits=True,
        )
        answers.append([torch.as_tensor(np.asarray(part)) for part in (full, iou, low)])
    full, iou, low = (torch.stack(parts) for parts in zip(*answers, strict=True))
    return full, iou, low


def frame_of(predictor: Any, original_size: Size) -> MaskFrame:
    """Return how a predictor's logits map to the image: by a padded square where it has `input_size`, else at once."""
    target = getattr(getattr(predictor, "transform", None), "target_length", None)
    inside = getattr(predictor, "input_size", None)
    if target is None or inside is None:
        return MaskFrame(original_size)
    return MaskFrame(original_size, (target, target), (int(inside[0]), int(inside[1])))


def differ(full: Tensor, low: Tensor, frame: MaskFrame, factory: str) -> bool:
    """Tell whether a predictor's full-size masks are not its low-resolution logits resized, pixel by pixel.

    Args:
        full: (B, M, H, W) its logits or masks at the image's size.
        low: (B, M, h, w) its low-resolution logits.
        frame: How they map to the image.
        factory: The predictor's, for messages.

    Raises:
        ModelError: The full-size masks do not have the image's size.
    """
    if full.shape != (*low.shape[:2], *frame.original_size):
        what = f"the predictor's masks are {tuple(full.shape)} for an image of {frame.original_size}"
        mend = f"return {low.shape[0]} x {low.shape[1]} masks of the image's size (height, width)"
        raise ModelError(what, where=factory, mend=mend)
    at_once = max(1, _CHUNK_PIXELS // (frame.original_size[0] * frame.original_size[1]))
    for theirs, logits in zip(full.flatten(0, 1).split(at_once), low.flatten(0, 1).split(at_once), strict=True):
        ours = logits_at_original(logits, frame)
        apart = (ours > 0) != (theirs.to(ours.device) > 0)
        if bool(apart.any()) and bool((ours[apart].abs() > ROUNDING).any()):
            return True
    return False


def as_logits(full: Tensor) -> Tensor:
    """Return full-size masks as float logits; those that are only true or false are as sure as can be."""
    return full.float() if full.is_floating_point() else torch.where(full > 0, SURE, -SURE)


ASKED: dict[Dialect, str] = {ask_predict_torch: "predict_torch", ask_sam2: "_predict", ask_predict: "predict"}
"""Dialect -> the predictor's method that answers."""
