"""Compressed run-length strings of many masks at once, expanded in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.kernels import kernel

_LONGEST = 9
"""Characters of a number; COCO's own are of at most 7."""


def runs_of_strings(strings: Sequence[bytes | str]) -> tuple[np.ndarray, np.ndarray]:
    """Expand compressed strings as `sambench.masks.rle.run_lengths` does, all of them together.

    Args:
        strings: N `counts` of COCO's codes.

    Returns:
        Their run lengths one after the other, (T,) int32, and (N,) int64 how many belong to each.

    Raises:
        ValueError: A string ends within a number, holds other characters, or a number too large for an image.
    """
    packed = [one.encode("ascii", "replace") if isinstance(one, str) else one for one in strings]
    sizes = np.fromiter(map(len, packed), np.int64, len(packed))
    counts, lengths, sound = _expanded(np.frombuffer(b"".join(packed), np.uint8), sizes)
    if not sound:
        raise ValueError("run-length string is damaged")
    return counts, lengths


@kernel()
def _expanded(codes: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    counts, lengths = np.empty(len(codes), np.int32), np.empty(len(sizes), np.int64)
    written = position = 0
    for string in range(len(sizes)):
        first, stop = written, position + sizes[string]
        while position < stop:
            number, shift, more = np.int64(0), 0, True
            while more:
                if position == stop or shift > 5 * (_LONGEST - 1):
                    return counts, lengths, False
                code = np.int64(codes[position]) - 48
                if code < 0 or code > 63:
                    return counts, lengths, False
                number |= (code & 31) << shift
                shift += 5
                position += 1
                more = (code & 32) != 0
                if not more and code & 16:
                    number -= np.int64(1) << shift
            if written - first > 2:
                number += counts[written - 2]
            if number < -(1 << 31) or number >= 1 << 31:
                return counts, lengths, False
            counts[written] = number
            written += 1
        lengths[string] = written - first
    return counts[:written], lengths, True
