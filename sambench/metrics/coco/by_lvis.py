"""LVIS's own evaluator (lvis 0.5.3, its last release) behind the records and figures of this package.

All that release needs mending for is in this file and leaves both numpy and lvis as they are installed:

- `accumulate` reads `np.float`, which numpy dropped in 1.24: `RepairedEval` runs the same code with a namespace of its
  own in which the name is there;
- without categories (`use_cats = 0`) it gathers the objects of category -1, of which there are none (mended in lvis-api
  #36, unreleased), and `summarize` picks the categories of a frequency group out of an array that has only one:
  `RepairedEval` gathers those of all categories and has no frequency groups then;
- the limit on detections is in `LVISResults(max_dets=)`, `params.max_dets` being a label: both are set from one number;
- `LVISResults` refuses an empty list and gives a result that has a `bbox` the box's area: `_Results` takes results that
  hold their area already.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

import lvis.eval
import numpy as np
from lvis import LVIS, LVISEval, LVISResults

from sambench.metrics.coco.average_precision import summary
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.matches import InstanceMatches
from sambench.metrics.coco.official_records import (
    OfficialEntry,
    annotation_records,
    entries_by_category,
    record_of_entries,
    result_records,
)
from sambench.metrics.coco.params import IOU_THRESHOLDS, LVIS_LIMITS, IouType, checked_kinds, frequency_of
from sambench.metrics.groups import AREA_RANGES

_LOGGER = logging.getLogger(__name__)


class _NumpyWithFloat:
    """numpy with the name it dropped."""

    float = float

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


class RepairedEval(LVISEval):  # type: ignore[misc]
    """`LVISEval` that runs on current numpy, and without categories."""

    accumulate = FunctionType(LVISEval.accumulate.__code__, {**vars(lvis.eval), "np": _NumpyWithFloat()}, "accumulate")

    def _get_gt_dt(self, img_id: int, cat_id: int) -> tuple[list[Any], list[Any]]:
        categories = [cat_id] if self.params.use_cats else self.params.cat_ids
        truth, detections = (
            [one for category in categories for one in side[img_id, category]] for side in (self._gts, self._dts)
        )
        return truth, detections

    def _summarize(self, *args: Any, freq_group_idx: int | None = None, **kwargs: Any) -> float:
        if freq_group_idx is not None and not self.params.use_cats:
            return -1.0
        return super()._summarize(*args, freq_group_idx=freq_group_idx, **kwargs)


class _Truth(LVIS):  # type: ignore[misc]
    """Annotations held in memory instead of a file."""

    def __init__(self, dataset: dict[str, Any]) -> None:
        self.logger = _LOGGER
        self.dataset = dataset
        self._create_index()


class _Results(LVISResults):  # type: ignore[misc]
    """Results held in memory that know their own areas; at most `max_dets` an image."""

    def __init__(self, truth: _Truth, results: list[dict[str, Any]], max_dets: int) -> None:
        self.logger = _LOGGER
        self.dataset = {**truth.dataset, "annotations": self.limit_dets_per_image(results, max_dets)}
        self._create_index()


def official_match_lvis(
    pair: ImagePair, *, iou_type: IouType = "segm", max_dets: int = LVIS_LIMITS[-1]
) -> InstanceMatches:
    """Match one image's detections by lvis; arguments and result as `match_instances` with kind="lvis"."""
    checked_kinds("lvis", iou_type)
    truth, results = annotation_records(pair, iou_type), result_records(pair.detections, iou_type)
    categories = sorted({one["category_id"] for one in truth + results})
    image = {
        "id": 1,
        "height": 0,
        "width": 0,
        "neg_category_ids": pair.truth.neg_category_ids,
        "not_exhaustive_category_ids": pair.truth.not_exhaustive_category_ids,
    }
    # The frequency plays no part in matching; records are grouped by it when they are summed up.
    dataset = {
        "images": [image],
        "categories": [{"id": category, "frequency": "f"} for category in categories],
        "annotations": truth,
    }
    side = _Truth(dataset)
    evaluator = RepairedEval(side, _Results(side, results, max_dets), iou_type)
    evaluator.params.max_dets = max_dets
    evaluator.evaluate()
    return record_of_entries(pair.truth.image_id, [_coco_names(entry) for entry in evaluator.eval_imgs], results)


def official_precision_lvis(
    matches: Sequence[InstanceMatches],
    *,
    frequencies: Mapping[int, str],
    max_dets: Sequence[int] = LVIS_LIMITS,
) -> dict[str, float]:
    """Return the figures of `precision_figures` with kind="lvis" and one limit, summed up by lvis."""
    restored = entries_by_category(matches)
    sums = [_accumulate(areas) for areas in restored.values()]
    values = {}
    for a, name in enumerate(AREA_RANGES):
        precision = np.array([one[0][:, :, 0, a].mean(axis=1) for one in sums]).reshape(-1, len(IOU_THRESHOLDS))
        recall = np.array([one[1][:, 0, a] for one in sums]).reshape(-1, 1, len(IOU_THRESHOLDS))
        values[name] = precision, recall, np.all(recall >= 0, axis=(1, 2))
    return summary(values, max_dets, np.array([frequency_of(category, frequencies) for category in restored], object))


def _accumulate(areas: Sequence[Sequence[OfficialEntry]]) -> tuple[np.ndarray, np.ndarray]:
    """Run `LVISEval.accumulate` on the entries of one category, for each of `AREA_RANGES` one an image.

    Returns:
        (10, 101, 1, A) precision and (10, 1, A) recall, -1 where there is no object.
    """
    evaluator = RepairedEval(*_nothing())
    evaluator.params.img_ids = list(range(len(areas[0])))
    evaluator.params.cat_ids = [1]
    evaluator.eval_imgs = [_lvis_names(entry) for entries in areas for entry in entries]
    evaluator.accumulate()
    return evaluator.eval["precision"], evaluator.eval["recall"]


def _nothing() -> tuple[_Truth, _Results]:
    truth = _Truth({"images": [], "categories": [], "annotations": []})
    return truth, _Results(truth, [], 0)


_NAMES = {
    "category_id": "category_id",
    "dt_ids": "dtIds",
    "gt_ids": "gtIds",
    "dt_scores": "dtScores",
    "dt_matches": "dtMatches",
    "dt_ignore": "dtIgnore",
    "gt_ignore": "gtIgnore",
}


def _coco_names(entry: dict[str, Any] | None) -> OfficialEntry | None:
    return None if entry is None else {coco: entry[name] for name, coco in _NAMES.items()}


def _lvis_names(entry: OfficialEntry) -> dict[str, Any]:
    named = {name: entry[coco] for name, coco in _NAMES.items() if coco in entry}
    return {**named, "dt_ids": np.arange(len(entry["dtScores"]))}
