"""A set of small numbers as bits of 64-bit words."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.run_lengths.bits import lowest_bit

_ONE, _ALL = np.uint64(1), np.uint64(2**64 - 1)


@kernel(inline="always")
def set_bit(words: np.ndarray, number: int, present: bool) -> None:
    """Put a number into the set, or take it out.

    Args:
        words: (W,) uint64, changed in place; number n is bit n % 64 of word n // 64.
        number: From 0 to 64 * W - 1.
        present: Whether it is in the set from now on.
    """
    bit = _ONE << np.uint64(number & 63)
    if present:
        words[number >> 6] |= bit
    else:
        words[number >> 6] &= ~bit


@kernel(borrows=True)
def next_bit(words: np.ndarray, number: int) -> int:
    """Return the least number of the set that is at least `number`, or one past all that `words` can hold."""
    at = number >> 6
    if at >= len(words):
        return at << 6
    word = words[at] & (_ALL << np.uint64(number & 63))
    while word == 0:
        at += 1
        if at == len(words):
            return at << 6
        word = words[at]
    return (at << 6) + lowest_bit(word)
