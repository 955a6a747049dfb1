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
from typing import Any

import numpy as np

from sambench.masks import rle
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.greedy import greedy_hits
from sambench.metrics.coco.params import COCO_LIMITS, IOU_THRESHOLDS, LVIS_LIMITS, IouType, RuleKind, checked_kinds
from sambench.metrics.groups import AREA_RANGES, area_members

NEVER_COUNTED = (1 << len(IOU_THRESHOLDS)) - 1
"""The `uncounted` bits of a detection that counts at no threshold."""

_NO_CATEGORY = -1


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
    truth, lvis = pair.truth, kind == "lvis"
    found = pair.detections.ranked(limit if lvis else len(pair.detections))
    groups, categories = _by_category(found.category_ids), pair.categories
    if lvis:
        categories = np.where(pair.areas > 0, categories, _NO_CATEGORY)
        judged = {*truth.neg_category_ids, *categories.tolist()}
        groups = {k: group[found.areas[group] > 0] for k, group in groups.items() if k in judged}
    crowds = pair.crowds & (not lvis)
    ignored = ~area_members(pair.areas) | crowds
    outside = ~area_members(found.areas)
    shapes, truth_shapes = found.shapes(iou_type), pair.truth_shapes(iou_type)
    blocks: list[tuple[np.ndarray, ...]] = []
    for category, group in groups.items():
        kept, objects = group[:limit], np.flatnonzero(categories == category)
        ious = rle.iou(_take(shapes, kept), _take(truth_shapes, objects), crowds[objects])
        out = outside[:, kept] | (lvis and category in truth.not_exhaustive_category_ids)
        bits = greedy_hits(ious, ignored[:, objects], crowds[objects], out, IOU_THRESHOLDS)
        blocks.append((np.full(len(kept), category), found.scores[kept], np.arange(len(kept)), *bits))
    present = set(categories.tolist()) - {_NO_CATEGORY}
    counts = {category: np.count_nonzero(~ignored[:, categories == category], axis=1) for category in present}
    return match_record(truth.image_id, blocks, counts)


def _by_category(category_ids: np.ndarray) -> dict[int, np.ndarray]:
    """Return the indices of each category's detections, in the order they have; categories ascend."""
    order = np.argsort(category_ids, kind="stable")
    categories, starts = np.unique(category_ids[order], return_index=True)
    return dict(zip(categories.tolist(), np.split(order, starts[1:]), strict=False))


def _take(shapes: list[Any] | np.ndarray, index: np.ndarray) -> list[Any] | np.ndarray:
    return [shapes[i] for i in index.tolist()] if isinstance(shapes, list) else shapes[index]


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
