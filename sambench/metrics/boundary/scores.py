"""Scores and curves from boundary counts, as the Berkeley benchmark and its successor in pdollar/edges summarise them.

The two tool boxes (`collect_eval_bdry`, `edgesEvalDir`) agree in every number; only the second has R50. Counts are
columns of stored rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sambench.errors import PredictionError
from sambench.types import Row

_EPS = np.finfo(np.float64).eps
_STEPS = np.linspace(0.0, 1.0, 100)
_GRID = np.arange(101) / 100


@dataclass(frozen=True)
class BoundaryScores:
    """Boundary scores of a set of N images at T thresholds; all fractions.

    Attributes:
        ods: Best F of the set at one threshold for all images, with recall and precision linear between thresholds.
        ods_threshold, ods_recall, ods_precision: Where it is reached.
        ois: F when each image has the threshold that is best for it, counts summed.
        ois_recall, ois_precision: Its recall and precision.
        ap: Average precision: precision interpolated at recalls 0, .01, ..., 1, summed, over 100 (the original's
            divisor, though there are 101).
        r50: Recall at a precision of .5, or at the lowest precision if that is above; NaN if precision stays below.
        thresholds, recall, precision, f: (T,) float64 curve of the set.
        images: (N, 4) float64 threshold, recall, precision and F at each image's own best (interpolated) threshold.
    """

    ods: float
    ods_threshold: float
    ods_recall: float
    ods_precision: float
    ois: float
    ois_recall: float
    ois_precision: float
    ap: float
    r50: float
    thresholds: np.ndarray
    recall: np.ndarray
    precision: np.ndarray
    f: np.ndarray
    images: np.ndarray


def recall_precision_f(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return recall, precision and F of (..., 4) counts cntR, sumR, cntP, sumP; 0 where nothing is counted."""
    matched_true, true, matched_predicted, predicted = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    recall = matched_true / np.maximum(true, _EPS)
    precision = matched_predicted / np.maximum(predicted, _EPS)
    return recall, precision, _f(recall, precision)


def _f(recall: np.ndarray, precision: np.ndarray) -> np.ndarray:
    return 2 * precision * recall / np.maximum(precision + recall, _EPS)


def best_point(thresholds: np.ndarray, recall: np.ndarray, precision: np.ndarray) -> tuple[float, float, float, float]:
    """Find the best F on a curve, with 100 points from each threshold to the next.

    Args:
        thresholds, recall, precision: (T,) float64.

    Returns:
        Threshold, recall, precision and F; of equals the first.
    """
    if len(thresholds) == 1:
        return thresholds[0], recall[0], precision[0], _f(recall, precision)[0]
    between = [part[1:, None] * _STEPS + part[:-1, None] * (1 - _STEPS) for part in (thresholds, recall, precision)]
    f = _f(between[1], between[2])
    best = np.unravel_index(np.argmax(f), f.shape)
    return between[0][best], between[1][best], between[2][best], f[best]


def average_precision(recall: np.ndarray, precision: np.ndarray) -> float:
    """Return the area under a curve by the original's rule; see `BoundaryScores.ap`.

    Args:
        recall, precision: (T,) float64 by threshold; of equal recalls the first counts.
    """
    return float(_on_grid(recall, precision)[2].sum() / 100)


def first_step(recall: np.ndarray, precision: np.ndarray) -> tuple[int, float]:
    """Return the first of AP's recalls that has a precision, and what AP adds to the area under the curve up to it.

    AP counts the precision at each of its recalls for .005 on either side. A curve that begins with a precision of .9
    at a recall of .0403 counts from .045 on, one that begins at .0399 from .035: AP has a step of .009 between them.

    Args:
        recall, precision: (T,) float64 by threshold; of equal recalls the first counts.

    Returns:
        Place of the recall in 0, .01, ..., 1, and a part of AP; 0 and 0.0 where AP is 0.
    """
    ordered, heights, on_grid = _on_grid(recall, precision)
    if not on_grid.any():
        return 0, 0.0
    line = int((on_grid > 0).argmax())
    before = ordered < _GRID[line]
    widths = np.diff(np.append(ordered[before], _GRID[line]))
    ends = np.append(heights[before], on_grid[line])
    return line, float(on_grid[line] / 200 - widths @ (ends[1:] + ends[:-1]) / 2)


def _on_grid(recall: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a curve by ascending recall, and (101,) its precision at AP's recalls, 0 where it has none."""
    ordered, first = np.unique(recall, return_index=True)
    heights = precision[first]
    if len(ordered) < 2:
        return ordered, heights, np.zeros(len(_GRID))
    return ordered, heights, np.interp(_GRID, ordered, heights, left=0.0, right=0.0)


def recall_at_half_precision(recall: np.ndarray, precision: np.ndarray) -> float:
    """Return the recall where precision is .5; see `BoundaryScores.r50`.

    Args:
        recall, precision: (T,) float64 by threshold; of equal recalls the first counts, of equal precisions the highest
            recall.
    """
    first = np.unique(recall, return_index=True)[1][::-1]
    recall, precision = recall[first], precision[first]
    ordered, first = np.unique(precision, return_index=True)
    if len(ordered) < 2:
        return float("nan")
    return float(np.interp(max(ordered[0], 0.5), ordered, recall[first], right=np.nan))


def half_precision_crossings(recall: np.ndarray, precision: np.ndarray) -> int:
    """Count how often precision crosses .5 along the thresholds; beyond one, several recalls have that precision.

    Args:
        recall, precision: (T,) float64 by threshold; thresholds at which nothing is found say nothing.
    """
    above = precision[recall > 0] >= 0.5
    return int(np.count_nonzero(above[1:] != above[:-1]))


def best_counts(counts: np.ndarray) -> np.ndarray:
    """Return each image's counts at its own best threshold: (N, T, 4) to (N, 4); of equals the first threshold."""
    best = recall_precision_f(counts)[2].argmax(axis=1)
    return np.asarray(counts)[np.arange(len(counts)), best]


def summarize_counts(counts: np.ndarray, thresholds: np.ndarray) -> BoundaryScores:
    """Summarise the counts of a set of images.

    Args:
        counts: (N, T, 4) integer cntR, sumR, cntP, sumP (`boundary_counts`), N and T at least 1.
        thresholds: (T,) float, ascending.

    Returns:
        The scores.
    """
    counts, thresholds = np.asarray(counts), np.asarray(thresholds, np.float64)
    if counts.ndim != 3 or counts.shape[1:] != (len(thresholds), 4) or 0 in counts.shape:
        raise ValueError(f"counts of shape {counts.shape} for {len(thresholds)} thresholds")
    recall, precision, f = recall_precision_f(counts.sum(axis=0))
    ods_threshold, ods_recall, ods_precision, ods = best_point(thresholds, recall, precision)
    ois_recall, ois_precision, ois = recall_precision_f(best_counts(counts).sum(axis=0))
    image_curves = [recall_precision_f(image)[:2] for image in counts]
    return BoundaryScores(
        ods=float(ods),
        ods_threshold=float(ods_threshold),
        ods_recall=float(ods_recall),
        ods_precision=float(ods_precision),
        ois=float(ois),
        ois_recall=float(ois_recall),
        ois_precision=float(ois_precision),
        ap=average_precision(recall, precision),
        r50=recall_at_half_precision(recall, precision),
        thresholds=thresholds,
        recall=recall,
        precision=precision,
        f=f,
        images=np.array([best_point(thresholds, *curve) for curve in image_curves]),
    )


COUNTS = ("cnt_r", "sum_r", "cnt_p", "sum_p")
"""Columns of a row: matched and all true pixels, matched and all predicted pixels; a list over thresholds each."""


def columns_of_counts(counts: np.ndarray) -> Row:
    """Return the columns of one image's (T, 4) counts (`sambench.metrics.boundary.counts.boundary_counts`)."""
    return {name: counts[:, i].tolist() for i, name in enumerate(COUNTS)}


def counts_of_rows(rows: Sequence[Row]) -> np.ndarray:
    """Return (N, T, 4) int64 counts of N rows, as `sambench.metrics.boundary.counts.summarize_counts` takes them.

    Raises:
        PredictionError: The rows have different numbers of thresholds (predictions with more or fewer segmentations).
    """
    lengths = {len(row[COUNTS[0]]) for row in rows}
    if len(lengths) > 1:
        raise PredictionError(
            f"predictions have different numbers of segmentations: {sorted(lengths)}",
            mend="store the same number of label maps for every image; each counts as one threshold",
        )
    return np.stack([np.stack([row[name] for name in COUNTS], axis=1) for row in rows]).astype(np.int64)


def levels_of(count: int) -> np.ndarray:
    """Return the benchmark's `count` evenly spaced thresholds, from 1 / (count + 1) to count / (count + 1)."""
    return np.linspace(1 / (count + 1), 1 - 1 / (count + 1), count)
