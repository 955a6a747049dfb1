"""What overlaps of a pair are taken of: masks, or boxes in shares of the image's sides, as SA-Co's files have them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sambench.errors import PredictionError
from sambench.masks import rle
from sambench.metrics.coco.params import IouType
from sambench.predictions.concept_files import box_shares
from sambench.prompts.concepts import ConceptPair, PhraseDetections
from sambench.types import Annotation, Size


class Shapes(NamedTuple):
    """One pair's detections and truth in one form: run lengths in lists, or (N, 4) float64 boxes XYWH.

    Attributes:
        detections: The detections.
        annotators: Each one's objects, and which of them are crowds.
    """

    detections: Any
    annotators: list[tuple[Any, list[bool]]]


def shapes_of(detections: PhraseDetections, pair: ConceptPair, iou_type: IouType, size: Size) -> Shapes:
    """Return what is compared.

    Args:
        detections: Detections of the pair.
        pair: Its truth.
        iou_type: Masks or boxes; boxes of the truth are those of its file, or its masks'.
        size: (height, width) of the image in pixels.

    Raises:
        PredictionError: Masks are asked for and there are only boxes.
    """
    crowds = [[one.iscrowd for one in drawn] for drawn in pair.annotators]
    if iou_type == "bbox":
        truth = [_truth_shares(drawn, size) for drawn in pair.annotators]
        return Shapes(box_shares(detections, size), list(zip(truth, crowds, strict=True)))
    if detections.rles is None:
        what = f"the detections of pair {pair.id} hold boxes and no masks"
        raise PredictionError(what, mend="score them with task.iou_type=bbox")
    masks = [[one.rle for one in drawn] for drawn in pair.annotators]
    return Shapes(list(detections.rles), list(zip(masks, crowds, strict=True)))


def _truth_shares(drawn: list[Annotation], size: Size) -> np.ndarray:
    """Return (G, 4) float64 boxes XYWH in shares of the image's sides."""
    around = rle.boxes_xywh([one.rle for one in drawn])
    stated = [one.box_xywh if one.box_xywh is not None else own for one, own in zip(drawn, around, strict=True)]
    boxes = np.array(stated, np.float64).reshape(-1, 4)
    return boxes / np.array([size[1], size[0], size[1], size[0]], np.float64)
