"""Masks as run lengths, and as small arrays that hold no more than a mask's own box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.rle import Rle
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.run_lengths.strings import runs_of_strings
from sambench.types import Size


def runs_of_rles(rles: Sequence[Rle], size: Size) -> RunLengths:
    """Expand compressed codes of one image to run lengths.

    Args:
        rles: N compressed COCO run-length codes.
        size: (height, width) they all have.

    Raises:
        ValueError: A code has another size.
    """
    if wrong := {tuple(rle["size"]) for rle in rles} - {tuple(size)}:
        raise ValueError(f"masks of size {list(min(wrong))} where (height, width) is {list(size)}")
    return RunLengths(*runs_of_strings([rle["counts"] for rle in rles]), size)


def empty_runs(count: int, size: Size) -> RunLengths:
    """Return the run lengths of `count` masks without a pixel, of (height, width) `size`."""
    return RunLengths(np.full(count, size[0] * size[1], np.int32), np.ones(count, np.int64), size)


def chosen_runs(runs: RunLengths, chosen: np.ndarray) -> RunLengths:
    """Return the chosen masks of a batch, in the order of the (K,) integer indices."""
    stops = np.cumsum(runs.lengths)
    parts = [runs.counts[stops[i] - runs.lengths[i] : stops[i]] for i in chosen]
    counts = np.concatenate(parts) if parts else runs.counts[:0]
    return RunLengths(counts, runs.lengths[chosen], runs.size)


def difference_runs(masks: RunLengths, taken: RunLengths | None) -> RunLengths:
    """Take from each of N masks the pixels of its own one of N others of the same size of image; None takes nothing."""
    if taken is None:
        return masks
    if len(masks.lengths) != len(taken.lengths) or masks.size != taken.size:
        raise ValueError(f"{len(masks.lengths)} masks of {masks.size}, {len(taken.lengths)} others of {taken.size}")
    counts, lengths = _difference(masks.counts, masks.lengths, taken.counts, taken.lengths)
    return RunLengths(counts, lengths, masks.size)


@kernel()
def paint_runs(window: np.ndarray, left: int, top: int, counts: np.ndarray, image_height: int, value: bool) -> None:
    """Set the pixels of one mask that lie in a window, and leave the others as they are.

    Args:
        window: (h, w) bool, changed in place.
        left: The window's first column in the image.
        top: Its first row.
        counts: (R,) integer run lengths of the mask: column-major, background first.
        image_height: In pixels.
        value: What the mask's pixels become.
    """
    height, width = window.shape
    position = 0
    for k in range(len(counts)):
        start, position = position, position + counts[k]
        if k % 2 == 0 or position <= left * image_height:
            continue
        if start >= (left + width) * image_height:
            return
        for x in range(max(start // image_height, left), min((position - 1) // image_height + 1, left + width)):
            first = max(start - x * image_height, top)
            last = min(position - x * image_height, top + height)
            for y in range(first, last):
                window[y - top, x - left] = value


@kernel()
def _difference(
    mask: np.ndarray, mask_lengths: np.ndarray, other: np.ndarray, other_lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Walk along the runs of both masks of each pair; a run ends where what is left changes."""
    values = np.empty(len(mask) + len(other) + len(mask_lengths), np.int32)
    lengths = np.empty(len(mask_lengths), np.int64)
    a = b = written = 0
    for i in range(len(mask_lengths)):
        first_a, first_b, first = a, b, written
        stop_a = stop_b = position = run = np.int64(0)
        left = False
        while a < first_a + mask_lengths[i] and b < first_b + other_lengths[i]:
            stop = min(stop_a + mask[a], stop_b + other[b])
            inside = (a - first_a) % 2 == 1 and (b - first_b) % 2 == 0
            if stop > position and inside != left:
                values[written] = run
                written, run, left = written + 1, np.int64(0), inside
            run, position = run + stop - position, stop
            if stop_a + mask[a] == stop:
                stop_a += mask[a]
                a += 1
            if b < first_b + other_lengths[i] and stop_b + other[b] == stop:
                stop_b += other[b]
                b += 1
        values[written] = run
        written += 1
        lengths[i] = written - first
        a, b = first_a + mask_lengths[i], first_b + other_lengths[i]
    return values[:written], lengths
