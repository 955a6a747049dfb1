"""Places of bits in 64-bit words."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel

_ONE = np.uint64(1)
_SEQUENCE = 0x03F79D71B4CB0A89
"""A de Bruijn sequence: its 64 windows of six bits differ, so the topmost window tells how far it was shifted."""

_SHIFTS = np.zeros(64, np.int64)
for _shift in range(64):
    _SHIFTS[(_SEQUENCE << _shift) % 2**64 >> 58] = _shift


@kernel(inline="always")
def lowest_bit(word: np.uint64) -> int:
    """Return the place, 0 to 63, of the lowest bit that is set in a word other than 0."""
    return _SHIFTS[((word & (~word + _ONE)) * np.uint64(_SEQUENCE)) >> np.uint64(58)]
