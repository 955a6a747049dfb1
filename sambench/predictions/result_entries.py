"""Entries of a COCO results list: what is wrong with one, and those of an image as detections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sambench.datasets.formats.coco_fields import nested_polygons
from sambench.errors import PredictionError
from sambench.files.json_text import number, whole
from sambench.masks import rle
from sambench.metrics.coco.detections import ESTIMATES, Detections
from sambench.types import Size

_CHOOSE = "choose the data it was made for (data=..., data.split=...)"

FAULTS = {
    "an unknown image_id": _CHOOSE,
    "an unknown category_id": _CHOOSE,
    "an image_id in quotes": "write the ids as the annotation file does: jq 'map(.image_id |= tonumber)'",
    "an image_id without quotes": "write the ids as the annotation file does: jq 'map(.image_id |= tostring)'",
    "a missing or non-finite score": "give each entry its `score` as a finite number, without quotes",
    "a score, where other entries have none": "give each entry a `score`, or none",
    "no bbox, where other entries have one": "store a bbox for every detection, or for none",
    "a bbox, where other entries have none": "store a bbox for every detection, or for none",
    "a segmentation of another size than its image": 'write "size" as [height, width] of the image in its annotation'
    f" file, or {_CHOOSE}",
}
"""Fault of an entry -> what mends it, beside taking such entries out, where that is not to write the file again."""


def mend_of(faults: Iterable[str]) -> str:
    """Say what mends entries with these faults, each way once."""
    ways = dict.fromkeys(FAULTS.get(fault, "write the file again") for fault in faults)
    return "; ".join((*ways, "or take these entries out"))


def to_detections(entries: Sequence[Mapping[str, Any]], size: Size, where: object) -> Detections:
    """Turn one image's entries into detections; masks where the entries have them, boxes elsewhere.

    An entry whose category is no whole number gets category 0, as where categories do not count.

    Raises:
        PredictionError: A mask cannot be decoded or has another size, or some entries have masks and some have none.
    """
    scores = np.array([entry["score"] for entry in entries], np.float64)
    categories = np.array([whole(entry.get("category_id")) or 0 for entry in entries], np.int64)
    masked = [entry.get("segmentation") is not None for entry in entries]
    if not any(masked) and entries:
        return Detections(scores, categories, None, np.array([entry["bbox"] for entry in entries], np.float64))
    if not all(masked):
        raise PredictionError(
            f"{masked.count(False)} of {len(masked)} detections of an image have no segmentation",
            where=where,
            mend="store a mask for every detection, or for none",
        )
    try:
        codes = [rle.from_segmentation(nested_polygons(entry["segmentation"]), size) for entry in entries]
        return Detections(scores, categories, codes, estimates=_estimates(entries))
    except ValueError as error:
        raise PredictionError(f"a mask cannot be used: {error}", where=where, mend="write it as COCO RLE") from error


def _estimates(entries: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return of `ESTIMATES` those that every entry has as a finite number."""
    estimates = {name: [number(entry.get(name)) for entry in entries] for name in ESTIMATES}
    return {name: np.array(own, np.float64) for name, own in estimates.items() if own and None not in own}


def unknown_image_fault(image_id: int | str | None, known: Mapping[int | str, str]) -> str:
    """Say what is wrong with an image id that the data does not have."""
    if isinstance(image_id, str) and image_id.isdecimal() and int(image_id) in known:
        return "an image_id in quotes"
    return "an image_id without quotes" if str(image_id) in known else "an unknown image_id"


def entry_fault(entry: Mapping[str, Any], size: Size) -> str | None:
    """Say what is wrong with the score, mask or box of an entry in an image of (height, width)."""
    if number(entry.get("score")) is None:
        return "a missing or non-finite score"
    segmentation = entry.get("segmentation")
    if segmentation is None:
        return box_fault(entry["bbox"], size) if "bbox" in entry else "neither bbox nor segmentation"
    if isinstance(segmentation, dict):
        stated = segmentation.get("size")
        if not isinstance(stated, list) or "counts" not in segmentation:
            return 'a segmentation without "size" and "counts"'
        return (
            None if [whole(side) for side in stated] == list(size) else "a segmentation of another size than its image"
        )
    return None if isinstance(segmentation, list) else "a segmentation that is no mask"


def box_fault(box: Any, size: Size) -> str | None:
    """Say what is wrong with a box XYWH in an image of (height, width); reaching over the border is no fault."""
    if not (isinstance(box, list) and len(box) == 4 and all(number(side) is not None for side in box)):
        return "a bbox that is not four finite numbers"
    x, y, width, height = box
    if width <= 0 or height <= 0:
        return "an empty bbox"
    if x >= size[1] or y >= size[0] or x + width <= 0 or y + height <= 0:
        return "a bbox outside its image"
    return None
