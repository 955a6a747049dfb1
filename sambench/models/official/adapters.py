"""Models whose authors give them another interface than SamPredictor's, seen as predictors.

EfficientSAM is one call over images, points and labels; sam3 is a processor beside a model; ultralytics' predictors
have their prompts prepared and answered by methods of their own, and read images in BGR.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sambench.models.base import Question
from sambench.models.official.dialects import Answer, Dialect, arguments
from sambench.types import Prompts

MOST_POINTS = 6
"""EfficientSAM drops the points after its sixth without a word."""


def adapted(given: Any) -> Any:
    """Return what a factory gave as a predictor: an adapter where its interface is one of these, else itself."""
    if hasattr(given, "get_image_embeddings") and hasattr(given, "predict_masks"):
        return EfficientSamPredictor(given)
    if isinstance(given, tuple | list) and len(given) == 2:
        pair = [one for one in given if hasattr(one, "predict_inst")]
        processors = [one for one in given if hasattr(one, "set_image") and not hasattr(one, "predict_inst")]
        if len(pair) == len(processors) == 1:
            return Sam3Predictor(processors[0], pair[0])
    if hasattr(given, "task_map") and hasattr(given, "model") and not hasattr(given, "_inference_features"):
        given = _of_ultralytics(given)
    if all(hasattr(given, name) for name in ("_inference_features", "_prepare_prompts", "get_im_features")):
        return UltralyticsPredictor(given)
    return given


class AskedHere(Dialect):
    """The way an adapter of this module is asked: by its own `ask_prompts`."""

    method = "ask_prompts"

    def __init__(self, predictor: Any, refusals: Any) -> None:
        self.notes = []
        self.takes = arguments(predictor.ask_prompts)
        self._refusals = refusals

    @property
    def has_single(self) -> bool:
        """All of them can be asked for a single answer."""
        return True

    def refuses(self, question: Question) -> str | None:
        """Let the adapter say."""
        reason: str | None = self._refusals(question)
        return reason

    def ask(self, predictor: Any, prompts: Prompts, multimask: bool) -> Answer:
        """Let the adapter ask."""
        answer: Answer = predictor.ask_prompts(prompts, multimask)
        return answer


class EfficientSamPredictor:
    """EfficientSAM: an image of 0 to 1 at its own size, points in its pixels, boxes as two points labelled 2 and 3.

    Args:
        model: Its module, with `get_image_embeddings` and `predict_masks`.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.features: Tensor | None = None
        self.input_size: tuple[int, int] | None = None
        self.original_size: tuple[int, int] | None = None
        self.dialect = AskedHere(self, self.refuses)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next((tensor.device for tensor in self.model.parameters()), torch.device("cpu"))

    def refuses(self, question: Question) -> str | None:
        """Say what its prompt encoder has no place for."""
        if question.mask:
            return "EfficientSAM takes no earlier mask"
        if question.background:
            return "EfficientSAM has no embedding for background points"
        if question.points + 2 * question.box > MOST_POINTS:
            return f"EfficientSAM reads {MOST_POINTS} points and drops the others"
        return None

    def set_image(self, image: np.ndarray) -> None:
        """Encode an (H, W, 3) uint8 RGB image."""
        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(self.device).permute(2, 0, 1)[None] / 255
        self.original_size = self.input_size = (image.shape[0], image.shape[1])
        self.features = self.model.get_image_embeddings(pixels)

    def ask_prompts(self, prompts: Prompts, multimask: bool) -> Answer:
        """Ask all prompts as the queries of one image."""
        assert self.original_size is not None
        points, labels = [], []
        if prompts.points_xy is not None and prompts.labels is not None:
            points, labels = [prompts.points_xy], [prompts.labels.long()]
        if prompts.boxes_xyxy is not None:
            points.append(prompts.boxes_xyxy.unflatten(-1, (2, 2)))
            labels.append(torch.tensor([2, 3]).expand(len(prompts), -1))
        xy, kinds = (torch.cat(parts, 1)[None].to(self.device) for parts in (points, labels))
        height, width = self.original_size
        asked: list[Any] = [self.features, xy, kinds, multimask]
        if arguments(self.model.predict_masks)("input_h"):
            asked += [height, width]
        else:  # its first version remembers the size of the image it saw last
            self.model.H, self.model.W = height, width
        low, iou = self.model.predict_masks(*asked)
        full, _ = self.model.predict_masks(*asked, output_h=height, output_w=width)
        return full[0], iou[0], low[0]


class Sam3Predictor:
    """sam3's pair: the processor sets the image into a state, the model answers about it, one prompt at a time.

    Args:
        processor: `Sam3Processor`.
        model: Its model, with `predict_inst`.
    """

    def __init__(self, processor: Any, model: Any) -> None:
        self.processor, self.model = processor, model
        self.state: Any = None

    def set_image(self, image: np.ndarray) -> None:
        """Set an (H, W, 3) uint8 RGB image, as a PIL image: the processor takes arrays to be channels first."""
        self.state = self.processor.set_image(Image.fromarray(image))

    def predict(
        self,
        point_coords: np.ndarray | None = None,
        point_labels: np.ndarray | None = None,
        box: np.ndarray | None = None,
        mask_input: np.ndarray | None = None,
        multimask_output: bool = True,
        return_logits: bool = False,
    ) -> Any:
        """Ask one prompt."""
        return self.model.predict_inst(
            self.state,
            point_coords=point_coords,
            point_labels=point_labels,
            box=box,
            mask_input=mask_input,
            multimask_output=multimask_output,
            return_logits=return_logits,
        )


class UltralyticsPredictor:
    """ultralytics' SAM predictors: their own preparation of prompts and their decoder, past their confidence filter.

    Their letterbox pads with grey before the normalisation, where segment_anything pads with zeros after it: the same
    weights are another model there. Full-size masks are their postprocessing's, true or false.

    Args:
        predictor: `Predictor`, `SAM2Predictor` or `SAM3Predictor`, set up with its model.
    """

    def __init__(self, predictor: Any) -> None:
        self.predictor = predictor
        self.features: Tensor | None = None
        self._features: dict[str, Any] | None = None
        self._orig_hw: list[tuple[int, int]] = []
        self.original_size: tuple[int, int] | None = None
        self.input_size: tuple[int, int] | None = None
        self.transform: Any = None
        self.dialect = AskedHere(self, lambda question: None)

    @property
    def device(self) -> Any:
        """Where the model is."""
        return self.predictor.device

    def set_image(self, image: np.ndarray) -> None:
        """Set an (H, W, 3) uint8 RGB image, which the predictor reads as BGR."""
        self.predictor.set_image(np.ascontiguousarray(image[..., ::-1]))
        features = self.predictor.features
        self.features, self._features = (None, features) if isinstance(features, dict) else (features, None)
        self.original_size = (image.shape[0], image.shape[1])
        self._orig_hw = [self.original_size]
        self._fit_in_square(self.original_size)
        self.predictor.reset_image()

    def ask_prompts(self, prompts: Prompts, multimask: bool) -> Answer:
        """Ask all prompts about the image."""
        features: Any = self.features if self._features is None else self._features
        size = self._orig_hw[0] if self._features is not None else self.original_size
        points, labels, boxes = (
            None if part is None else part.cpu().numpy()
            for part in (prompts.points_xy, prompts.labels, prompts.boxes_xyxy)
        )
        square = self._fit_in_square(size)
        prepared = list(self.predictor._prepare_prompts(square, size, boxes, points, labels, None))
        if prompts.mask_logits is not None:  # they are at low resolution already, which its preparation does not expect
            prepared[-1] = prompts.mask_logits.to(self.device)[:, None]
        low, iou = self.predictor._inference_features(features, *prepared, multimask)
        full = self._full_size(low, iou, square, size)
        batch = len(prompts)
        return full.unflatten(0, (batch, -1)), iou.unflatten(0, (batch, -1)), low.unflatten(0, (batch, -1))

    def _fit_in_square(self, size: Any) -> tuple[int, int]:
        """Say where an image of a size lies in the predictor's square, which it knows once it has seen an image."""
        if getattr(self.predictor, "imgsz", None) is None:
            self.predictor.set_image(np.zeros((8, 8, 3), np.uint8))
        side = int(self.predictor.imgsz[0])
        self.input_size = (round(size[0] * side / max(size)), round(size[1] * side / max(size)))
        self.transform = SimpleNamespace(target_length=side)
        return side, side

    def _full_size(self, low: Tensor, iou: Tensor, square: Any, size: Any) -> Tensor:
        """Return the predictor's own full-size masks, none left out for its confidence."""
        own = self.predictor
        kept = own.args.conf, getattr(own, "batch", None)
        own.args.conf, own.batch = -float("inf"), [[""], [np.zeros((*size, 3), np.uint8)]]
        try:
            pixels = torch.empty(1, 3, *square, device="meta")
            (result,) = own.postprocess((low, iou), pixels, [np.zeros((*size, 3), np.uint8)])
        finally:
            own.args.conf, own.batch = kept
        masks: Tensor = result.masks.data
        return masks


def _of_ultralytics(model: Any) -> Any:
    """Return the predictor of an `ultralytics.SAM`, set up with its weights."""
    if getattr(model, "predictor", None) is not None:
        return model.predictor
    settings = {"conf": 0.0, "task": "segment", "mode": "predict", "imgsz": 1024, "save": False, "verbose": False}
    predictor = model.task_map["segment"]["predictor"](overrides=settings)
    predictor.setup_model(model=model.model, verbose=False)
    return predictor
