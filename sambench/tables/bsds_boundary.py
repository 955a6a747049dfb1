"""The Berkeley benchmark's result files as text, number for number in its format."""

from __future__ import annotations

import numpy as np

from sambench.metrics.boundary.scores import BoundaryScores


def eval_bdry_text(scores: BoundaryScores) -> str:
    """Return `eval_bdry.txt`: threshold, recall, precision and F at ODS; recall, precision and F at OIS; AP."""
    at_ods = [scores.ods_threshold, scores.ods_recall, scores.ods_precision, scores.ods]
    return lines(np.array([[*at_ods, scores.ois_recall, scores.ois_precision, scores.ois, scores.ap]]))


def eval_bdry_thr_text(scores: BoundaryScores) -> str:
    """Return `eval_bdry_thr.txt`: threshold, recall, precision and F of the set, a line a threshold."""
    return lines(np.column_stack([scores.thresholds, scores.recall, scores.precision, scores.f]))


def eval_bdry_img_text(scores: BoundaryScores) -> str:
    """Return `eval_bdry_img.txt`: number from 1, best threshold, recall, precision and F, a line an image."""
    return lines(np.column_stack([np.arange(1, len(scores.images) + 1), scores.images]))


def ev1_text(counts: np.ndarray, thresholds: np.ndarray) -> str:
    """Return an image's `<id>_ev1.txt`: threshold, cntR, sumR, cntP, sumP, a line a threshold."""
    return lines(np.column_stack([thresholds, counts]))


def lines(table: np.ndarray) -> str:
    """Format numbers as the original's `%10g`, a blank between them."""
    return "".join(" ".join(f"{value:10g}" for value in row) + "\n" for row in table.tolist())
