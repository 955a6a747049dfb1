"""Morphological thinning to one-pixel curves, 64 pixels at a time.

The result is that of MATLAB's `bwmorph(mask, 'thin', inf)`: the parallel algorithm with two subiterations of Guo and
Hall (1989; conditions G1, G2 and G3/G3' in Lam, Lee and Suen 1992), with zeros outside the image. Maps are bit-packed,
so every condition is a few logic operations on whole words.
"""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import int64, kernel
from sambench.masks.run_lengths.bits import lowest_bit

_ONE = np.uint64(1)
_TOP = np.uint64(63)
_ZERO = np.uint64(0)


def pack(mask: np.ndarray) -> np.ndarray:
    """Pack a mask into words with a border of zeros.

    Args:
        mask: (H, W) bool.

    Returns:
        (H + 2, ceil(W / 64) + 2) uint64; pixel (y, x) is bit `x % 64` of word (y + 1, x // 64 + 1).
    """
    height, width = mask.shape
    words = np.zeros((height + 2, (width + 63) // 64 + 2), "<u8")
    octets = np.packbits(mask, axis=1, bitorder="little")
    words.view(np.uint8)[1:-1, 8 : 8 + octets.shape[1]] = octets
    return words


def unpack(words: np.ndarray, width: int) -> np.ndarray:
    """Return the (H, width) bool mask that `pack` made the words from."""
    return np.unpackbits(words.view(np.uint8)[1:-1, 8:], axis=1, count=width, bitorder="little").view(bool)


@kernel(inline="always")
def _two_of(a: int, b: int, c: int, d: int) -> int:
    """Return the bits set in two or more of four words."""
    return (a & b) | (c & d) | ((a | b) & (c | d))


@kernel(borrows=True, inner=True)
def _subiterate(source: np.ndarray, target: np.ndarray, number: int, moved: np.ndarray) -> bool:
    """Write `source` without the pixels one parallel subiteration deletes; True if there were any.

    A row stays as it is where the last two subiterations changed neither it nor the rows beside it: both kinds have
    looked at it, and `target`, the last one's source, holds it already. `moved`, (3, H + 2) bool, notes which rows
    changed: subiteration `number` writes moved[number % 3] and reads the others.

    Neighbours are named by compass point. A pixel goes if (G1) exactly one 0-to-1 crossing lies on its ring, (G2) the
    smaller of its two counts of neighbours in pairs is two or three, and (G3) it is open to one side: the east in the
    first subiteration, the west in the second.
    """
    changed, second = False, number % 2 == 1
    now, last, before = moved[number % 3], moved[(number - 1) % 3], moved[(number - 2) % 3]
    for y in range(1, source.shape[0] - 1):
        now[y] = False
        if not (last[y - 1] or last[y] or last[y + 1] or before[y - 1] or before[y] or before[y + 1]):
            continue
        differing = _ZERO
        for x in range(1, source.shape[1] - 1):
            centre = source[y, x]
            if centre == _ZERO:
                target[y, x] = centre
                continue
            north, south = source[y - 1, x], source[y + 1, x]
            e = (centre >> _ONE) | (source[y, x + 1] << _TOP)
            w = (centre << _ONE) | (source[y, x - 1] >> _TOP)
            ne = (north >> _ONE) | (source[y - 1, x + 1] << _TOP)
            nw = (north << _ONE) | (source[y - 1, x - 1] >> _TOP)
            se = (south >> _ONE) | (source[y + 1, x + 1] << _TOP)
            sw = (south << _ONE) | (source[y + 1, x - 1] >> _TOP)
            b1, b2, b3, b4 = ~e & (ne | north), ~north & (nw | w), ~w & (sw | south), ~south & (se | e)
            one_crossing = (b1 ^ b2 ^ b3 ^ b4) & ~((b1 & b2) | (b3 & b4))
            p1, p2, p3, p4 = e | ne, north | nw, w | sw, south | se
            q1, q2, q3, q4 = ne | north, nw | w, sw | south, se | e
            two_or_three = _two_of(p1, p2, p3, p4) & _two_of(q1, q2, q3, q4) & ~(p1 & p2 & p3 & p4 & q1 & q2 & q3 & q4)
            outer = ~((sw | south | ~nw) & w) if second else ~((ne | north | ~se) & e)
            kept = centre & ~(one_crossing & two_or_three & outer)
            differing |= kept ^ centre
            target[y, x] = kept
        now[y] = differing != _ZERO
        changed |= now[y]
    return changed


def thin_packed(words: np.ndarray) -> np.ndarray:
    """Thin a packed map (see `pack`) until nothing changes; the input is left as it is."""
    thinned = words.copy()
    _thin(thinned, np.zeros_like(words), np.ones((3, len(words)), np.bool_))
    return thinned


@kernel(borrows=True)
def _thin(current: np.ndarray, other: np.ndarray, moved: np.ndarray) -> None:
    """Thin a packed map in place; `other`, zeros of its shape, and `moved`, all True, are room for `_subiterate`."""
    number = int64(2)
    while True:
        first = _subiterate(current, other, number, moved)
        second = _subiterate(other, current, number + 1, moved)
        if not (first or second):
            return
        number += 2


def thin(mask: np.ndarray) -> np.ndarray:
    """Thin a mask to one-pixel curves as MATLAB's `bwmorph(mask, 'thin', inf)`.

    Args:
        mask: (H, W) bool or numbers, where nonzero counts as True.

    Returns:
        (H, W) bool.
    """
    flags = np.asarray(mask) != 0
    return unpack(thin_packed(pack(flags)), flags.shape[1])


@kernel()
def set_bits(words: np.ndarray, width: int) -> np.ndarray:
    """List the flat pixel indices y * width + x, ascending, of the bits set in a packed map (see `pack`)."""
    count = 0
    for y in range(1, words.shape[0] - 1):
        for x in range(1, words.shape[1] - 1):
            word = words[y, x]
            while word:
                word &= word - _ONE
                count += 1
    pixels, at = np.empty(count, np.int64), 0
    for y in range(1, words.shape[0] - 1):
        for x in range(1, words.shape[1] - 1):
            word, first = words[y, x], (y - 1) * width + 64 * (x - 1)
            while word:
                pixels[at] = first + lowest_bit(word)
                at += 1
                word &= word - _ONE
    return pixels
