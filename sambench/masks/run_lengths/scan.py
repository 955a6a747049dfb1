"""One pass over low-resolution logits on the CPU: run lengths and areas at the size of the image.

A pixel of the resized mask is a weighted mean of a window of at most three by three low-resolution logits, whatever
bilinear steps lie between. Where no threshold (raised, zero, lowered) parts the logits of a window, all pixels that it
feeds are known without being computed; only those near a boundary are interpolated. Nothing of the image's size is ever
stored, and runs come out in column-major order as run-length codes need them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.resize import logits_at_original
from sambench.types import MaskFrame, Size

TAPS = 3
# Between which thresholds a logit lies: up to -offset, up to 0, up to offset, above. "And" over a window is its common
# level, or _MIXED.
_MIXED, _LOW, _BELOW, _ABOVE, _HIGH = 0, 1, 2, 4, 8
_TILE = 16


class AxisTaps(NamedTuple):
    """How one axis of the image is made from one axis of the logits.

    Attributes:
        starts: (L,) int32, the first of the three logits that pixel i depends on; never decreasing.
        weights: (L, 3) float32, their weights.
    """

    starts: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=64)
def axis_taps(low: int, frame: MaskFrame, axis: int) -> AxisTaps | None:
    """Read the weights of one axis off the resizing of unit vectors.

    Args:
        low: Length of the logits' axis.
        frame: How the logits map to the image.
        axis: 0 for rows, 1 for columns.

    Returns:
        The taps, or None where three neighbours do not suffice (a frame that shrinks the logits in two steps).
    """
    import torch

    if low < TAPS:
        return None

    def flat(size: Size | None) -> Size | None:
        return None if size is None else (1, size[axis])

    one_row = MaskFrame((1, frame.original_size[axis]), flat(frame.padded_size), flat(frame.input_size))
    matrix = logits_at_original(torch.eye(low)[:, None, :], one_row)[:, 0].T.numpy()
    used = matrix != 0
    first, last = used.argmax(axis=1), low - 1 - used[:, ::-1].argmax(axis=1)
    starts = np.minimum(first, low - TAPS)
    if (last - starts >= TAPS).any() or (np.diff(starts) < 0).any():
        return None
    weights = np.take_along_axis(matrix, starts[:, None] + np.arange(TAPS), axis=1)
    return AxisTaps(starts.astype(np.int32), np.ascontiguousarray(weights, np.float32))


@kernel()
def scan_masks(
    logits: np.ndarray,
    columns: AxisTaps,
    rows: AxisTaps,
    offset: np.float32,
    corner_xy: tuple[int, int],
    image_size: Size,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encode N masks and count the pixels of their raised and lowered versions.

    Args:
        logits: (N, h, w) float32 low-resolution logits.
        columns: Taps of the columns of the crop that the logits answer for.
        rows: Taps of its rows.
        offset: How far the threshold 0 moves either way for the stability score.
        corner_xy: Top left of the crop in pixels of the image.
        image_size: (height, width) of the image in pixels.

    Returns:
        (T,) int32 run lengths at the image's size and (N,) int64 how many of them each mask has, both as in
        `RunLengths`; (N, 2) int64 areas at logits above `offset` and above -`offset`.
    """
    count, low_height, low_width = logits.shape
    turned = np.empty((low_width, low_height), np.float32)
    levels = np.empty((low_width, low_height), np.uint8)
    windows = np.empty((low_width, low_height), np.uint8)
    column = np.empty(low_height, np.float32)
    pieces = np.empty((low_height, 2), np.int64)
    areas = np.zeros((count, 2), np.int64)
    lengths = np.zeros(count, np.int64)
    changes = np.empty(1 << 16, np.int32)
    total = 0
    for i in range(count):
        _transpose(logits[i], turned)
        _classify_windows(turned, offset, levels, windows)
        first, window, n_pieces = total, -1, 0
        for x in range(len(columns.starts)):
            c = columns.starts[x]
            if c != window:
                window = c
                n_pieces = _split_column(windows[c], rows.starts, pieces)
            if n_pieces == 1 and pieces[0, 0] == _LOW:
                continue
            changes = with_room(changes, total + len(rows.starts) + 3)
            if n_pieces > 1 or pieces[0, 0] == _MIXED:
                for r in range(low_height):
                    column[r] = _weigh(columns.weights, x, turned[c, r], turned[c + 1, r], turned[c + 2, r])
            base = (x + corner_xy[0]) * image_size[0] + corner_xy[1]
            total = _scan_column(column, rows, pieces[:n_pieces], offset, base, changes, first, total, areas[i])
        total = changes_to_runs(changes, first, total, image_size[0] * image_size[1])
        lengths[i] = total - first
    return changes[:total].copy(), lengths, areas


@kernel()
def _transpose(source: np.ndarray, target: np.ndarray) -> None:
    """Copy source.T to target, a strip of rows at a time so that the cache holds what is being written."""
    height, width = source.shape
    for top in range(0, height, _TILE):
        for c in range(width):
            for r in range(top, min(top + _TILE, height)):
                target[c, r] = source[r, c]


@kernel()
def _classify_windows(turned: np.ndarray, offset: np.float32, levels: np.ndarray, windows: np.ndarray) -> None:
    """Fill windows[c, r] with the common level of the 3 x 3 logits from (c, r) on; a NaN is low."""
    width, height = turned.shape
    for c in range(width):
        for r in range(height):
            value = turned[c, r]
            above = np.uint8(value > -offset) + np.uint8(value > 0) + np.uint8(value > offset)
            levels[c, r] = np.uint8(1) << above
    for c in range(width - 2):
        for r in range(height):
            windows[c, r] = levels[c, r] & levels[c + 1, r] & levels[c + 2, r]
        for r in range(height - 2):
            windows[c, r] = windows[c, r] & windows[c, r + 1] & windows[c, r + 2]


@kernel()
def _split_column(windows: np.ndarray, starts: np.ndarray, pieces: np.ndarray) -> int:
    """Fill (kind, stop) of each stretch of pixels with windows of one kind; return how many there are."""
    count, y = 0, 0
    while y < len(starts):
        window = starts[y]
        while y < len(starts) and starts[y] == window:
            y += 1
        if count > 0 and pieces[count - 1, 0] == windows[window]:
            pieces[count - 1, 1] = y
        else:
            pieces[count, 0] = windows[window]
            pieces[count, 1] = y
            count += 1
    return count


@kernel()
def _weigh(weights: np.ndarray, i: int, a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    return weights[i, 0] * a + weights[i, 1] * b + weights[i, 2] * c


@kernel()
def _scan_column(
    column: np.ndarray,
    rows: AxisTaps,
    pieces: np.ndarray,
    offset: np.float32,
    base: int,
    changes: np.ndarray,
    first: int,
    total: int,
    areas: np.ndarray,
) -> int:
    """Append where one column of pixels, from position `base` on, changes; add to its areas; return the new total."""
    y = 0
    for piece in range(len(pieces)):
        kind, stop = pieces[piece]
        if kind != _MIXED:
            areas[0] += (stop - y) * (kind == _HIGH)
            areas[1] += (stop - y) * (kind >= _BELOW)
            if kind >= _ABOVE:
                total = append_run(changes, first, total, base + y, base + stop)
        else:
            inner = outer = np.int64(0)
            start = -1
            for i in range(y, stop):
                r = rows.starts[i]
                value = _weigh(rows.weights, i, column[r], column[r + 1], column[r + 2])
                inner += value > offset
                outer += value > -offset
                if (value > 0) == (start >= 0):
                    continue
                if start < 0:
                    start = i
                else:
                    total = append_run(changes, first, total, base + start, base + i)
                    start = -1
            if start >= 0:
                total = append_run(changes, first, total, base + start, base + stop)
            areas[0] += inner
            areas[1] += outer
        y = stop
    return total


@kernel()
def append_run(changes: np.ndarray, first: int, total: int, start: int, stop: int) -> int:
    """Append a foreground run or prolong the mask's last one; return the new total."""
    if total > first and changes[total - 1] == start:
        changes[total - 1] = stop
        return total
    changes[total] = start
    changes[total + 1] = stop
    return total + 2


@kernel()
def with_room(changes: np.ndarray, needed: int) -> np.ndarray:
    """Return the buffer, or a larger copy if it cannot hold `needed` entries."""
    if needed <= len(changes):
        return changes
    larger = np.empty(max(2 * len(changes), needed), np.int32)
    larger[: len(changes)] = changes
    return larger


@kernel()
def changes_to_runs(changes: np.ndarray, first: int, total: int, n_pixels: int) -> int:
    """Turn one mask's positions of change into run lengths in place, the last background run added."""
    previous = 0
    for k in range(first, total):
        position = changes[k]
        changes[k] = position - previous
        previous = position
    if previous < n_pixels:
        changes[total] = n_pixels - previous
        total += 1
    return total
