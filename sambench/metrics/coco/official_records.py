"""Between the official evaluators' own forms and the records of one image: objects, results and matching entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sambench.metrics.coco.average_precision import image_order
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.matches import InstanceMatches, match_record
from sambench.metrics.coco.params import IOU_THRESHOLDS, IouType
from sambench.metrics.groups import AREA_RANGES

OfficialEntry = dict[str, Any]
"""One image, category and area range as pycocotools matched it: dtScores, dtMatches, dtIgnore, gtIgnore, ..."""


def annotation_records(pair: ImagePair, iou_type: IouType) -> list[dict[str, Any]]:
    """Return an image's objects as the official evaluators store them, of image 1 and numbered from 1.

    The numbers of the annotation file do not do: an id of 0 counts as "not matched" there.
    """
    key, shapes = _shapes(pair.truth_shapes(iou_type), iou_type)
    return [
        {
            "id": number,
            "image_id": 1,
            "category_id": int(annotation.category_id),
            "area": float(annotation.area),
            "iscrowd": int(annotation.iscrowd),
            key: shape,
        }
        for number, (annotation, shape) in enumerate(zip(pair.truth.annotations, shapes, strict=True), 1)
    ]


def result_records(detections: Detections, iou_type: IouType) -> list[dict[str, Any]]:
    """Return detections as the official evaluators hold them once loaded, of image 1 and numbered from 1.

    Their own loading is passed by: it gives a result that has a `bbox` the box's area, and refuses an empty list.
    """
    key, shapes = _shapes(detections.shapes(iou_type), iou_type)
    columns = (detections.category_ids.tolist(), detections.scores.tolist(), detections.areas.tolist(), shapes)
    return [
        {"id": number, "image_id": 1, "category_id": category, "score": score, "area": area, "iscrowd": 0, key: shape}
        for number, (category, score, area, shape) in enumerate(zip(*columns, strict=True), 1)
    ]


def record_of_entries(
    image_id: int | str, entries: Sequence[OfficialEntry | None], results: list[dict[str, Any]]
) -> InstanceMatches:
    """Make the record of an image from what an official evaluator decided.

    Args:
        image_id: The image's id.
        entries: Category by category, one for each of `AREA_RANGES`; None where there is nothing.
        results: The results, numbered from 1.
    """
    blocks, counts = [], {}
    powers = 1 << np.arange(len(IOU_THRESHOLDS))
    for first in range(0, len(entries), len(AREA_RANGES)):
        areas = [entry for entry in entries[first : first + len(AREA_RANGES)] if entry is not None]
        if areas and areas[0]["gtIds"]:
            counted = [np.count_nonzero(np.asarray(entry["gtIgnore"]) == 0) for entry in areas]
            counts[int(areas[0]["category_id"])] = np.array(counted)
        if areas and areas[0]["dtIds"]:
            taken = np.stack([entry["dtMatches"] > 0 for entry in areas])
            skipped = np.stack([entry["dtIgnore"] > 0 for entry in areas])
            bits = [np.einsum("atd,t->da", part, powers) for part in (taken & ~skipped, skipped)]
            numbers = areas[0]["dtIds"]
            category = np.full(len(numbers), results[numbers[0] - 1]["category_id"])
            blocks.append((category, np.array(areas[0]["dtScores"]), np.arange(len(numbers)), *bits))
    return match_record(image_id, blocks, counts)


def entries_by_category(matches: Sequence[InstanceMatches]) -> dict[int, list[list[OfficialEntry]]]:
    """Restore the official evaluators' entries from records.

    Returns:
        By category that has objects, for each of `AREA_RANGES`, one entry an image in the order of their ids.
    """
    restored: dict[int, list[list[OfficialEntry]]] = {
        int(category): [[] for _ in AREA_RANGES] for match in matches for category in match.truth_categories
    }
    for i in image_order([match.image_id for match in matches]):
        match = matches[i]
        for category in np.union1d(match.categories, match.truth_categories).tolist():
            for a, entries in enumerate(restored.get(category, [])):
                entries.append(_restored_entry(match, category, a))
    return dict(sorted(restored.items()))


def _restored_entry(match: InstanceMatches, category: int, area: int) -> OfficialEntry:
    own = match.categories == category
    places = match.places[own]
    steps = np.arange(len(IOU_THRESHOLDS))[:, None]
    width = int(places.max(initial=-1)) + 1
    # What a record leaves out counts nowhere, but holds its place below the limits.
    taken, skipped, scores = np.zeros((len(steps), width), bool), np.ones((len(steps), width), bool), np.zeros(width)
    taken[:, places] = match.hits[own, area] >> steps & 1
    skipped[:, places] = match.uncounted[own, area] >> steps & 1
    scores[places] = match.scores[own]
    count = int(match.truth_counts[match.truth_categories == category, area].sum())
    return {"dtScores": scores, "dtMatches": taken, "dtIgnore": skipped, "gtIgnore": np.zeros(count)}


def _shapes(shapes: Any, iou_type: IouType) -> tuple[str, list[Any]]:
    return ("segmentation", shapes) if iou_type == "segm" else ("bbox", shapes.tolist())
