"""hotcoco behind the same figures: a third, independent implementation.

It is called explicitly and never put in place of pycocotools. It takes images as they come and keeps its own compact
matches. Where it would answer another question than asked: limits on detections are applied before it sees them (it
keeps 300 in LVIS whatever `params.max_dets` says), figures are read from its arrays, and masks without pixels are left
out for LVIS, as lvis-api does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hotcoco import Params, StreamingEval

from sambench.metrics.coco.average_precision import summary
from sambench.metrics.coco.average_recall import proposal_groups
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.official_records import annotation_records, result_records
from sambench.metrics.coco.params import IouType, RuleKind, checked_kinds, checked_limits, frequency_of
from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS, letter

_ONE_CATEGORY = [{"id": 1, "name": "object"}]


class FastInstances:
    """Average precision and recall by hotcoco, image by image.

    Args:
        categories: The dataset's category records (`id`; `frequency` for LVIS).
        kind: Whose rules.
        iou_type: Overlap of masks or of boxes.
        max_dets: Limits, the last of which caps the detections.
    """

    def __init__(
        self, categories: Sequence[Mapping[str, Any]], kind: RuleKind, iou_type: IouType, max_dets: Sequence[int]
    ) -> None:
        checked_kinds(kind, iou_type)
        self._kind, self._iou_type, self._limits = kind, iou_type, checked_limits(max_dets)
        ids = sorted(int(category["id"]) for category in categories)
        frequencies = {int(category["id"]): str(category.get("frequency")) for category in categories}
        self._marks = None
        known = [{"id": k, "name": str(k)} for k in ids]
        if kind == "lvis":
            self._marks = np.array([frequency_of(k, frequencies) for k in ids], object)
            known = [{"id": k, "name": str(k), "frequency": frequencies[k]} for k in ids]
        self._stream = _stream(known, iou_type, self._limits, kind == "lvis")
        self._boxes_of_masks, self._seen = False, 0

    def add(self, pair: ImagePair) -> None:
        """Match one image."""
        detections = pair.detections
        if self._kind == "lvis":
            detections = detections.ranked(self._limits[-1])
            detections = detections[np.flatnonzero(detections.areas > 0)]
        self._boxes_of_masks |= self._iou_type == "bbox" and detections.rles is not None
        truth = annotation_records(pair, self._iou_type)
        if self._kind == "lvis":
            truth = [{**one, "iscrowd": 0} for one in truth if one["area"] > 0]
        self._seen += 1
        _update(self._stream, _number(pair, self._seen), pair, truth, detections, self._iou_type)

    def figures(self) -> dict[str, float]:
        """Return the figures of `precision_figures`.

        hotcoco takes a box detection's area from its box. Where the boxes belong to masks, whose areas count here,
        APs, APm and APl are left out.
        """
        precision, recall = _arrays(self._stream)
        values = {}
        for a, name in enumerate(AREA_RANGES):
            reached = recall[:, :, a].transpose(1, 2, 0)
            values[name] = precision[:, :, :, a, -1].mean(axis=1).T, reached, np.all(reached >= 0, axis=(1, 2))
        figures = summary(values, self._limits, self._marks)
        left_out = {"APs", "APm", "APl"} if self._boxes_of_masks else set()
        return {name: value for name, value in figures.items() if name not in left_out}


class FastProposals:
    """Class-agnostic average recall by hotcoco, image by image.

    Args:
        iou_type: Overlap of masks or of boxes.
        max_dets: Limits k.
        frequencies: Category id to "r", "c" or "f" (LVIS); None leaves the frequency groups out.
    """

    def __init__(self, iou_type: IouType, max_dets: Sequence[int], frequencies: Mapping[int, str] | None) -> None:
        checked_kinds("coco", iou_type)
        self._iou_type, self._limits, self._frequencies = iou_type, checked_limits(max_dets), frequencies
        names = ["all", *(FREQUENCY_GROUPS if frequencies is not None else ())]
        self._seen = 0
        self._streams = {name: _stream(_ONE_CATEGORY, iou_type, self._limits, False) for name in names}

    def add(self, pair: ImagePair) -> None:
        """Match one image, once against all objects and once against each frequency group."""
        pair = pair.by_category()
        groups = {**proposal_groups(pair, self._frequencies), "all": np.ones(len(pair.crowds), bool)}
        truth = [{**one, "category_id": 1} for one in annotation_records(pair, self._iou_type)]
        detections = pair.detections.ranked(self._limits[-1])
        detections = Detections(
            detections.scores, np.ones(len(detections), np.int64), detections.rles, detections.boxes_xywh
        )
        self._seen += 1
        for name, stream in self._streams.items():
            _update(
                stream,
                _number(pair, self._seen),
                pair,
                [truth[i] for i in np.flatnonzero(groups[name])],
                detections,
                self._iou_type,
            )

    def figures(self) -> dict[str, float]:
        """Return the figures of `recall_figures`."""
        figures = {}
        for name, stream in self._streams.items():
            recall = _arrays(stream)[1][:, 0]
            for a, area in enumerate(AREA_RANGES if name == "all" else ["all"]):
                for m, limit in enumerate(self._limits):
                    value = float(recall[:, a, m].mean())
                    group = area if name == "all" else name
                    figures[f"AR{letter(group)}@{limit}"] = value if value >= 0 else float("nan")
        return figures


def _stream(
    categories: list[dict[str, Any]], iou_type: IouType, limits: Sequence[int], lvis_style: bool
) -> StreamingEval:
    params = Params(iou_type)
    params.max_dets = list(limits)
    return StreamingEval(categories, iou_type, lvis_style=lvis_style, params=params)


def _number(pair: ImagePair, seen: int) -> int:
    """Return what hotcoco is to order the image by: its id, or its turn where that is a name (`image_order`)."""
    return pair.truth.image_id if isinstance(pair.truth.image_id, int) else seen


def _update(
    stream: StreamingEval,
    number: int,
    pair: ImagePair,
    truth: list[dict[str, Any]],
    detections: Detections,
    iou_type: IouType,
) -> None:
    """Hand one image over.

    Args:
        stream: The evaluator.
        number: What to order the image by.
        pair: Where the LVIS lists come from.
        truth: The objects that count, and crowds.
        detections: The detections, at most the last limit.
        iou_type: Overlap of masks or of boxes.
    """
    codes = [*(annotation.rle for annotation in pair.truth.annotations[:1]), *(detections.rles or [])[:1]]
    height, width = codes[0]["size"] if codes else (1, 1)
    image = {
        "id": number,
        "height": int(height),
        "width": int(width),
        "neg_category_ids": pair.truth.neg_category_ids,
        "not_exhaustive_category_ids": pair.truth.not_exhaustive_category_ids,
    }
    own = {"image_id": number}
    results = [{**one, **own} for one in result_records(detections, iou_type)]
    stream.update([image], [{**one, **own} for one in truth], results)


def _arrays(stream: StreamingEval) -> tuple[np.ndarray, np.ndarray]:
    """Return (10, 101, K, A, M) precision and (10, K, A, M) recall, -1 where there is no object."""
    evaluator = stream.finalize()
    evaluator.accumulate()
    arrays = evaluator.eval or {}
    return np.asarray(arrays["precision"]), np.asarray(arrays["recall"])
