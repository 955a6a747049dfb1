"""Mean IoU of masks with the objects whose own boxes prompted them, of all sizes and by COCO's area ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sambench.masks.overlap import mask_ious
from sambench.masks.resampled import resampled
from sambench.masks.rle import Rle, areas
from sambench.masks.windows import runs_of_rles
from sambench.metrics.bootstrap import mean_ci95, weighted_sums
from sambench.metrics.groups import AREA_RANGES, letter
from sambench.types import Annotation, Row


def columns_of_boxes(
    prompted: Sequence[Annotation],
    masks: Sequence[Rle],
    truth: Literal["annotation", "resampled"] = "annotation",
    both_empty: Literal["zero", "leave_out"] = "zero",
) -> Row:
    """Compare each object with the mask that its own box gave.

    Args:
        prompted: N objects of one image.
        masks: N masks in their order.
        truth: Compare with the "annotation", or with the object "resampled" to the model's frame and back.
        both_empty: What an object without pixels is whose mask has none: 0 ("zero"), or left out ("leave_out").

    Returns:
        `box_iou` and `box_area`, a number an object.
    """
    codes = [one.rle for one in prompted]
    if not codes:
        return {"box_iou": [], "box_area": []}
    size = codes[0]["size"][0], codes[0]["size"][1]
    if truth == "resampled":
        codes = resampled(codes, size)
    counted = np.ones(len(codes), bool)
    if both_empty == "leave_out":
        counted = (areas(codes) > 0) | (areas(masks) > 0)
    ious = mask_ious(runs_of_rles(masks, size), runs_of_rles(codes, size))[counted]
    return {"box_iou": ious.tolist(), "box_area": np.array([one.area for one in prompted])[counted].tolist()}


def box_ious(rows: Sequence[Row], seed: int = 0) -> dict[str, tuple[float, tuple[float, float], int]]:
    """Average over objects.

    Args:
        rows: One an image: `box_iou`, `box_area`, a number an object; None where ground-truth boxes were no prompts.
        seed: Of the bootstrap over images.

    Returns:
        Figure (box_mIoU, box_mIoUs, ...) -> value, 95 % interval, images; those without an object are left out.
    """
    figures = {}
    for name, (sums, counts) in _by_size(rows).items():
        means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
        figures[name] = float(sums.sum() / counts.sum()), mean_ci95(means, counts, seed=seed), len(rows)
    return figures


def box_iou_replicates(rows: Sequence[Row], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures of resamples of images: (B,) float64 by name, for (B, N) repeat counts of the N rows."""
    totals = {name: weighted_sums(weights, np.stack(own, axis=1)).T for name, own in _by_size(rows).items()}
    with np.errstate(invalid="ignore"):
        return {name: sums / counts for name, (sums, counts) in totals.items()}


def _by_size(rows: Sequence[Row]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the (N,) sums of overlaps and numbers of objects of each size that has any."""
    if not rows or any(row.get("box_iou") is None for row in rows):
        return {}
    by_size = {}
    for group, (low, high) in AREA_RANGES.items():
        inside = [(np.asarray(row["box_area"]) >= low) & (np.asarray(row["box_area"]) <= high) for row in rows]
        sums = np.array([np.asarray(row["box_iou"])[kept].sum() for row, kept in zip(rows, inside, strict=True)])
        counts = np.array([kept.sum() for kept in inside], np.float64)
        if counts.sum():
            by_size[f"box_mIoU{letter(group)}"] = sums, counts
    return by_size
