"""A mask against its object, pixel by pixel: every wrong pixel belongs to exactly one kind of error.

Words: T is the object, M its mask, d a distance in pixels. A piece is connected over sides and corners, a hole over
sides. The kinds, the first that holds:

    rest       all wrong pixels where M and T share none: the mask is elsewhere, or empty
    extra      false pixels in a piece of M that does not touch T: a piece that is not there
    missed     missed pixels in a piece of T that M does not touch
    holes      false pixels in a hole of T that M fills by more than half, missed ones in a hole of M of which T holds
               more than half
    spill      false pixels within d of T
    shortfall  missed pixels within d of M
    level      pixels farther away where M is of another nesting level than T (below)
    missed     missed pixels farther than d from M: their pieces are missed parts
    rest       false pixels farther than d from T: the mask runs out into something else

M is a part of T ("part for whole") where at least .9 of M's pixels (without its extra pieces) lie within d of T, M
holds less than half of T, and at least half of all missed pixels lie farther than d from M or in pieces of T that M
does not touch (which stay "missed"). T is a part of M ("whole for part") where at least .9 of T lies within d of M, T
holds less than half of M (without its extra pieces), and at least half of all false pixels lie farther than d from T in
pieces of M that touch T, in no hole.

Example, d = 1: T is a row of 10 pixels, M its first 4. Nothing of M is false, 4 < 5, and of 6 missed pixels the 5
beyond the first are farther than 1 from M: M is a part. 1 pixel is shortfall and 5 are level: 1 - IoU = .6 = .1 + .5.
"""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel
from sambench.metrics.anatomy.fields import NUMBER, ROW, START, STOP, holes, is_near, pieces, steps_to

PART_SHARE, NEST_SHARE, DEEP_SHARE = 0.5, 0.9, 0.5

FIELDS = (
    "union", "intersection", "spill", "shortfall", "level", "missed", "extra", "holes", "rest",
    "missed_pieces", "extra_pieces", "torn_holes", "relation", "shift_x", "shift_y", "shifted_intersection",
)  # fmt: skip
"""What `mask_errors` returns, in this order: numbers of pixels, then of pieces, then what the level and shift are."""

SAME, PART, WHOLE = 0, 1, 2
"""Values of `relation`: M is of T's nesting level, a part of T, or a whole of which T is a part."""

_IN_HOLE, _UNTOUCHED = 1, 2


@kernel()
def mask_errors(mask: np.ndarray, truth: np.ndarray, distance: int) -> np.ndarray:
    """Count the wrong pixels of a mask by kind.

    Args:
        mask, truth: (h, w) bool windows of the image that hold both whole, with at least a pixel's border around them.
        distance: d in whole pixels, at least 1, between centres of pixels.

    Returns:
        (16,) int64, see `FIELDS`; the seven kinds add up to union - intersection. `shift_x` and `shift_y` are the
        difference of the centroids of T and M in whole pixels, 0 where it is longer than 2 d or one is empty, and
        `shifted_intersection` is what M shares with T once it is moved by them.
    """
    out = np.zeros(16, np.int64)
    mask_runs, mask_pieces = pieces(mask, True)
    truth_runs, truth_pieces = pieces(truth, True)
    both = _shared(mask, truth, 0, 0)
    size, own = _sums(mask_runs)[0], _sums(truth_runs)[0]
    union = size + own - both
    out[0], out[1], out[15] = union, both, both
    if size and own:
        _shift(mask, truth, _sums(mask_runs), _sums(truth_runs), 2 * distance, out)
    if both == 0:
        out[8] = union
        return out
    if union == both:
        return out
    fates = np.zeros(mask.shape, np.uint8)  # of wrong pixels: in a hole, in a piece that does not touch the other side
    torn_holes = _mark_holes(truth, mask, fates) + _mark_holes(mask, truth, fates)
    extra_pieces, out[6] = _mark_untouched(mask_runs, mask_pieces, truth, fates)
    missed_pieces, out[5] = _mark_untouched(truth_runs, truth_pieces, mask, fates)
    to_truth, to_mask = steps_to(truth), steps_to(mask)
    deep_missed = np.zeros(mask.shape, np.bool_)
    far_false, far_missed = 0, 0
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            if mask[y, x] == truth[y, x]:
                continue
            if fates[y, x] == _UNTOUCHED:
                deep_missed[y, x] = truth[y, x]
            elif fates[y, x] == _IN_HOLE:
                out[7] += 1
            elif mask[y, x]:
                if is_near(to_truth, y, x, distance):
                    out[2] += 1
                else:
                    far_false += 1
            elif is_near(to_mask, y, x, distance):
                out[3] += 1
            else:
                far_missed += 1
                deep_missed[y, x] = True
    whole, false, lacking = size - out[6], size - both, own - both
    out[9], out[10], out[11] = pieces(deep_missed, True)[1] if far_missed else missed_pieces, extra_pieces, torn_holes
    inside = both + out[2] >= NEST_SHARE * whole
    if inside and both < PART_SHARE * own and far_missed + out[5] >= DEEP_SHARE * lacking:
        out[4], out[9], out[12] = far_missed, missed_pieces, PART
    else:
        out[5] += far_missed
    covered = both + out[3] >= NEST_SHARE * own
    if covered and both < PART_SHARE * whole and far_false >= DEEP_SHARE * false:
        out[4], out[12] = far_false, WHOLE
    else:
        out[8] += far_false
    return out


@kernel()
def _mark_untouched(runs: np.ndarray, count: int, other: np.ndarray, fates: np.ndarray) -> tuple[int, int]:
    """Mark a region's pieces that share no pixel with another region; how many they are, and their pixels."""
    alone = np.ones(count + 1, np.bool_)
    for run in runs:
        if alone[run[NUMBER]] and other[run[ROW], run[START] : run[STOP]].any():
            alone[run[NUMBER]] = False
    pixels = 0
    for run in runs:
        if alone[run[NUMBER]]:
            fates[run[ROW], run[START] : run[STOP]] = _UNTOUCHED
            pixels += run[STOP] - run[START]
    return alone[1:].sum(), pixels


@kernel()
def _mark_holes(region: np.ndarray, other: np.ndarray, fates: np.ndarray) -> int:
    """Mark a region's holes that another region holds more than half of; how many they are."""
    runs, count = holes(region)
    size, taken = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    for run in runs:
        if run[NUMBER]:
            size[run[NUMBER]] += run[STOP] - run[START]
            taken[run[NUMBER]] += other[run[ROW], run[START] : run[STOP]].sum()
    held = 2 * taken > size
    for run in runs:
        if held[run[NUMBER]]:
            fates[run[ROW], run[START] : run[STOP]] = _IN_HOLE
    return held.sum()


@kernel()
def _sums(runs: np.ndarray) -> tuple[int, int, int]:
    """Return how many pixels there are in runs, and the sums of their columns and rows."""
    area = across = down = 0
    for run in runs:
        length = int(run[STOP]) - int(run[START])
        area += length
        across += (int(run[START]) + int(run[STOP]) - 1) * length // 2
        down += int(run[ROW]) * length
    return area, across, down


@kernel()
def _shared(mask: np.ndarray, truth: np.ndarray, across: int, down: int) -> int:
    """Count the pixels that a mask shares with its object once it is moved."""
    height, width = mask.shape
    shared = 0
    for y in range(max(0, -down), min(height, height - down)):
        for x in range(max(0, -across), min(width, width - across)):
            shared += mask[y, x] & truth[y + down, x + across]
    return shared


@kernel()
def _shift(
    mask: np.ndarray,
    truth: np.ndarray,
    mask_sums: tuple[int, int, int],
    truth_sums: tuple[int, int, int],
    farthest: int,
    out: np.ndarray,
) -> None:
    """Fill in by how much the mask's centroid lies off, if not too far, and what moving it back would share."""
    across = int(np.rint(truth_sums[1] / truth_sums[0] - mask_sums[1] / mask_sums[0]))
    down = int(np.rint(truth_sums[2] / truth_sums[0] - mask_sums[2] / mask_sums[0]))
    if across * across + down * down > farthest * farthest or (across == 0 and down == 0):
        return
    out[13], out[14] = across, down
    out[15] = _shared(mask, truth, across, down)
