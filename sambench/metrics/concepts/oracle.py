"""Several annotators of one pair: each is compared with, and the best counts (SAM 3, arXiv 2511.16719, E.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sambench.metrics.concepts.counts import PairCounts

EPSILON = 1e-4
"""What the official evaluator adds to each denominator of precision, recall and F1."""


def local_f1(counts: PairCounts, epsilons: Literal["official", "none"]) -> np.ndarray:
    """Measure the F1 of each pair alone.

    Returns:
        (N, 10) float64 by IoU threshold; 1 where there is nothing to find and nothing wrong was found.
    """
    hits, wrong, missed = counts.true_positives, counts.false_positives, counts.false_negatives
    nothing = hits + wrong + missed == 0
    if epsilons == "none":
        return np.where(nothing, 1.0, 2 * hits / np.where(nothing, 1, 2 * hits + wrong + missed))
    precision, recall = hits / (hits + wrong + EPSILON), hits / (hits + missed + EPSILON)
    return np.where(nothing, 1.0, 2 * precision * recall / (precision + recall + EPSILON))


def best_annotators(counts: Sequence[PairCounts], epsilons: Literal["official", "none"] = "official") -> np.ndarray:
    """Tell which annotator each pair agrees with best, by its F1 averaged over the IoU thresholds.

    Args:
        counts: The same N pairs against each annotator, in the benchmark's order: of equals the first is taken, which
            decides whether a wrong prediction meets "there is none" or "there are two".
        epsilons: See `ConceptRules`.

    Returns:
        (N,) int64 places in `counts`.
    """
    return np.stack([local_f1(one, epsilons).mean(axis=1) for one in counts]).argmax(axis=0)


def oracle(counts: Sequence[PairCounts], epsilons: Literal["official", "none"] = "official") -> PairCounts:
    """Return for each pair what was counted against its best annotator; see `best_annotators`."""
    best, pairs = best_annotators(counts, epsilons), np.arange(len(counts[0]))
    return PairCounts(
        np.stack([one.true_positives for one in counts])[best, pairs],
        np.stack([one.false_positives for one in counts])[best, pairs],
        np.stack([one.predicted for one in counts])[best, pairs],
        np.stack([one.objects for one in counts])[best, pairs],
        np.stack([one.present for one in counts])[best, pairs],
    )
