"""The constants of COCO's and LVIS's evaluation, as `Params` of pycocotools and lvis holds them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from sambench.errors import DatasetError, UsageError
from sambench.metrics.groups import FREQUENCY_GROUPS

log = logging.getLogger("sambench.metrics")

RuleKind = Literal["coco", "lvis"]
IouType = Literal["segm", "bbox"]

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""(10,) float64; .50 to .95 by .05, not `arange`, whose sums drift above the true values."""

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
"""(101,) float64 recalls at which precision is read off."""


PROPOSAL_LIMITS = (1, 10, 100, 1000)
COCO_LIMITS = (1, 10, 100)
LVIS_LIMITS = (300,)


def evaluation_rules(chosen: str, data_rules: RuleKind, categories: Sequence[Mapping[str, Any]]) -> RuleKind:
    """Return whose rules evaluate, and say so where the categories' frequencies go unused.

    Args:
        chosen: The switch: "data", "coco" or "lvis".
        data_rules: The data's own.
        categories: Its category records.

    Raises:
        UsageError: LVIS's rules are asked for by the switch and a category has no frequency.
    """
    rules: RuleKind = data_rules if chosen == "data" else "lvis" if chosen == "lvis" else "coco"
    known = [category for category in categories if "frequency" in category]
    if chosen == "lvis" and len(known) < len(categories):
        raise UsageError(
            f"LVIS's rules need a `frequency` of every category; {len(categories) - len(known)} of {len(categories)}"
            " have none",
            where="task.rules=lvis",
            mend="use task.rules=coco, or an annotation file with frequencies",
        )
    if rules == "coco" and known and chosen == "data":
        log.warning(
            "categories have a `frequency`, but the data is evaluated by COCO's rules; task.rules=lvis is LVIS's"
        )
    return rules


def frequency_of(category_id: int, frequencies: Mapping[int, str]) -> str:
    """Return the frequency letter of a category.

    Raises:
        DatasetError: The category has none, or another than "r", "c", "f".
    """
    frequency = frequencies.get(int(category_id))
    if frequency is None or frequency not in FREQUENCY_GROUPS.values():
        raise DatasetError(
            f"category {category_id} has frequency {frequency!r}, not one of r, c, f",
            where="`frequency` in the annotation file's categories",
            mend="use the LVIS annotation file as downloaded",
        )
    return frequency


def checked_limits(max_dets: int | Sequence[int]) -> tuple[int, ...]:
    """Return limits on the number of detections in ascending order.

    Raises:
        UsageError: There is none, or one is no whole number from 1 on.
    """
    limits = (max_dets,) if isinstance(max_dets, int) else tuple(max_dets)
    if not limits or any(int(limit) != limit or limit < 1 for limit in limits):
        raise UsageError(f"max_dets is {max_dets}", mend="give whole numbers from 1 on, such as max_dets=[1,10,100]")
    return tuple(sorted({int(limit) for limit in limits}))


def checked_kinds(kind: str, iou_type: str) -> None:
    """Refuse other rules than COCO's and LVIS's, and other overlaps than of masks and boxes.

    Raises:
        UsageError: `kind` is not "coco" or "lvis", or `iou_type` not "segm" or "bbox".
    """
    if kind not in ("coco", "lvis"):
        raise UsageError(f"there are no evaluation rules {kind!r}", mend='choose "coco" or "lvis"')
    if iou_type not in ("segm", "bbox"):
        raise UsageError(f"iou_type is {iou_type!r}", mend='choose "segm" (masks) or "bbox" (boxes)')
