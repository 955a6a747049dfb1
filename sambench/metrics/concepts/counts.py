"""Objects found, missed and made up, for pairs of an image and a phrase: one assignment, cut at ten IoUs.

The assignment gives the largest sum of IoU, whatever the thresholds, which come after it (SAM 3, arXiv 2511.16719,
E.3, and its evaluator). So two predictions of IoU .9 and .49 with one object, and .49 and 0 with another, are assigned
crosswise for .98, and neither counts at .5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from sambench.masks.rle import iou
from sambench.metrics.concepts.rules import IOU_THRESHOLDS, ConceptRules


@dataclass(frozen=True)
class PairCounts:
    """What was counted in N pairs, of one annotator each.

    Attributes:
        true_positives: (N, 10) int64 predictions assigned to an object by at least each of `IOU_THRESHOLDS`.
        false_positives: (N, 10) int64 predictions that are not, and that no crowd forgives.
        predicted: (N,) int64 predictions of a score that counts.
        objects: (N,) int64 objects, no crowds.
        present: (N,) bool, whether the concept is in the image.
    """

    true_positives: np.ndarray
    false_positives: np.ndarray
    predicted: np.ndarray
    objects: np.ndarray
    present: np.ndarray

    @property
    def false_negatives(self) -> np.ndarray:
        """(N, 10) int64 objects that no prediction is assigned to by each threshold."""
        return self.objects[:, None] - self.true_positives

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.predicted)


def count_pair(
    detections: Any,
    scores: Sequence[float] | np.ndarray,
    truth: Any,
    crowd: Sequence[bool],
    rules: ConceptRules | None = None,
) -> PairCounts:
    """Count one pair against one annotator.

    Args:
        detections: D predicted masks, run lengths in a list, or (D, 4) float64 boxes xywh; their order breaks ties.
        scores: (D,) their scores, presence included.
        truth: G masks or boxes of the same form and in the same frame.
        crowd: (G,) which of them are crowds.
        rules: The official ones unless told.

    Returns:
        Counts of N = 1 pair.
    """
    rules = rules or ConceptRules()
    kept = np.flatnonzero(np.asarray(scores, np.float64) >= rules.min_score)
    crowds = np.asarray(crowd, bool)
    detections, groups, single = (
        _chosen(detections, kept),
        _chosen(truth, np.flatnonzero(crowds)),
        np.flatnonzero(~crowds),
    )
    hits = _hits(iou(detections, _chosen(truth, single)))
    forgiven = np.zeros_like(hits)
    if rules.crowd == "ignore" and len(groups):
        inside = iou(detections, groups, np.ones(len(groups), bool)).max(axis=1)
        forgiven = (inside[:, None] >= IOU_THRESHOLDS) & ~hits
    present = len(single) > 0 or (rules.crowd == "ignore" and len(groups) > 0)
    return PairCounts(
        hits.sum(axis=0, dtype=np.int64)[None],
        (~hits & ~forgiven).sum(axis=0, dtype=np.int64)[None],
        np.array([len(kept)]),
        np.array([len(single)]),
        np.array([present]),
    )


def joined(counts: Sequence[PairCounts]) -> PairCounts:
    """Put pairs, at least one, together in their order."""
    fields = ("true_positives", "false_positives", "predicted", "objects", "present")
    return PairCounts(*(np.concatenate([getattr(one, field) for one in counts]) for field in fields))


def _chosen(masks: Any, indices: np.ndarray) -> Any:
    return masks[indices] if isinstance(masks, np.ndarray) else [masks[index] for index in indices]


def _hits(ious: np.ndarray) -> np.ndarray:
    """Return (D, 10) bool: which predictions are assigned to an object by each threshold, of (D, G) IoUs."""
    assigned = np.full(len(ious), -1.0)
    if ious.size:
        predictions, objects = linear_sum_assignment(-ious)
        assigned[predictions] = ious[predictions, objects]
    return assigned[:, None] >= IOU_THRESHOLDS
