"""Rows with only what figures are made of, and small: for baselines that are kept in a repository."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.masks.rle import reaches
from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS, area_members
from sambench.types import Row

CHECK_DIGITS = 8
"""Hexadecimal digits kept of an image's SHA-256: enough to notice changed pixels, not to prove them unchanged."""

STEPS = 65535
"""Steps an overlap is rounded to, so that a mean of many is right to some 1e-7."""


def identity_of(row: Row) -> Row:
    """Return a row's sample and the first digits of its image's hash."""
    return {"sample_id": row["sample_id"], "image_sha256": row.get("image_sha256", "")[:CHECK_DIGITS]}


def without_columns(rows: Sequence[Row], *names: str) -> list[Row]:
    """Return the rows with short hashes and without the columns named."""
    return [{**{key: v for key, v in row.items() if key not in names}, **identity_of(row)} for row in rows]


def compact_clicks(rows: Sequence[Row], thresholds: Sequence[float] = ()) -> list[Row]:
    """Put the clicked masks of an image into one row: overlaps in `STEPS`, sizes by their ranges, no boundary IoU.

    Args:
        rows: One a mask and number of clicks (`sambench.metrics.clicks.miou`).
        thresholds: Overlaps that a mask reaches or not; rounding moves none across.

    Returns:
        One row an image: `dataset`, `clicks`, `size` (an object's index in `SIZES`), `steps` (the overlaps after the
        first of `clicks`, then the next), `oracle_steps` (empty where there is none).
    """
    by_sample: dict[str, list[Row]] = {}
    for row in rows:
        by_sample.setdefault(row["sample_id"], []).append(row)
    compact = []
    for own in by_sample.values():
        counts = sorted({row["clicks"] for row in own})
        by_count = [[row for row in own if row["clicks"] == count] for count in counts]
        oracle = [row["oracle_iou"] for row in by_count[0] if row.get("oracle_iou") is not None]
        compact.append(
            {
                **identity_of(own[0]),
                "dataset": own[0]["dataset"],
                "clicks": counts,
                "size": _sizes(np.array([row["area"] for row in by_count[0]], np.float64)),
                "steps": [_sided_steps(row["iou"], thresholds) for after in by_count for row in after],
                "oracle_steps": [_steps(iou) for iou in oracle],
            }
        )
    return compact


def expanded_clicks(rows: Sequence[Row]) -> list[Row]:
    """Return one row a mask and number of clicks, of rows that are so already or of `compact_clicks`."""
    plain: list[Row] = []
    for row in rows:
        if "steps" not in row:
            plain.append(row)
            continue
        areas, steps = [SIZES[size] for size in row["size"] or []], row["steps"] or []
        for step, count in enumerate(row["clicks"] or []):
            for index, area in enumerate(areas):
                oracle = row["oracle_steps"][index] / STEPS if step == 0 and row["oracle_steps"] else None
                scores = {"iou": steps[step * len(areas) + index] / STEPS, "boundary_iou": None, "oracle_iou": oracle}
                own = {"dataset": row["dataset"], "object": str(index), "area": area, "clicks": count}
                plain.append({"sample_id": row["sample_id"], "image_sha256": row["image_sha256"], **own, **scores})
    return plain


SIZES = (0.0, 1024.0, 5000.0, 9216.0, 1e6)
"""An area for each way to belong to COCO's ranges: small, small and medium, medium, medium and large, large."""


def compact_places(rows: Sequence[Row], limits: Sequence[int]) -> list[Row]:
    """Round the places of proposals up to the last one within the same of `limits`; recalls at these stay exact."""
    bounds = np.sort(np.asarray(limits))
    lasts = np.append(bounds - 1, -1)  # a place beyond every limit counts nowhere
    compact = []
    for row in without_columns(rows):
        for name in (*AREA_RANGES, *FREQUENCY_GROUPS):
            if row.get(f"places_{name}") is not None:
                places = np.asarray(row[f"places_{name}"], np.int64)
                rounded = lasts[np.searchsorted(bounds, places, side="right")]
                row[f"places_{name}"] = np.where(places < 0, -1, rounded).tolist()
        compact.append(row)
    return compact


def compact_instances(rows: Sequence[Row]) -> list[Row]:
    """Keep scores in single precision, where they keep their order, and overlaps in `STEPS`; drop nothing else."""
    compact = []
    for row in without_columns(rows):
        row["found_score"] = np.asarray(row["found_score"] or [], np.float32).tolist()
        if row.get("box_iou") is not None:
            row["box_iou"] = [_steps(iou) / STEPS for iou in row["box_iou"]]
            row["box_area"] = [SIZES[size] for size in _sizes(np.asarray(row["box_area"], np.float64))]
        compact.append(row)
    return compact


def _steps(iou: float) -> int:
    return round(iou * STEPS)


def _sided_steps(iou: float, thresholds: Sequence[float]) -> int:
    """Round an overlap to the nearest step that lies on the same side of all thresholds."""
    nearest = _steps(iou)
    sides = [reaches(np.array(iou), one) for one in thresholds]
    for step in (nearest, nearest - 1, nearest + 1):
        if [reaches(np.array(step / STEPS), one) for one in thresholds] == sides:
            return step
    return nearest


def _sizes(areas: np.ndarray) -> list[int]:
    """Return for each area the index in `SIZES` of one that belongs to the same ranges."""
    members = area_members(areas)
    alike = area_members(np.array(SIZES))
    return [int(np.flatnonzero((own == alike.T).all(axis=1))[0]) for own in members.T]
