"""cgF1 and what it is made of, from sums over pairs (SAM 3, arXiv 2511.16719, E.3, and its evaluator).

cgF1 = pmF1 x IL_MCC, all as fractions. pmF1 is the F1 of all objects of positive pairs together,
the mean of ten IoU thresholds. IL_MCC is Matthews' correlation, pair by pair, of "something is predicted" with "the
concept is there"; masks do not matter to it. Where every pair is positive, or none, or something is predicted for all,
or for none, IL_MCC is 0 and so is cgF1: pmF1 and the positive macro F1 then say what there is to say.
"""

from __future__ import annotations

import numpy as np

from sambench.metrics.concepts.counts import PairCounts
from sambench.metrics.concepts.oracle import EPSILON, local_f1
from sambench.metrics.concepts.rules import IOU_THRESHOLDS, ConceptRules

IL_EPSILON = 1e-6
"""What the official evaluator adds to each denominator of the image level."""

AT = {"": slice(None), "@50": slice(0, 1), "@75": slice(5, 6)}
"""What a figure's name ends in -> the thresholds that it is the mean of."""

WIDTH = len(IOU_THRESHOLDS)

SUMS = 5 * WIDTH + 5
"""Numbers of a pair."""


def pair_sums(counts: PairCounts, rules: ConceptRules | None = None) -> np.ndarray:
    """Make the numbers of each pair that scores are made of once they are added up.

    Returns:
        (N, 55) float64; the sum over pairs, however often each is taken, goes to `scores_of_sums`.
    """
    rules = rules or ConceptRules()
    present, predicted = counts.present, counts.predicted > 0
    averaged = (counts.objects > 0) & (predicted | (rules.positive_macro == "all"))
    outcomes = [present & predicted, ~present & predicted, ~present & ~predicted, present & ~predicted, averaged]
    columns = [
        counts.true_positives,
        counts.false_positives,
        counts.false_negatives,
        counts.false_positives * present[:, None],
        local_f1(counts, rules.epsilons) * averaged[:, None],
        np.stack(outcomes, axis=1),
    ]
    return np.concatenate(columns, axis=1).astype(np.float64)


def scores_of_sums(sums: np.ndarray, rules: ConceptRules | None = None) -> dict[str, np.ndarray]:
    """Turn sums over pairs into scores.

    Args:
        sums: (B, 55) sums of `pair_sums` in each of B draws of pairs, or of images with all their pairs.
        rules: Those of `pair_sums`.

    Returns:
        Figure -> (B,) float64: cgF1, pmF1, positive_macro_F1, positive_micro_precision, precision, recall and F1, each
        also at @50 and @75; IL_MCC, IL_precision, IL_recall, IL_F1, IL_FPR. NaN where nothing is left to divide by,
        where the official evaluator prints -1 (positive macro F1) or, with its epsilons, 0.
    """
    rules = rules or ConceptRules()
    official = rules.epsilons == "official"
    hits, wrong, missed, wrong_in_positive, local = (sums[:, WIDTH * k : WIDTH * (k + 1)] for k in range(5))
    il_tp, il_fp, il_tn, il_fn, averaged = sums[:, 5 * WIDTH :].T
    small, tiny = (EPSILON, IL_EPSILON) if official else (0.0, 0.0)
    precision, recall = _ratio(hits, hits + wrong + small), _ratio(hits, hits + missed + small)
    in_positive = _ratio(hits, hits + wrong_in_positive + small)
    by_threshold = {
        "pmF1": _f1(in_positive, recall, EPSILON) if official else _exact_f1(hits, wrong_in_positive, missed),
        "positive_macro_F1": _ratio(local, np.broadcast_to(averaged[:, None], local.shape)),
        "positive_micro_precision": in_positive,
        "precision": precision,
        "recall": recall,
        "F1": _f1(precision, recall, EPSILON) if official else _exact_f1(hits, wrong, missed),
    }
    il_precision, il_recall = _ratio(il_tp, il_tp + il_fp + tiny), _ratio(il_tp, il_tp + il_fn + tiny)
    margins = np.sqrt(il_tp + il_fp) * np.sqrt(il_tp + il_fn) * np.sqrt(il_tn + il_fp) * np.sqrt(il_tn + il_fn)
    il_mcc = np.nan_to_num(_ratio(il_tp * il_tn - il_fp * il_fn, margins + tiny))
    by_threshold = {"cgF1": by_threshold["pmF1"] * il_mcc[:, None], **by_threshold}
    scores = {name + end: values[:, at].mean(axis=1) for name, values in by_threshold.items() for end, at in AT.items()}
    return scores | {
        "IL_MCC": il_mcc,
        "IL_precision": il_precision,
        "IL_recall": il_recall,
        "IL_F1": _f1(il_precision, il_recall, IL_EPSILON) if official else _exact_f1(il_tp, il_fp, il_fn),
        "IL_FPR": _ratio(il_fp, il_fp + il_tn + tiny),
    }


def concept_scores(counts: PairCounts, rules: ConceptRules | None = None) -> dict[str, float]:
    """Score pairs as they are, each once; see `scores_of_sums` for the figures."""
    sums = pair_sums(counts, rules).sum(axis=0, keepdims=True)
    return {name: float(values[0]) for name, values in scores_of_sums(sums, rules).items()}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)


def _f1(precision: np.ndarray, recall: np.ndarray, epsilon: float) -> np.ndarray:
    return 2 * precision * recall / (precision + recall + epsilon)


def _exact_f1(hits: np.ndarray, wrong: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Divide counts themselves, so that F1 is 0, not undefined, where objects are there and nothing is predicted."""
    return _ratio(2 * hits, 2 * hits + wrong + missed)
