"""Automatic mask generation: a grid of points to a set of distinct masks (Segment Anything, Appendix B).

With the default settings and any model the result equals that of segment_anything's `SamAutomaticMaskGenerator`, order
included, but for one rule of its own: empty masks are dropped first, before every other filter. The reference's filters
drop them anyway (0 / 0 is not at least 0.95, and 0 / n neither); with filters off it returns them with a stability of
NaN, which would poison every ranking by stability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sambench.errors import ModelError
from sambench.masks.crops import Crop, layered_crops, near_crop_edge
from sambench.masks.generator_settings import PRESETS, GeneratorSettings
from sambench.masks.mask_sources import MaskSource
from sambench.masks.measure import MeasuredMasks, Method, start_measuring
from sambench.masks.proposals import (
    Proposals,
    distinct,
    distinct_between_crops,
    rank_scores,
    without_small_regions,
)
from sambench.masks.transfers import Arrival, in_turn
from sambench.prompts.grid import grid_points_xy, layer_points_per_side, single_points
from sambench.types import Embedding, Masks, Size

if TYPE_CHECKING:
    from torch import Tensor


class AutomaticMaskGenerator:
    """Finds the masks of everything in an image.

    Args:
        source: What encodes crops and answers prompts.
        settings: The switches; `PRESETS` has the published ones.
        method: How masks are measured at the size of the image, see `measure_masks`.
    """

    def __init__(
        self, source: MaskSource, settings: GeneratorSettings = PRESETS["released"], method: Method = "auto"
    ) -> None:
        self.source = source
        self.settings = settings
        self.method: Method = method

    def generate(self, image: np.ndarray, embedding: Embedding | None = None) -> Proposals:
        """Generate the masks of one image.

        Args:
            image: (H, W, 3) uint8 RGB.
            embedding: Of the whole image, if it is at hand; crops are always encoded here.

        Returns:
            The masks in the reference's order: within one crop by decreasing predicted IoU; over several crops the
            smallest crop's first; after removal of small regions untouched masks first; with `max_masks` and more
            masks than that, by decreasing score.

        Raises:
            UsageError: The image is too small for the crops, or a layer's grid has no points.
            ModelError: The model's quality estimates are not finite.
        """
        import torch

        image_size: Size = (image.shape[0], image.shape[1])
        if embedding is not None and tuple(embedding.original_size) != image_size:
            raise ValueError(f"embedding of an image of {embedding.original_size} given for one of {image_size}")
        with torch.inference_mode():
            return self._generate(image, embedding, image_size)

    def _generate(self, image: np.ndarray, embedding: Embedding | None, image_size: Size) -> Proposals:
        """Prompt crop by crop, and put what the crops gave together."""
        settings = self.settings
        sides = layer_points_per_side(
            settings.points_per_side, settings.crop_n_layers, settings.crop_n_points_downscale_factor
        )
        rng = np.random.default_rng(settings.seed)
        parts = []
        for crop in layered_crops(image_size, settings.crop_n_layers, settings.crop_overlap_ratio):
            encoded = embedding
            if encoded is None or crop.layer > 0:
                x0, y0, x1, y1 = crop.box_xyxy
                encoded = self.source.encode_image(np.ascontiguousarray(image[y0:y1, x0:x1]))
            parts.append(self._generate_crop(encoded, crop, sides[crop.layer], image_size, rng))
        proposals = Proposals.joined(parts)
        if len(parts) > 1:
            proposals = distinct_between_crops(proposals, settings.crop_nms_thresh, settings.nms_overlap)
        if settings.min_mask_region_area > 0:
            proposals = without_small_regions(proposals, settings)
        return _best(proposals, settings.max_masks)

    def _generate_crop(
        self, embedding: Embedding, crop: Crop, points_per_side: int, image_size: Size, rng: np.random.Generator
    ) -> Proposals:
        """Prompt one crop with its grid and suppress duplicates within it."""
        settings = self.settings
        points = grid_points_xy(points_per_side, crop.size)
        prompts = single_points(points)
        answers = self.source.decode(embedding, prompts, settings.multimask, settings.points_per_batch)
        proposals = in_turn(
            _with_points(answers, points),
            lambda answer: self._start_batch(*answer, crop, image_size),
            lambda started: self._filter_batch(*started, crop, image_size),
            lambda answer: answer[0].logits.device,
            by_threads=True,
        )
        candidates = Proposals.joined(list(proposals))
        ranked = rank_scores(candidates.predicted_iou, candidates.stability, settings.nms_rank, rng)
        kept = distinct(candidates, ranked, settings.box_nms_thresh, settings.nms_overlap)
        return replace(kept, scores=rank_scores(kept.predicted_iou, kept.stability, settings.rank, rng))

    def _start_batch(
        self, masks: Masks, points_xy: np.ndarray, crop: Crop, image_size: Size
    ) -> tuple[np.ndarray, Arrival, Callable[[], MeasuredMasks]]:
        """Begin to measure one batch of answers.

        On a CPU the filter by predicted IoU comes before anything is resized; a device would wait for its choice.
        """
        settings = self.settings
        points_xy = points_xy.repeat(masks.logits.shape[1], axis=0) + np.array([crop.box_xyxy[:2]])
        masks = masks.flat()
        predicted_iou = masks.predicted_iou[:, 0].float()
        if settings.pred_iou_thresh > 0 and predicted_iou.device.type == "cpu":
            _check_finite(predicted_iou)
            confident = (predicted_iou > settings.pred_iou_thresh).nonzero()[:, 0]
            masks, predicted_iou, points_xy = masks[confident], predicted_iou[confident], points_xy[confident]
        measured = start_measuring(masks, settings.stability_score_offset, crop, image_size, self.method)
        return points_xy, Arrival(predicted_iou), measured

    def _filter_batch(
        self,
        points_xy: np.ndarray,
        estimates: Arrival,
        measuring: Callable[[], MeasuredMasks],
        crop: Crop,
        image_size: Size,
    ) -> Proposals:
        """Filter one batch of answers and encode what is left.

        The order of the filters changes only the work: predicted IoU, empty masks, stability, whole images, and boxes
        that the crop may have cut.
        """
        settings = self.settings
        (predicted_iou,), measured = estimates.tensors(), measuring()
        _check_finite(predicted_iou)
        keep = measured.areas > 0
        if settings.pred_iou_thresh > 0:
            keep &= predicted_iou > settings.pred_iou_thresh
        if settings.stability_score_thresh > 0:
            keep &= measured.stability >= settings.stability_score_thresh
        if settings.whole_image_fraction > 0:
            keep &= measured.areas < settings.whole_image_fraction * image_size[0] * image_size[1]
        keep &= ~near_crop_edge(measured.boxes_xyxy, crop, image_size)
        chosen = keep.nonzero()[:, 0].numpy()
        return Proposals(
            rles=measured.runs.compressed(chosen),
            boxes_xyxy=measured.boxes_xyxy.numpy()[chosen],
            areas=measured.areas.numpy()[chosen],
            predicted_iou=predicted_iou.numpy()[chosen],
            stability=measured.stability.numpy()[chosen],
            points_xy=points_xy[chosen],
            crop_boxes_xyxy=np.tile(np.array(crop.box_xyxy, np.int64), (len(chosen), 1)),
            scores=np.zeros(len(chosen), np.float32),
        )


def _with_points(answers: Iterable[Masks], points_xy: np.ndarray) -> Iterator[tuple[Masks, np.ndarray]]:
    """Give each batch of answers with the points that it answers."""
    start = 0
    for masks in answers:
        stop = start + len(masks.logits)
        yield masks, points_xy[start:stop]
        start = stop


def _check_finite(predicted_iou: Tensor) -> None:
    """Refuse quality estimates, on the host, that cannot be ranked."""
    import torch

    if not bool(torch.isfinite(predicted_iou).all()):
        raise ModelError(
            "the model's predicted IoU is not finite, so its masks cannot be ranked",
            where="predicted_iou of a batch of grid points",
            mend="check the checkpoint, or use dtype=fp32 if the model overflows in half precision",
        )


def _best(proposals: Proposals, limit: int | None) -> Proposals:
    """Keep the masks with the highest scores; equal scores keep their order."""
    if limit is None or len(proposals) <= limit:
        return proposals
    return proposals[np.argsort(-proposals.scores, kind="stable")[:limit]]
