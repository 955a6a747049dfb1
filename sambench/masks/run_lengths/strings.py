"""Compressed run-length strings of many masks at once, expanded or written in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sambench.files.kernels import kernel

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


def strings_of_runs(counts: np.ndarray, lengths: np.ndarray, chosen: np.ndarray) -> list[bytes]:
    """Compress run lengths as pycocotools does, those of the chosen masks together.

    Args:
        counts, lengths: As `sambench.masks.run_lengths.runs.RunLengths` has them.
        chosen: (K,) integer indices of masks.
    """
    own = lengths[chosen]
    starts = np.cumsum(lengths)[chosen] - own
    codes, stops = _written(counts, starts, own)
    text, edges = codes.tobytes(), [0, *stops.tolist()]
    return [text[start:stop] for start, stop in pairwise(edges)]


@kernel()
def _written(counts: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write the strings of (K,) masks one after the other; return their (T,) uint8 characters and where each ends."""
    # A difference of two run lengths has at most 32 bits and a sign, five of them a character.
    codes, stops = np.empty(7 * lengths.sum(), np.uint8), np.empty(len(starts), np.int64)
    written = 0
    for mask in range(len(starts)):
        for k in range(lengths[mask]):
            number = np.int64(counts[starts[mask] + k])
            if k > 2:
                number -= counts[starts[mask] + k - 2]
            more = True
            while more:
                code = number & 31
                number >>= 5
                more = number != (-1 if code & 16 else 0)
                codes[written] = code + (80 if more else 48)
                written += 1
        stops[mask] = written
    return codes[:written], stops


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
