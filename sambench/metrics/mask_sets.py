"""Two sets of masks of the same images against each other: matched one to one, and how far the pairs agree.

The measure of Segment Anything's section 5.4: the share of pairs whose IoU is greater than .9, and than .75.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from sambench.masks import rle
from sambench.masks.overlap import boundary_ious
from sambench.masks.windows import chosen_runs, runs_of_rles
from sambench.metrics.bootstrap import weighted_sums
from sambench.types import Size

THRESHOLDS = (0.9, 0.75)
"""IoU that a pair has to exceed, as the paper counts."""

FIGURES = (
    *(f"{of} above {threshold:g}".replace("0.", ".") for of in ("pairs", "a", "b") for threshold in THRESHOLDS),
    "mean IoU",
    "mean boundary IoU",
)
"""Shares of the pairs, of all masks of a and of all of b (one without a partner is not above); means over pairs."""


@dataclass(frozen=True)
class MatchedImage:
    """The masks of two sets on one image.

    Attributes:
        pairs: (K, 2) int64 places in a and in b of the masks that belong together, by place in a.
        ious: (K,) float64 IoU of each pair, above 0.
        boundary_ious: (K,) float64 boundary IoU of each pair (`sambench.masks.overlap.boundary_ious`).
        only_a, only_b: Places of the masks without a partner.
    """

    pairs: np.ndarray
    ious: np.ndarray
    boundary_ious: np.ndarray
    only_a: np.ndarray
    only_b: np.ndarray


def match_masks(a: Sequence[rle.Rle], b: Sequence[rle.Rle], size: Size) -> MatchedImage:
    """Pair masks one to one so that the sum of IoU is the largest there is (Hungarian); pairs overlap at all.

    Args:
        a: N masks of one image.
        b: M masks of it.
        size: (height, width) that they all have, in pixels.

    Raises:
        ValueError: A mask has another size.
    """
    both = runs_of_rles(a, size), runs_of_rles(b, size)
    ious = rle.iou(list(a), list(b))
    left, right = linear_sum_assignment(ious, maximize=True)
    kept = ious[left, right] > 0
    left, right = left[kept], right[kept]
    edges = np.zeros(0)
    if len(left):
        edges = boundary_ious(chosen_runs(both[0], left), chosen_runs(both[1], right))
    return MatchedImage(
        np.stack([left, right], axis=1).astype(np.int64),
        ious[left, right],
        edges,
        np.setdiff1d(np.arange(len(a)), left),
        np.setdiff1d(np.arange(len(b)), right),
    )


class MaskSetFigures:
    """How far two sets agree over images, and over resamples of these.

    Args:
        images: Of N images.
    """

    def __init__(self, images: Sequence[MatchedImage]) -> None:
        self._sums = np.array([_sums(one) for one in images], np.float64).reshape(len(images), -1)

    def replicates(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each of `FIGURES` in (B, N) resamples of the images; NaN where a resample has no pair or mask."""
        drawn = weighted_sums(weights, self._sums)
        pairs, only_a, only_b, iou, edges = drawn[:, :5].T
        above = drawn[:, 5:].T
        bases = (pairs, pairs + only_a, pairs + only_b)
        shares = [_share(part, base) for base in bases for part in above]
        return dict(zip(FIGURES, [*shares, _share(iou, pairs), _share(edges, pairs)], strict=True))


def _sums(one: MatchedImage) -> list[float]:
    """Return what the figures of an image are made of, so that images can be added up."""
    counts = [len(one.pairs), len(one.only_a), len(one.only_b)]
    above = [np.count_nonzero(one.ious > threshold) for threshold in THRESHOLDS]
    return [*counts, one.ious.sum(), one.boundary_ious.sum(), *above]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.where(whole > 0, whole, np.nan)
