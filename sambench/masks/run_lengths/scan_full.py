"""One pass over logits of the size of their image: what `sambench.masks.run_lengths.scan` finds, without resizing.

A model without a mask frame of its own (`hierarchy`, a network of the user) answers at the size of the image. Pixels
are read in the order they lie in; run-length codes go down the columns, so a change from one row to the next is put
into its column's part of the list. Eight pixels are compared at once: most rows equal the one above nearly everywhere.
"""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.run_lengths.scan import AxisTaps, append_run, changes_to_runs, with_room
from sambench.types import Size

_WORD = 8  # pixels, a byte each


def is_identity(taps: AxisTaps, length: int) -> bool:
    """Say whether each pixel of an axis is the logit at its own position.

    Args:
        taps: How the axis of the image is made from the axis of the logits.
        length: Of the logits' axis.
    """
    if len(taps.starts) != length:
        return False
    own = np.arange(length) - taps.starts
    return bool((taps.weights == np.eye(taps.weights.shape[1], dtype=np.float32)[own]).all())


@kernel()
def scan_full_masks(
    logits: np.ndarray, offset: np.float32, corner_xy: tuple[int, int], image_size: Size
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encode N masks at the size of their crop and count the pixels of their raised and lowered versions.

    Args:
        logits: (N, h, w) float32, a logit a pixel of the crop; a NaN is outside.
        offset: How far the threshold 0 moves either way for the stability score.
        corner_xy: Top left of the crop in pixels of the image.
        image_size: (height, width) of the image in pixels.

    Returns:
        As `sambench.masks.run_lengths.scan.scan_masks`.
    """
    count, height, width = logits.shape
    # A row of zeros above and one below: each column starts and ends outside.
    words = np.zeros((height + 2, (width + _WORD - 1) // _WORD), np.uint64)
    pixels = words.view(np.uint8)
    areas = np.zeros((count, 2), np.int64)
    lengths = np.zeros(count, np.int64)
    ends = np.zeros(width + 1, np.int64)
    crossed = np.empty(((height + 1) * width, 2), np.int32)
    positions = np.empty((height + 1) * width, np.int32)
    changes = np.empty(1 << 16, np.int32)
    total = 0
    for i in range(count):
        top, bottom = _fill(logits[i], offset, pixels, areas[i])
        n_ends = _find_changes(words, pixels, top, bottom, crossed, ends)
        _sort_by_column(crossed[:n_ends], corner_xy, image_size[0], ends, positions)
        changes = with_room(changes, total + n_ends + 1)
        first = total
        for k in range(0, n_ends, 2):
            total = append_run(changes, first, total, positions[k], positions[k + 1])
        total = changes_to_runs(changes, first, total, image_size[0] * image_size[1])
        lengths[i] = total - first
    return changes[:total].copy(), lengths, areas


@kernel()
def _fill(logits: np.ndarray, offset: np.float32, pixels: np.ndarray, areas: np.ndarray) -> tuple[int, int]:
    """Write which of (h, w) logits are above 0 into rows 1 to h of `pixels`; add to the areas at +-offset.

    Returns:
        The first row of `pixels` with such a logit, and the first below all of them.
    """
    # Short loops of one kind each: the compiler makes eight steps of them at once.
    lower = np.float32(-offset)
    top, bottom = len(logits) + 1, 1
    for y in range(logits.shape[0]):
        row, out = logits[y], pixels[y + 1]
        inner = inside = outer = np.int32(0)
        for x in range(len(row)):
            inner += np.int32(1) if row[x] > offset else np.int32(0)
            inside += np.int32(1) if row[x] > 0 else np.int32(0)
            outer += np.int32(1) if row[x] > lower else np.int32(0)
        for x in range(len(row)):
            out[x] = np.uint8(1) if row[x] > 0 else np.uint8(0)
        areas[0] += inner
        areas[1] += outer
        if inside > 0:
            top, bottom = min(top, y + 1), y + 2
    return top, bottom


@kernel()
def _find_changes(
    words: np.ndarray, pixels: np.ndarray, top: int, bottom: int, crossed: np.ndarray, ends: np.ndarray
) -> int:
    """Fill in (x, y) of each pixel that differs from the one above, row by row; return how many there are.

    Args:
        words: (h + 2, W) uint64, eight pixels each.
        pixels: (h + 2, w) uint8, the same.
        top, bottom: First row that may differ, and the last one.
        crossed: (C, 2) int32 that is filled in; y counts from the first row that is no margin.
        ends: (w + 1,) zeros; to the number after each column its changes are added.
    """
    total = 0
    for y in range(top, bottom + 1):
        row, above, own, other = words[y], words[y - 1], pixels[y], pixels[y - 1]
        for k in range(len(row)):
            if row[k] != above[k]:
                for x in range(k * _WORD, min((k + 1) * _WORD, len(ends) - 1)):
                    if own[x] != other[x]:
                        crossed[total, 0] = x
                        crossed[total, 1] = y - 1
                        ends[x + 1] += 1
                        total += 1
    return total


@kernel()
def _sort_by_column(
    crossed: np.ndarray, corner_xy: tuple[int, int], image_height: int, ends: np.ndarray, positions: np.ndarray
) -> None:
    """Write the position of each change, down the columns of the image, in ascending order; `ends` are zeros again."""
    for x in range(1, len(ends)):
        ends[x] += ends[x - 1]
    for k in range(len(crossed)):
        x, y = crossed[k]
        positions[ends[x]] = (x + corner_xy[0]) * image_height + corner_xy[1] + y
        ends[x] += 1
    ends[:] = 0
