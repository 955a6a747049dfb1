"""Run-length codes of masks that are on a device, which sends them as bits: their number is known, that of runs is not.

To ask a device how many runs there are would make it wait for the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.run_lengths.bits import lowest_bit
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.transfers import Arrival
from sambench.types import Size

if TYPE_CHECKING:
    from torch import Tensor

_ONE = np.uint64(1)


def mask_run_lengths(masks: Tensor) -> RunLengths:
    """Find the runs of all masks of a batch.

    Args:
        masks: (N, H, W) bool, on any device.

    Returns:
        The codes, equal to segment_anything's `mask_to_rle_pytorch` and to pycocotools' own.
    """
    (packed,) = Arrival(packed_columns(masks)).arrays()
    return runs_of_packed(packed, (masks.shape[1], masks.shape[2]))


def packed_columns(masks: Tensor) -> Tensor:
    """Put eight pixels into a byte where the masks are.

    Args:
        masks: (N, H, W) bool.

    Returns:
        (N, K) uint8: pixel p of a mask, counted down the columns, is bit p % 8 of byte p // 8; K is a multiple of 8,
        and the bits beyond the last pixel are 0.
    """
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    count, height, width = masks.shape
    pixels = masks.transpose(1, 2).reshape(count, height * width).to(torch.uint8)
    pixels = F.pad(pixels, (0, -(height * width) % 64)).unflatten(1, (-1, 8))
    shifts = torch.arange(8, device=masks.device, dtype=torch.uint8)
    return pixels.bitwise_left_shift(shifts).sum(-1, dtype=torch.uint8)


def runs_of_packed(packed: np.ndarray, size: Size) -> RunLengths:
    """Find the runs of masks of (height, width) from their `packed_columns`."""
    words = np.ascontiguousarray(packed).view("<u8")
    counts, lengths = _runs(words, size[0] * size[1])
    return RunLengths(counts, lengths, size)


@kernel()
def _runs(words: np.ndarray, n_pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (T,) int32 run lengths and (N,) int64 how many each mask has, of (N, K) uint64 words of pixels."""
    lengths = np.zeros(len(words), np.int64)
    runs = np.empty(1 << 12, np.int32)
    total = 0
    for i in range(len(words)):
        first, start, before = total, 0, np.uint64(0)
        for j in range(words.shape[1]):
            word = words[i, j]
            changes = word ^ ((word << _ONE) | before)  # the pixels that differ from the one before them
            before = word >> np.uint64(63)
            if total + 66 > len(runs):
                runs = np.append(runs, np.empty(len(runs), np.int32))
            while changes != np.uint64(0):
                position = 64 * j + lowest_bit(changes)
                changes &= changes - _ONE
                if position < n_pixels:
                    runs[total] = position - start
                    start = position
                    total += 1
        runs[total] = n_pixels - start
        total += 1
        lengths[i] = total - first
    return runs[:total].copy(), lengths
