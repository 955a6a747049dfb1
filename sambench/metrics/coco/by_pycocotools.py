"""COCO's own evaluator (pycocotools) behind the records and figures of this package, one image in memory at a time.

pycocotools matches each image by itself, so its `COCOeval` runs image by image; its decisions are kept as records, and
its `accumulate` sums them up. What goes wrong with it elsewhere cannot here: areas of detections are their masks', not
their boxes'; figures are read from its `precision` and `recall` arrays, since `summarize` gives AP at 100 detections
whatever the limits, and -1 where 100 is not among them; proposals are given one category; no detection at all is a
result like any other.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sambench.metrics.coco.average_precision import summary
from sambench.metrics.coco.average_recall import ProposalMatches, proposal_groups
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.matches import InstanceMatches
from sambench.metrics.coco.official_records import (
    OfficialEntry,
    annotation_records,
    entries_by_category,
    record_of_entries,
    result_records,
)
from sambench.metrics.coco.params import COCO_LIMITS, IOU_THRESHOLDS, PROPOSAL_LIMITS, IouType, checked_kinds
from sambench.metrics.groups import AREA_RANGES, letter

_ONE_CATEGORY = 1


def official_match_coco(
    pair: ImagePair, *, iou_type: IouType = "segm", max_dets: int = COCO_LIMITS[-1]
) -> InstanceMatches:
    """Match one image's detections by pycocotools; arguments and result as `match_instances` with kind="coco"."""
    checked_kinds("coco", iou_type)
    results = result_records(pair.detections, iou_type)
    entries = _evaluate(annotation_records(pair, iou_type), results, iou_type, max_dets)
    return record_of_entries(pair.truth.image_id, entries, results)


def official_match_proposals(
    pair: ImagePair,
    *,
    iou_type: IouType = "segm",
    max_dets: int = PROPOSAL_LIMITS[-1],
    frequencies: Mapping[int, str] | None = None,
) -> ProposalMatches:
    """Match one image's proposals by pycocotools; arguments and result as `match_proposals`.

    The area groups come from one evaluation, each frequency group from one against a ground truth cut down to it.
    """
    checked_kinds("coco", iou_type)
    pair = pair.by_category()
    groups = proposal_groups(pair, frequencies)
    truth = [{**one, "category_id": _ONE_CATEGORY} for one in annotation_records(pair, iou_type)]
    results = [{**one, "category_id": _ONE_CATEGORY} for one in result_records(pair.detections, iou_type)]
    entries = dict(zip(AREA_RANGES, _evaluate(truth, results, iou_type, max_dets), strict=True))
    for name in groups.keys() - AREA_RANGES.keys():
        kept = [truth[i] for i in np.flatnonzero(groups[name])]
        entries[name] = _evaluate(kept, results, iou_type, max_dets)[0]
    return ProposalMatches(pair.truth.image_id, {name: _places(entries[name], groups[name]) for name in groups})


def official_precision_coco(
    matches: Sequence[InstanceMatches], *, max_dets: Sequence[int] = COCO_LIMITS
) -> dict[str, float]:
    """Return the figures of `precision_figures` with kind="coco", summed up by pycocotools."""
    sums = [_accumulate(areas, max_dets) for areas in entries_by_category(matches).values()]
    values = {}
    for a, name in enumerate(AREA_RANGES):
        precision = np.array([one[0][:, :, 0, a, -1].mean(axis=1) for one in sums]).reshape(-1, len(IOU_THRESHOLDS))
        recall = np.array([one[1][:, 0, a].T for one in sums]).reshape(-1, len(max_dets), len(IOU_THRESHOLDS))
        values[name] = precision, recall, np.all(recall >= 0, axis=(1, 2))
    return summary(values, max_dets, None)


def official_recall(
    matches: Sequence[ProposalMatches], *, max_dets: Sequence[int] = PROPOSAL_LIMITS
) -> dict[str, float]:
    """Return the figures of `recall_figures`, summed up by pycocotools."""
    figures = {}
    for group in matches[0].places if matches else AREA_RANGES:
        entries = [_proposal_entry(match.places[group]) for match in matches]
        recall = _accumulate([entries] * len(AREA_RANGES), max_dets)[1][:, 0, 0]
        for m, limit in enumerate(max_dets):
            value = float(recall[:, m].mean())
            figures[f"AR{letter(group)}@{limit}"] = value if value >= 0 else float("nan")
    return figures


def _evaluate(
    truth: list[dict[str, Any]], results: list[dict[str, Any]], iou_type: str, max_dets: int
) -> list[OfficialEntry]:
    """Run `COCOeval.evaluate` on one image; returns its entries, for each category one an area range."""
    categories = sorted({one["category_id"] for one in truth + results} | {_ONE_CATEGORY})
    sides = []
    with contextlib.redirect_stdout(io.StringIO()):
        for annotations in (truth, results):
            side = COCO()
            # Without a size there is nothing to draw polygons by; all masks are codes already.
            side.dataset = {
                "images": [{"id": 1, "height": 0, "width": 0}],
                "categories": [{"id": category} for category in categories],
                "annotations": annotations,
            }
            side.createIndex()
            sides.append(side)
        evaluator = COCOeval(*sides, iouType=iou_type)
        evaluator.params.maxDets = [max_dets]
        evaluator.evaluate()
    return list(evaluator.evalImgs)


def _accumulate(areas: Sequence[Sequence[OfficialEntry]], max_dets: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Run `COCOeval.accumulate` on the entries of one category.

    Args:
        areas: For each of `AREA_RANGES`, one entry an image.
        max_dets: M limits.

    Returns:
        (10, 101, 1, A, M) precision and (10, 1, A, M) recall, -1 where there is no object.
    """
    evaluator = COCOeval()
    evaluator.params.imgIds = list(range(len(areas[0])))
    evaluator.params.catIds = [_ONE_CATEGORY]
    evaluator.params.maxDets = list(max_dets)
    evaluator._paramsEval = evaluator.params
    evaluator.evalImgs = [entry for entries in areas for entry in entries]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.accumulate()
    return evaluator.eval["precision"], evaluator.eval["recall"]


def _places(entry: OfficialEntry | None, members: np.ndarray) -> np.ndarray:
    """Return (G, 10) int32 places of a group's objects; `members` is (all objects,) bool."""
    numbers = (np.flatnonzero(members) + 1).tolist()
    places = np.full((len(numbers), len(IOU_THRESHOLDS)), -1, np.int32)
    if entry is not None:
        column = {number: g for g, number in enumerate(entry["gtIds"])}
        order = {number: rank for rank, number in enumerate(entry["dtIds"])}
        for row, number in enumerate(numbers):
            takers = entry["gtMatches"][:, column[number]].astype(int).tolist()
            places[row] = [order[taker] if taker else -1 for taker in takers]
    return places


def _proposal_entry(places: np.ndarray) -> OfficialEntry:
    """Restore pycocotools' entry of one image from the (G, 10) places of its objects."""
    width = int(places.max(initial=-1)) + 1
    taken = np.zeros((len(IOU_THRESHOLDS), width), bool)
    rows, step = np.nonzero(places >= 0)
    taken[step, places[rows, step]] = True
    skipped = np.zeros_like(taken)
    return {"dtScores": -np.arange(width), "dtMatches": taken, "dtIgnore": skipped, "gtIgnore": np.zeros(len(places))}
