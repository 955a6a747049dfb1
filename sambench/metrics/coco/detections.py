"""Detections of one image beside its ground truth: order, areas and overlaps as COCO defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from sambench.errors import PredictionError
from sambench.masks import rle
from sambench.metrics.coco.params import IouType
from sambench.types import InstanceTruth

ESTIMATES = ("predicted_iou", "stability_score")
"""What a generator of masks may say of each beside its score, as segment_anything's generator calls it."""


@dataclass(frozen=True)
class Detections:
    """D masks, boxes or both that were predicted for one image.

    Rules: detections are ranked by score, the highest first; equal scores keep the order they are given in (a stable
    sort, pycocotools' mergesort). A score that is NaN or infinite has no rank and is refused: whoever makes scores
    drops it before (a mask without pixels has the stability 0 / 0). An empty mask that is given all the same overlaps
    nothing, so it is a false positive, has area 0 and takes one of the `max_dets` places.

    Attributes:
        scores: (D,) float64.
        category_ids: (D,) int64; any number where categories do not count.
        rles: D compressed COCO run-length codes, or None where there are only boxes.
        boxes_xywh: (D, 4) float64 left, top, width, height in pixels; None takes the masks' boxes.
        by_prompt: Whether the i-th detection answers the image's i-th prompt; never known of files made elsewhere.
        estimates: Of `ESTIMATES` those that are known -> (D,) float64 of each mask; nothing is ranked by them.

    Raises:
        PredictionError: Lengths differ, a score or box is not finite, or a box has a negative side.
    """

    scores: np.ndarray
    category_ids: np.ndarray
    rles: Sequence[rle.Rle] | None = None
    boxes_xywh: np.ndarray | None = None
    by_prompt: bool = False
    estimates: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", np.asarray(self.scores, np.float64).reshape(-1))
        object.__setattr__(self, "category_ids", np.asarray(self.category_ids, np.int64).reshape(-1))
        if self.boxes_xywh is not None:
            object.__setattr__(self, "boxes_xywh", np.asarray(self.boxes_xywh, np.float64).reshape(-1, 4))
        lengths = {
            name: len(part)
            for name in ("scores", "category_ids", "rles", "boxes_xywh")
            if (part := getattr(self, name)) is not None
        }
        if len(set(lengths.values())) > 1 or len(lengths) < 3:
            raise PredictionError(
                f"detections need a score, a category and a mask or box each; there are {lengths}",
                mend="store the same number of each",
            )
        if wrong := {name: len(part) for name, part in self.estimates.items() if len(part) != len(self)}:
            raise PredictionError(f"{len(self)} detections have {wrong}", mend="store the same number of each")
        if bad := np.count_nonzero(~np.isfinite(self.scores)):
            raise PredictionError(
                f"{bad} of {len(self)} detections have a score that is not finite and cannot be ranked",
                mend="drop these detections (masks without pixels have stability 0 / 0) or give them a score",
            )
        if self.boxes_xywh is not None and not (
            np.isfinite(self.boxes_xywh).all() and self.boxes_xywh[:, 2:].min(initial=0) >= 0
        ):
            raise PredictionError("a detection's box is not finite or has a negative side")

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: np.ndarray) -> Detections:
        """Return the detections of an integer index array, in its order."""
        return Detections(
            scores=self.scores[index],
            category_ids=self.category_ids[index],
            rles=None if self.rles is None else [self.rles[i] for i in index.tolist()],
            boxes_xywh=None if self.boxes_xywh is None else self.boxes_xywh[index],
            estimates={name: part[index] for name, part in self.estimates.items()},
        )

    def ranked(self, limit: int | None) -> Detections:
        """Return the `limit` detections (None: all) with the highest scores, the highest first."""
        return self[np.argsort(-self.scores, kind="stable")[:limit]]

    @cached_property
    def areas(self) -> np.ndarray:
        """(D,) float64 mask pixels; the boxes' areas only where there are no masks."""
        if self.rles is not None:
            # pycocotools 2.0.11 keeps the number of masks in a uint8 on its way to `area`.
            parts = [rle.areas(self.rles[first : first + 255]) for first in range(0, len(self), 255)]
            return np.concatenate([np.zeros(0), *parts])
        return np.asarray(self.boxes_xywh)[:, 2] * np.asarray(self.boxes_xywh)[:, 3]

    def shapes(self, iou_type: IouType) -> Any:
        """Return what overlaps are taken of: the codes, or (D, 4) float64 boxes.

        Raises:
            PredictionError: Masks are asked for and there are only boxes.
        """
        if iou_type == "segm":
            if self.rles is None:
                raise PredictionError("the detections hold boxes and no masks", mend="score them with iou_type=bbox")
            return list(self.rles)
        return rle.boxes_xywh(self.rles or []) if self.boxes_xywh is None else self.boxes_xywh


@dataclass(frozen=True)
class ImagePair:
    """One image's ground truth with what was predicted for it.

    Attributes:
        truth: Its objects.
        detections: The predictions.
        truth_boxes_xywh: (G, 4) float64 boxes of the annotation file in pixels, one an annotation; None takes the
            masks' boxes. Only `iou_type="bbox"` reads it.

    Raises:
        PredictionError: The masks have another size than the ground truth's.
    """

    truth: InstanceTruth
    detections: Detections
    truth_boxes_xywh: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.truth_boxes_xywh is not None and len(self.truth_boxes_xywh) != len(self.truth.annotations):
            raise ValueError(f"{len(self.truth_boxes_xywh)} boxes for {len(self.truth.annotations)} annotations")
        if not self.truth.annotations or not self.detections.rles:
            return
        size = list(self.truth.annotations[0].rle["size"])
        if wrong := [code["size"] for code in self.detections.rles if list(code["size"]) != size]:
            raise PredictionError(
                f"{len(wrong)} masks are {_size(wrong[0])} (height x width), the ground truth is {_size(size)}",
                where=f"image {self.truth.image_id}",
                mend="predict masks at the image's original size",
            )

    def by_category(self) -> ImagePair:
        """Return the image with objects and detections by category, then in the file's order.

        The order in which COCO's evaluator without categories takes what is equal: two detections of one score, two
        objects of one overlap.
        """
        truth, detection_order = _by_category(self.categories), _by_category(self.detections.category_ids)
        if truth is None and detection_order is None:
            return self
        objects, boxes = self.truth, self.truth_boxes_xywh
        if truth is not None:
            objects = replace(objects, annotations=[objects.annotations[index] for index in truth])
            boxes = None if boxes is None else np.asarray(boxes)[truth]
        return ImagePair(
            objects, self.detections if detection_order is None else self.detections[detection_order], boxes
        )

    @cached_property
    def areas(self) -> np.ndarray:
        """(G,) float64 `area` of the annotations in pixels."""
        return np.array([annotation.area for annotation in self.truth.annotations], np.float64)

    @cached_property
    def categories(self) -> np.ndarray:
        """(G,) int64 category ids of the annotations."""
        return np.array([annotation.category_id for annotation in self.truth.annotations], np.int64)

    @cached_property
    def crowds(self) -> np.ndarray:
        """(G,) bool, True for regions that stand for a group."""
        return np.array([annotation.iscrowd for annotation in self.truth.annotations], bool)

    def truth_shapes(self, iou_type: IouType) -> Any:
        """Return the annotations' codes, or their (G, 4) float64 boxes (left, top, width, height)."""
        codes = [annotation.rle for annotation in self.truth.annotations]
        if iou_type == "segm":
            return codes
        if self.truth_boxes_xywh is None:
            return rle.boxes_xywh(codes)
        return np.asarray(self.truth_boxes_xywh, np.float64).reshape(-1, 4)


def truth_boxes_xywh(truth: InstanceTruth) -> np.ndarray:
    """Return (G, 4) float64 boxes of the annotations in image pixels: the dataset's own, else the mask's."""
    drawn = rle.boxes_xywh([annotation.rle for annotation in truth.annotations])
    own = [annotation.box_xywh for annotation in truth.annotations]
    return np.array([mask if box is None else box for box, mask in zip(own, drawn, strict=True)], np.float64).reshape(
        -1, 4
    )


def _by_category(categories: np.ndarray) -> np.ndarray | None:
    """Return the stable order by category; None where it is the given one."""
    order = np.argsort(categories, kind="stable")
    return None if np.array_equal(order, np.arange(len(order))) else order


def _size(size: Sequence[int]) -> str:
    return " x ".join(str(int(length)) for length in size)
