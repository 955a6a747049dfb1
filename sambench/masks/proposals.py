"""The set of masks that automatic mask generation finds in an image, and what is done to the set as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from sambench.masks.boxes import rles_to_boxes_xyxy
from sambench.masks.generator_settings import GeneratorSettings
from sambench.masks.nms import box_nms, mask_nms
from sambench.masks.regions import drop_small_islands, fill_small_holes
from sambench.masks.rle import areas, decode_masks, encode_masks


@dataclass(frozen=True)
class Proposals:
    """N masks of one image.

    Attributes:
        rles: N compressed COCO run-length codes at the size of the image.
        boxes_xyxy: (N, 4) int64 in pixels of the image, last column and row inclusive.
        areas: (N,) int64 pixels.
        predicted_iou: (N,) float32, the model's own estimate.
        stability: (N,) float32 in [0, 1], of the mask as the model gave it.
        points_xy: (N, 2) float64, the prompt of each mask in pixels of the image.
        crop_boxes_xyxy: (N, 4) int64, the crop each mask was found in, x1 and y1 exclusive.
        scores: (N,) float32, what an evaluator sorts by (`GeneratorSettings.rank`).
    """

    rles: list[dict[str, Any]]
    boxes_xyxy: np.ndarray
    areas: np.ndarray
    predicted_iou: np.ndarray
    stability: np.ndarray
    points_xy: np.ndarray
    crop_boxes_xyxy: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, chosen: np.ndarray) -> Proposals:
        """Return the masks at (K,) integer indices, in that order."""
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        return Proposals(rles=[self.rles[i] for i in chosen], **arrays)

    @staticmethod
    def joined(parts: Sequence[Proposals]) -> Proposals:
        """Put several sets, at least one, after one another."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
        return Proposals(rles=[rle for part in parts for rle in part.rles], **arrays)


_ARRAYS = [field.name for field in fields(Proposals) if field.name != "rles"]


def rank_scores(predicted_iou: np.ndarray, stability: np.ndarray, rank: str, rng: np.random.Generator) -> np.ndarray:
    """Score (N,) masks by `GeneratorSettings.rank`, float32, higher is better."""
    if rank == "random":
        return rng.random(len(predicted_iou), dtype=np.float32)
    return predicted_iou if rank == "predicted_iou" else (predicted_iou + stability) / 2


def distinct(proposals: Proposals, scores: np.ndarray, iou_threshold: float, overlap: str = "box") -> Proposals:
    """Suppress the masks that a better one overlaps by more than a threshold, in box or mask; best first."""
    import torch

    if overlap == "mask":
        return proposals[mask_nms(proposals.rles, scores, iou_threshold)]
    kept = box_nms(torch.from_numpy(proposals.boxes_xyxy), torch.from_numpy(scores), iou_threshold)
    return proposals[kept.numpy()]


def distinct_between_crops(proposals: Proposals, iou_threshold: float, overlap: str = "box") -> Proposals:
    """Suppress duplicates from different crops; the mask of the smaller crop stays."""
    x0, y0, x1, y1 = proposals.crop_boxes_xyxy.T
    return distinct(proposals, 1 / ((x1 - x0) * (y1 - y0)).astype(np.float32), iou_threshold, overlap)


def without_small_regions(proposals: Proposals, settings: GeneratorSettings) -> Proposals:
    """Remove small holes and islands, then suppress what has become a duplicate; untouched masks stay and come first.

    Boxes and areas follow the changed masks; predicted IoU and stability remain those of the mask as the model gave it
    (segment_anything's `postprocess_small_regions`). Under the paper's region rule masks may vanish.
    """
    kept, untouched, rles = [], [], []
    for i, rle in enumerate(proposals.rles):
        mask, changed = _clean(decode_masks([rle], rle["size"])[0], settings)
        if mask is None:
            continue
        kept.append(i)
        untouched.append(not changed)
        rles.append(encode_masks(mask[None])[0] if changed else rle)
    cleaned = replace(
        proposals[np.array(kept, np.int64)],
        rles=rles,
        boxes_xyxy=rles_to_boxes_xyxy(rles),
        areas=areas(rles),
    )
    threshold = max(settings.box_nms_thresh, settings.crop_nms_thresh)
    return distinct(cleaned, np.array(untouched, np.float32), threshold, settings.nms_overlap)


def _clean(mask: np.ndarray, settings: GeneratorSettings) -> tuple[np.ndarray | None, bool]:
    """Clean one (H, W) bool mask; None where nothing is left of it. Also tell whether it changed."""
    min_area = settings.min_mask_region_area
    if settings.region_rule == "released":
        mask, filled = fill_small_holes(mask, min_area)
        mask, dropped = drop_small_islands(mask, min_area)
        return mask, filled or dropped
    mask, dropped = drop_small_islands(mask, min_area, keep_largest=False)
    if not mask.any():
        return None, True
    mask, filled = fill_small_holes(mask, min_area)
    return mask, filled or dropped
