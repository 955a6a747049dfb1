"""COCO run-length codes of masks: typed functions over pycocotools that refuse what it would decode to rubbish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from sambench.masks.run_lengths.checks import check_runs, check_size, checked_polygons, without_gaps
from sambench.types import Size

Rle = dict[str, Any]
"""Compressed run-length code: {"size": [H, W], "counts": bytes}; runs go down the columns, background first."""


def empty(size: Size) -> Rle:
    """Return the code of a mask of (height, width) without pixels."""
    check_size(size)
    return dict(coco_mask.frPyObjects({"size": list(size), "counts": [size[0] * size[1]]}, *size))


def encode_masks(masks: np.ndarray) -> list[Rle]:
    """Compress masks.

    Args:
        masks: (N, H, W) bool.

    Returns:
        N compressed codes.
    """
    if len(masks) == 0:
        return []
    return list(coco_mask.encode(np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8)))


def decode_masks(rles: Sequence[Rle], size: Size) -> np.ndarray:
    """Expand codes of one image.

    Args:
        rles: N compressed codes.
        size: (height, width) they all have.

    Returns:
        (N, H, W) bool.
    """
    if len(rles) == 0:
        return np.zeros((0, *size), bool)
    if wrong := [rle["size"] for rle in rles if tuple(rle["size"]) != tuple(size)]:
        raise ValueError(f"masks of size {wrong[0]} where (height, width) is {list(size)}")
    return np.ascontiguousarray(coco_mask.decode(list(rles)).transpose(2, 0, 1)).astype(bool)


def areas(rles: Sequence[Rle]) -> np.ndarray:
    """Return the (N,) int64 numbers of mask pixels."""
    # pycocotools 2.0.11 overflows on more than 255 masks at once
    parts = [coco_mask.area(list(rles[start : start + 255])) for start in range(0, len(rles), 255)]
    return np.concatenate([np.asarray(part, np.int64).reshape(-1) for part in parts] or [np.zeros(0, np.int64)])


def boxes_xywh(rles: Sequence[Rle]) -> np.ndarray:
    """Return the (N, 4) float64 boxes (left, top, width, height) of the masks, in pixels; zeros for empty masks.

    A mask of one pixel at column 3, row 5 has the box (3, 5, 1, 1), as COCO counts.
    """
    return np.asarray(coco_mask.toBbox(list(rles)), np.float64).reshape(-1, 4)


def boxes_xyxy(rles: Sequence[Rle]) -> np.ndarray:
    """Return the (N, 4) float64 boxes (left, top, right, bottom) whose edges enclose the masks' pixels.

    A mask of one pixel at column 3, row 5 has the box (3, 5, 4, 6).
    """
    boxes = boxes_xywh(rles)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def iou(shapes: Any, others: Any, crowd: Sequence[bool] | np.ndarray | None = None) -> np.ndarray:
    """Measure the overlap of every pair of masks, or of boxes.

    Args:
        shapes: N codes in a list, or (N, 4) float64 boxes xywh (detections).
        others: M of the same form (ground truth).
        crowd: (M,) bool; against a crowd the intersection is divided by the area of the first mask alone, as COCO does.

    Returns:
        (N, M) float64 in [0, 1], row-major; 0 where both are empty.
    """
    if len(shapes) == 0 or len(others) == 0:
        return np.zeros((len(shapes), len(others)))
    flags = np.zeros(len(others), np.uint8) if crowd is None else np.asarray(crowd, np.uint8)
    return np.ascontiguousarray(coco_mask.iou(shapes, others, flags), np.float64)


def reaches(ious: np.ndarray, threshold: float) -> np.ndarray:
    """Tell which overlaps are at least a threshold, both rounded to float32 as in RITM's evaluation.

    Args:
        ious: Overlaps of any shape.
        threshold: In [0, 1].

    Returns:
        bool, of the same shape.
    """
    return np.asarray(ious).astype(np.float32) >= np.float32(threshold)


def union(rles: Sequence[Rle]) -> Rle:
    """Join masks of one size (at least one) into the mask of all their pixels."""
    return dict(coco_mask.merge(list(rles), intersect=False))


def to_json(rle: Rle) -> Rle:
    """Return a code that `json` can write: `counts` as str, `size` as plain integers."""
    counts = rle["counts"]
    return {
        "size": [int(length) for length in rle["size"]],
        "counts": counts.decode("ascii") if isinstance(counts, bytes) else counts,
    }


def from_segmentation(segmentation: Any, size: Size) -> Rle:
    """Compress a `segmentation` of a COCO or LVIS file in any of its forms.

    Args:
        segmentation: Polygons [[x0, y0, x1, y1, ...], ...], whose union is meant, in pixels with (0, 0) at the corner
            of the image; or {"size", "counts"} with run lengths as a list or as a compressed string.
        size: (height, width) of the image in pixels.

    Returns:
        The compressed code; what reaches over the image's border is cut off.

    Raises:
        ValueError: No polygon, fewer than three points, no numbers, coordinates off the image by more than its side,
            another size than the image's, run lengths that do not fill it, or a size no image has.
    """
    check_size(size)
    if isinstance(segmentation, dict):
        return _from_runs(segmentation, size)
    return union(coco_mask.frPyObjects(checked_polygons(segmentation, size), *size))


def check_segmentation(segmentation: Any, size: Size) -> None:
    """Check what `from_segmentation` checks, without drawing polygons.

    Raises:
        ValueError: As `from_segmentation`.
    """
    check_size(size)
    if isinstance(segmentation, dict):
        _from_runs(segmentation, size)
    else:
        checked_polygons(segmentation, size)


def run_lengths(counts: bytes) -> np.ndarray:
    """Expand the compressed string of a code to its (R,) int64 run lengths, background first.

    The string holds 6 bits a character from "0" on: 5 of the number and one that tells that more follow, lowest
    first, in two's complement; from the fourth on, numbers are differences to the last run but one
    (pycocotools' `rleToString`).

    Raises:
        ValueError: The string ends within a number, or holds other characters.
    """
    codes = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    if len(codes) == 0:
        return np.zeros(0, np.int64)
    if codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError("run-length string is damaged")
    ends = np.flatnonzero((codes & 32) == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max() > 8:
        raise ValueError("run-length string is damaged")
    shifts = 5 * (np.arange(len(codes)) - np.repeat(starts, ends - starts + 1))
    numbers = np.add.reduceat((codes & 31) << shifts, starts)
    numbers -= np.where(codes[ends] & 16, np.int64(1) << (shifts[ends] + 5), 0)
    for first in (1, 2):
        numbers[first::2] = np.cumsum(numbers[first::2])
    return numbers


def _from_runs(segmentation: dict[str, Any], size: Size) -> Rle:
    try:
        stated, counts = [int(length) for length in segmentation["size"]], segmentation["counts"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError('run-length code should hold "size" [height, width] and "counts"') from error
    if stated != list(size):
        raise ValueError(f"run-length code is for (height, width) {stated}, the image has {list(size)}")
    if isinstance(counts, str | bytes):
        packed = counts.encode("ascii", "replace") if isinstance(counts, str) else counts
        runs = run_lengths(packed)
        check_runs(runs, size)
        if (runs[1:] > 0).all():
            return {"size": stated, "counts": packed}
    else:
        try:
            runs = np.asarray(counts, np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError("run lengths are no numbers") from error
        check_runs(runs, size)
    runs = without_gaps(runs)
    return dict(coco_mask.frPyObjects({"size": stated, "counts": runs.astype(np.uint32)}, *size))
