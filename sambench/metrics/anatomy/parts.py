"""What a mask lacks to an IoU of 1, split into parts that add up to it exactly.

Let C be the mask that was chosen for an object, B the best of its candidates by IoU (C itself where none is better, or
none is known). Then 1 - IoU(C) = (IoU(B) - IoU(C)) + (1 - IoU(B)). The first term was lost by choosing, the second lies
in the mask: each wrong pixel of B is of one kind (`sambench.metrics.anatomy.mask_errors`), and the number of each kind
over the union of B and the object is that kind's part.

Example: an object of 10 pixels in a row, d = 1. C are its first 4 (IoU .4), another candidate B its first 9 (IoU .9).
C is a part of the object, so the .5 between both is `level_chosen`; the pixel that B misses lies beside it: .1
`shortfall`. .5 + .1 = 1 - .4.
"""

from __future__ import annotations

import numpy as np

from sambench.metrics.anatomy.mask_errors import FIELDS

PARTS = {
    "level_chosen": "a mask of another nesting level was chosen, the right one was among the candidates",
    "ranking": "a worse mask of the same level was chosen, a better one was among the candidates",
    "level_absent": "no candidate is of the object's nesting level: a part of it, or a whole that it is a part of",
    "spill": "false pixels within d of the object",
    "shortfall": "missed pixels within d of the mask",
    "missed": "parts of the object that the mask misses",
    "extra": "pieces of the mask that do not touch the object",
    "holes": "holes that are filled, or torn",
    "rest": "the mask runs out into something else, or is elsewhere",
}
"""Part -> what it is; they add up to 1 - IoU."""

SHIFT, ELSEWHERE, RIGHT = "shift", "elsewhere", "right"
"""Kinds of masks beside the parts: moved, without a pixel in common with the object, without error."""

_SHIFT_SHARE = 0.5

_AT = {name: index for index, name in enumerate(FIELDS)}


def ious_of(errors: np.ndarray) -> np.ndarray:
    """Return the (N,) IoU of masks whose errors (N, 16) are known; 0 where mask and object have no pixel."""
    union = errors[:, _AT["union"]]
    return errors[:, _AT["intersection"]] / np.where(union > 0, union, 1)


def split(chosen: np.ndarray, best: np.ndarray) -> dict[str, np.ndarray]:
    """Split what N masks lack.

    Args:
        chosen: (N, 16) int64 errors of the masks that were chosen (`sambench.metrics.anatomy.pairs.errors_of`).
        best: The same of the best candidates; of `chosen` again where none is better or known.

    Returns:
        Part -> (N,) float64 of at least 0, see `PARTS`; they add up to 1 - IoU of the chosen masks.
    """
    gap = np.maximum(ious_of(best) - ious_of(chosen), 0)
    nested = chosen[:, _AT["relation"]] > 0
    union = np.where(best[:, 0] > 0, best[:, 0], 1)
    losses = {
        "level_chosen": np.where(nested, gap, 0),
        "ranking": np.where(nested, 0, gap),
        "level_absent": best[:, _AT["level"]] / union,
    }
    losses |= {name: best[:, _AT[name]] / union for name in PARTS if name not in losses}
    losses["rest"] = np.where(best[:, 0] > 0, losses["rest"], 1.0)  # neither has a pixel: nothing was found
    return losses


def shifted_ious(errors: np.ndarray) -> np.ndarray:
    """Return the (N,) IoU that masks have once they are moved by whole pixels so that centroids meet."""
    shared = errors[:, _AT["shifted_intersection"]]
    union = errors[:, _AT["union"]] + errors[:, _AT["intersection"]] - shared
    return shared / np.where(union > 0, union, 1)


def kinds_of(parts: dict[str, np.ndarray], best: np.ndarray) -> np.ndarray:
    """Name what is wrong with each of N masks.

    "right" without error; "elsewhere" where the mask shares no pixel with the object; "shift" where moving the best
    candidate wins back at least half of what it lacks, and more than choosing lost; else the largest part, the first of
    `PARTS` if several are.

    Args:
        parts: What `split` found.
        best: (N, 16) errors of the best candidates.

    Returns:
        (N,) str.
    """
    table = np.stack([parts[name] for name in PARTS], axis=1)
    largest = np.array(list(PARTS))[table.argmax(axis=1)].astype("<U12")
    lacking = 1 - ious_of(best)
    won = shifted_ious(best) - ious_of(best)
    moved = (won > 0) & (won >= _SHIFT_SHARE * lacking) & (won > parts["level_chosen"] + parts["ranking"])
    largest[moved] = SHIFT
    largest[(best[:, _AT["intersection"]] == 0) & (largest == "rest")] = ELSEWHERE
    largest[table.sum(axis=1) == 0] = RIGHT
    return largest
