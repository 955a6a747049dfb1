"""The Berkeley benchmark's region result files as text, number for number in its format.

The original sums what it reads back from its own per-image files, which hold six digits. `rounded` does the same to the
last digit; scores that are not meant for these files need it not.
"""

from __future__ import annotations

import numpy as np

from sambench.metrics.regions.counts import RegionCounts
from sambench.metrics.regions.scores import RegionScores
from sambench.tables.bsds_boundary import lines


def rounded(counts: RegionCounts) -> RegionCounts:
    """Return an image's scores as `_ev2.txt` to `_ev4.txt` hold them: six significant digits."""
    return RegionCounts(
        cover=_six_digits(counts.cover),
        best=float(_six_digits(np.array(counts.best))),
        rand_index=_six_digits(counts.rand_index),
        voi=_six_digits(counts.voi),
    )


def eval_cover_text(scores: RegionScores) -> str:
    """Return `eval_cover.txt`: threshold and covering of the set, covering at each image's and each region's best."""
    return lines(np.array([[scores.cover_threshold, scores.cover_ods, scores.cover_ois, scores.cover_best]]))


def eval_cover_th_text(scores: RegionScores) -> str:
    """Return `eval_cover_th.txt`: threshold and covering of the set, a line a threshold."""
    return lines(np.column_stack([scores.thresholds, scores.cover]))


def eval_cover_img_text(scores: RegionScores) -> str:
    """Return `eval_cover_img.txt`: number from 1, best threshold, covering there of true and of predicted regions."""
    return lines(np.column_stack([np.arange(1, len(scores.images) + 1), scores.images]))


def eval_ri_voi_text(scores: RegionScores) -> str:
    """Return `eval_RI_VOI.txt`: threshold, best of the set and mean of images' bests, of Rand index and variation."""
    rand_index = [scores.pri_threshold, scores.pri_ods, scores.pri_ois]
    return lines(np.array([[*rand_index, scores.voi_threshold, scores.voi_ods, scores.voi_ois]]))


def eval_ri_voi_thr_text(scores: RegionScores) -> str:
    """Return `eval_RI_VOI_thr.txt`: threshold, mean Rand index and mean variation, a line a threshold."""
    return lines(np.column_stack([scores.thresholds, scores.pri, scores.voi]))


def ev2_text(counts: RegionCounts, thresholds: np.ndarray) -> str:
    """Return an image's `<id>_ev2.txt`: threshold, cntR, sumR, cntP, sumP, a line a threshold."""
    return lines(np.column_stack([thresholds, counts.cover]))


def ev3_text(counts: RegionCounts) -> str:
    """Return an image's `<id>_ev3.txt`: cntR with each region's own best segmentation."""
    return lines(np.array([[counts.best]]))


def ev4_text(counts: RegionCounts, thresholds: np.ndarray) -> str:
    """Return an image's `<id>_ev4.txt`: threshold, Rand index and variation of information, a line a threshold."""
    return lines(np.column_stack([thresholds, counts.rand_index, counts.voi]))


def _six_digits(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:g}") for value in values.ravel().tolist()]).reshape(values.shape)
