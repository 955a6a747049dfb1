"""How predictors are asked: segment_anything's batches and its forks', sam2's batches, or one prompt at a time.

Forks change names and leave arguments out, so that each method is asked with what its signature has.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError, UsageError
from sambench.models.base import Question
from sambench.types import Prompts

Answer = tuple[Tensor, Tensor, Tensor]
"""Full-size logits or masks (B, M, H, W), predicted IoU (B, M), low-resolution logits (B, M, h, w)."""

NO_SINGLE = (
    "its predictor always answers several masks, none of which is its single answer"
    " (model.single_answer=best takes the most confident of them)"
)

CLAMPED = "the decoder's own logits could not be read, so that edges and stability see logits cut off at +-32"


class Dialect(ABC):
    """One way to ask a predictor.

    Args:
        predictor: The predictor.
        hq_token_only: SAM-HQ: the high-quality token's mask alone.

    Attributes:
        method: The predictor's method that answers.
        notes: What a reader of the numbers must know of the way it was asked.

    Raises:
        UsageError: `hq_token_only` is asked of a predictor that has no such choice.
    """

    method: str

    def __init__(self, predictor: Any, hq_token_only: bool = False) -> None:
        self.notes: list[str] = []
        self.hq_token_only = hq_token_only
        self.takes = arguments(getattr(predictor, self.method))
        if hq_token_only and not self.takes("hq_token_only"):
            what = f"{type(predictor).__name__}.{self.method} has no argument hq_token_only"
            raise UsageError(what, where="model.hq_token_only", mend="leave model.hq_token_only out")

    @property
    def has_single(self) -> bool:
        """Whether the predictor can be asked for its single answer."""
        return self.takes("multimask_output") or self.takes("num_multimask_outputs")

    def refuses(self, question: Question) -> str | None:
        """Say why the predictor cannot be asked a question, by its signature; None where it can."""
        if question.mask and not self.takes("mask_input"):
            return f"its {self.method} takes no earlier mask"
        if question.box and not (self.takes("box") or self.takes("boxes")):
            return f"its {self.method} takes no box"
        return None

    @abstractmethod
    def ask(self, predictor: Any, prompts: Prompts, multimask: bool) -> Answer:
        """Ask about the image that is set."""

    def _choices(self, predictor: Any, multimask: bool) -> dict[str, Any]:
        """Return the arguments that say which masks are wanted, and in which form, as far as the method has them."""
        wanted = {
            "multimask_output": multimask,
            "num_multimask_outputs": 3 if multimask else 1,
            "hq_token_only": self.hq_token_only,
            "use_stability_score": False,
            "return_logits": True,
        }
        if self.takes.every:  # a method that takes anything is asked as segment_anything's is
            wanted = {key: wanted[key] for key in ("multimask_output", "return_logits")}
        chosen = {key: value for key, value in wanted.items() if self.takes(key)}
        if not self.takes.every and self.takes("features"):
            chosen["features"] = predictor.features
        return chosen


class Arguments:
    """Which keyword arguments a method takes.

    Attributes:
        names: Those it names.
        every: Whether it takes any.
    """

    def __init__(self, names: set[str], every: bool) -> None:
        self.names, self.every = names, every

    def __call__(self, name: str) -> bool:
        """Tell whether it takes one."""
        return self.every or name in self.names


def arguments(function: Callable[..., Any]) -> Arguments:
    """Return what a function takes; one whose signature cannot be read takes everything."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return Arguments(set(), True)
    return Arguments(set(parameters), any(p.kind is p.VAR_KEYWORD for p in parameters.values()))


class PredictTorch(Dialect):
    """A SamPredictor, asked for a batch: segment_anything, MobileSAM, SAM-HQ, EdgeSAM, TinySAM, EfficientViT-SAM."""

    method = "predict_torch"

    def ask(self, predictor: Any, prompts: Prompts, multimask: bool) -> Answer:
        """Ask with coordinates in the frame of the predictor's transform."""
        size, device = predictor.original_size, getattr(predictor, "device", "cpu")
        points, boxes, masks = prompts.points_xy, prompts.boxes_xyxy, prompts.mask_logits
        transform, asked = predictor.transform, self._choices(predictor, multimask)
        if boxes is not None:
            placed = transform.apply_boxes_torch
            corners = boxes.to(device)
            asked["boxes"] = placed(corners, size) if _takes_size(placed) else placed(corners)
        if masks is not None:
            asked["mask_input"] = masks.to(device)[:, None]
        answer = predictor.predict_torch(
            point_coords=None if points is None else transform.apply_coords_torch(points.to(device), size),
            point_labels=None if prompts.labels is None else prompts.labels.to(device),
            **asked,
        )
        return answer[0], answer[1], answer[2]


class Sam2Predict(Dialect):
    """A SAM2ImagePredictor, asked for a batch: sam2, EdgeTAM, EfficientTAM, sam3's interactive predictor.

    It makes its masks from its decoder's logits but returns those clamped to +-32, the form in which they go back in as
    prompts; the logits are therefore taken from the decoder.
    """

    method = "_predict"

    def refuses(self, question: Question) -> str | None:
        """It takes every prompt; `_predict` has boxes as points."""
        return None

    def ask(self, predictor: Any, prompts: Prompts, multimask: bool) -> Answer:
        """Ask with what the predictor's own `_prep_prompts` makes of the prompts."""
        _, points, labels, boxes = predictor._prep_prompts(
            prompts.points_xy, prompts.labels, prompts.boxes_xyxy, None, True
        )
        masks = prompts.mask_logits
        masks = None if masks is None else masks.to(predictor.device).clamp(-32.0, 32.0)[:, None]
        decoder = getattr(predictor.model, "sam_mask_decoder", None)
        if not isinstance(decoder, torch.nn.Module):
            self.notes = [CLAMPED]
            full, iou, low = predictor._predict(points, labels, boxes, masks, multimask, return_logits=True)
            return full, iou, low
        decoded: list[Tensor] = []
        hook = decoder.register_forward_hook(lambda _m, _i, output: decoded.append(output[0]))
        try:
            full, iou, _ = predictor._predict(points, labels, boxes, masks, multimask, return_logits=True)
        finally:
            hook.remove()
        return full, iou, decoded[-1]


class Predict(Dialect):
    """A predictor that has `predict` alone, asked prompt by prompt with numpy arrays in image pixels."""

    method = "predict"

    def ask(self, predictor: Any, prompts: Prompts, multimask: bool) -> Answer:
        """Ask once a prompt."""
        chosen, answers = self._choices(predictor, multimask), []
        for row in range(len(prompts)):
            points, labels, boxes, masks = (
                None if part is None else part[row].cpu().numpy()
                for part in (prompts.points_xy, prompts.labels, prompts.boxes_xyxy, prompts.mask_logits)
            )
            given = {"box": boxes, "mask_input": None if masks is None else masks[None]}
            given = {key: value for key, value in given.items() if self.takes(key)}
            full, iou, low = predictor.predict(point_coords=points, point_labels=labels, **given, **chosen)
            answers.append([torch.as_tensor(np.asarray(_on_cpu(part))) for part in (full, iou, low)])
        full, iou, low = (torch.stack(parts) for parts in zip(*answers, strict=True))
        return full, iou, low


def dialect(predictor: Any, factory: str, hq_token_only: bool = False) -> Dialect:
    """Return how a predictor is asked.

    Raises:
        ModelError: It has none of the known methods.
        UsageError: See `Dialect`.
    """
    names = ("set_image", "ask_prompts", "predict_torch", "transform", "_predict", "_prep_prompts", "predict")
    has = {name for name in names if hasattr(predictor, name)}
    if "set_image" in has:
        if "ask_prompts" in has:
            return predictor.dialect
        if {"predict_torch", "transform"} <= has:
            return PredictTorch(predictor, hq_token_only)
        if {"_predict", "_prep_prompts"} <= has:
            return Sam2Predict(predictor, hq_token_only)
        if "predict" in has:
            return Predict(predictor, hq_token_only)
    what = f"the factory returned a {type(predictor).__name__} without set_image and predict or predict_torch"
    raise ModelError(what, where=factory, mend="return a predictor, such as SamPredictor(sam_model_registry[...](...))")


def _takes_size(function: Callable[..., Any]) -> bool:
    """Tell whether a transform wants the image's size as a second argument."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return len(parameters) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _on_cpu(part: Any) -> Any:
    return part.detach().cpu() if isinstance(part, Tensor) else part
