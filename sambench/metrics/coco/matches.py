"""Average precision of instances by the rules of COCO or LVIS: which detections of an image are right.

Detections meet objects of their own category, greedily in order of score (`greedy_hits`).
COCO (Lin et al. 2014, pycocotools): crowds absorb what lies on them, and each category of an image keeps its best
`max_dets` detections. LVIS (Gupta et al. 2019, section 4, lvis-api): an image keeps its best `max_dets` detections
over all categories; then those of categories that are neither in the image nor verified to be absent from it are left
out, and with them all masks without pixels (lvis-api asks for areas above 0); where a category is not fully annotated,
detections that take no object do not count; there are no crowds.
The numbers over images follow in `precision_totals`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sambench.metrics.coco.blocks import blocks_of, hits_of_blocks, overlaps_of_boxes, overlaps_of_masks
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.params import COCO_LIMITS, IOU_THRESHOLDS, LVIS_LIMITS, IouType, RuleKind, checked_kinds
from sambench.metrics.groups import AREA_RANGES

NEVER_COUNTED = (1 << len(IOU_THRESHOLDS)) - 1
"""The `uncounted` bits of a detection that counts at no threshold."""

_NO_CATEGORY = -1

_RANGES = np.array(list(AREA_RANGES.values()))

_NO_OBJECT = np.zeros((0, len(AREA_RANGES)), np.int64)


@dataclass(frozen=True)
class InstanceMatches:
    """What precision and recall need to know of one image.

    Detections that count nowhere are left out. A = 4 area ranges (`AREA_RANGES`); bit t is for `IOU_THRESHOLDS[t]`.

    Attributes:
        image_id: The image's id in its annotation file.
        categories: (D,) int64 category ids of the detections, ascending; within a category the best score comes first.
        scores: (D,) float64.
        places: (D,) int32 place of the detection among its image's of that category, from 0.
        hits: (D, A) uint16 bits: takes an object that counts.
        uncounted: (D, A) uint16 bits: is neither right nor wrong.
        truth_categories: (C,) int64 categories of the objects.
        truth_counts: (C, A) int64 objects of each that count.
    """

    image_id: int | str
    categories: np.ndarray
    scores: np.ndarray
    places: np.ndarray
    hits: np.ndarray
    uncounted: np.ndarray
    truth_categories: np.ndarray
    truth_counts: np.ndarray


def default_limits(kind: RuleKind) -> tuple[int, ...]:
    """Return the limits on detections that the published numbers have."""
    return COCO_LIMITS if kind == "coco" else LVIS_LIMITS


def match_instances(
    pair: ImagePair, *, kind: RuleKind = "coco", iou_type: IouType = "segm", max_dets: int | None = None
) -> InstanceMatches:
    """Match one image's detections with its objects, category by category.

    Args:
        pair: Ground truth and detections; ties, NaN and empty masks by the rules of `Detections`.
        kind: Whose rules (see above).
        iou_type: Overlap of masks or of boxes. Areas are the annotations' `area` and the detections' mask pixels in
            both; a box's own area counts only where detections hold no masks.
        max_dets: Detections kept of a category and image (COCO: 100) or of an image (LVIS: 300).

    Returns:
        The image's matches.

    Raises:
        PredictionError: Masks are asked for and there are only boxes.
        UsageError: `kind` or `iou_type` is unknown.
    """
    checked_kinds(kind, iou_type)
    limit = default_limits(kind)[-1] if max_dets is None else max_dets
    truth, detections, lvis = pair.truth, pair.detections, kind == "lvis"
    categories = np.where(pair.areas > 0, pair.categories, _NO_CATEGORY) if lvis else pair.categories
    objects = np.argsort(categories, kind="stable")
    categories, crowds = categories[objects], pair.crowds[objects] & (not lvis)
    chosen = _chosen(pair, {*truth.neg_category_ids, *categories.tolist()} if lvis else None, limit)
    blocks = blocks_of(detections.category_ids[chosen], categories)
    places = np.arange(len(chosen)) - blocks[:, 0].repeat(blocks[:, 1] - blocks[:, 0])
    if not lvis and len(chosen) > limit:
        chosen, places = chosen[places < limit], places[places < limit]
        blocks = blocks_of(detections.category_ids[chosen], categories)
    detection_categories, detection_areas = detections.category_ids[chosen], detections.areas[chosen]
    unjudged = np.isin(detection_categories, truth.not_exhaustive_category_ids if lvis else [])
    ious = _overlaps(pair, iou_type, chosen, objects, crowds, blocks)
    sizes = detection_areas, unjudged, pair.areas[objects], crowds
    hits, uncounted, counts = hits_of_blocks(ious, blocks, *sizes, _RANGES, IOU_THRESHOLDS)
    counted = (uncounted != NEVER_COUNTED).any(axis=1)
    present, starts = np.unique(categories, return_index=True)
    real = present != _NO_CATEGORY
    return InstanceMatches(
        image_id=truth.image_id,
        categories=detection_categories[counted],
        scores=detections.scores[chosen][counted],
        places=places[counted].astype(np.int32),
        hits=hits[counted],
        uncounted=uncounted[counted],
        truth_categories=present[real],
        truth_counts=np.add.reduceat(counts, starts, axis=0, dtype=np.int64)[real] if len(starts) else _NO_OBJECT,
    )


def _chosen(pair: ImagePair, judged: set[int] | None, limit: int) -> np.ndarray:
    """Return the detections that are looked at: by category, ascending, the best score first.

    Args:
        pair: The image.
        judged: LVIS: categories that are in the image or verified to be absent; None for COCO, where all are.
        limit: LVIS: so many of the image at most, before categories and empty masks are left out.
    """
    detections = pair.detections
    if judged is None:
        return np.lexsort((-detections.scores, detections.category_ids))
    best = np.argsort(-detections.scores, kind="stable")[:limit]
    best = best[np.isin(detections.category_ids[best], list(judged)) & (detections.areas[best] > 0)]
    return best[np.argsort(detections.category_ids[best], kind="stable")]


def _overlaps(
    pair: ImagePair, iou_type: IouType, chosen: np.ndarray, objects: np.ndarray, crowds: np.ndarray, blocks: np.ndarray
) -> np.ndarray:
    """Measure the overlaps of chosen detections and ordered objects, block by block."""
    shapes, truth = pair.detections.shapes(iou_type), pair.truth_shapes(iou_type)
    if iou_type == "bbox":
        return np.asarray(overlaps_of_boxes(shapes[chosen], truth[objects], crowds, blocks))
    ordered = [shapes[i] for i in chosen.tolist()], [truth[i] for i in objects.tolist()]
    return overlaps_of_masks(*ordered, crowds, blocks)


def match_record(
    image_id: int | str, blocks: list[tuple[np.ndarray, ...]], truth_counts: dict[int, np.ndarray]
) -> InstanceMatches:
    """Join the categories of an image, without the detections that count nowhere.

    Args:
        image_id: The image's id.
        blocks: By category, ascending: (D,) categories, scores and places, (D, A) hits and uncounted bits.
        truth_counts: (A,) objects that count, by category.
    """
    empty = (np.zeros(0), np.zeros(0), np.zeros(0), *np.zeros((2, 0, len(AREA_RANGES)), np.uint16))
    columns = [np.concatenate(column) for column in zip(empty, *blocks, strict=True)]
    counted = ~(columns[4] == NEVER_COUNTED).all(axis=1)
    categories, scores, places, hits, uncounted = (column[counted] for column in columns)
    return InstanceMatches(
        image_id=image_id,
        categories=categories.astype(np.int64),
        scores=scores.astype(np.float64),
        places=places.astype(np.int32),
        hits=hits.astype(np.uint16),
        uncounted=uncounted.astype(np.uint16),
        truth_categories=np.array(sorted(truth_counts), np.int64),
        truth_counts=np.array([truth_counts[k] for k in sorted(truth_counts)], np.int64).reshape(-1, len(AREA_RANGES)),
    )
