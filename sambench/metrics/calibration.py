"""How far a model's own estimate of its masks' quality can be believed, and what it is worth for choosing among them.

The estimate is held against the IoU that was measured: by how much it is off (expected calibration error, Guo et al.
2017, with IoU in the place of accuracy), whether it ranks masks rightly (Spearman), and what is lost where only the
masks that it trusts most are kept (risk and coverage, Geifman and El-Yaniv 2017).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BINS = 10
"""Of equal width, from 0 to 1."""

WORSE_HIGHER = ("ECE", "AURC")
"""Figures of which less is better; of "rank" more is."""

_AT_ONCE = 1 << 22
"""Numbers of resampled items that are held at once."""


class Bin(NamedTuple):
    """Masks of like confidence.

    Attributes:
        confidence: Their mean confidence.
        quality: Their mean IoU.
        masks: How many.
    """

    confidence: float
    quality: float
    masks: int


def calibration_draws(
    confidence: np.ndarray, quality: np.ndarray, image: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Measure calibration in resamples of images.

    Args:
        confidence: (R,) float64 a model's estimate of each mask's quality.
        quality: (R,) float64 in [0, 1], the IoU that was measured.
        image: (R,) integer, the image of each mask.
        weights: (B, N) how often each resample holds each of N images.

    Returns:
        Figure -> (B,) float64: "ECE", the mean distance of confidence and IoU over `BINS` bins of confidence; "rank",
        Spearman's correlation, equal values sharing their mean rank; "AURC", the mean over all coverages of what the
        masks kept lack to an IoU of 1, masks of equal confidence being kept together. NaN where it is undefined.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, quality, image = confidence[order], quality[order], image[order]
    step = max(1, _AT_ONCE // max(1, len(order)))
    parts = [
        _figures(confidence, quality, np.asarray(weights[start : start + step, image], np.float64))
        for start in range(0, len(weights), step)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in ("ECE", "rank", "AURC")}


def reliability(confidence: np.ndarray, quality: np.ndarray) -> list[Bin]:
    """Return the bins of a reliability diagram that hold a mask, by rising confidence."""
    bins = _bins(confidence)
    held = [(bins == index) for index in np.unique(bins)]
    return [Bin(float(confidence[one].mean()), float(quality[one].mean()), int(one.sum())) for one in held]


def risk_by_coverage(confidence: np.ndarray, quality: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the curve of risk: (K,) shares of masks kept, and the mean of 1 - IoU over those, K distinct values."""
    order = np.argsort(-confidence, kind="stable")
    ends = _group_ends(confidence[order])
    kept = ends + 1
    return kept / len(order), np.cumsum(1 - quality[order])[ends] / kept


def _figures(confidence: np.ndarray, quality: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Measure (B, R) weights of masks that lie by falling confidence."""
    total = weights.sum(axis=1)
    nothing = np.where(total > 0, total, np.nan)
    apart = np.zeros(len(weights))
    bins = _bins(confidence)
    for index in np.unique(bins):
        inside = bins == index
        apart += np.abs(weights[:, inside] @ (confidence - quality)[inside])
    ends = _group_ends(confidence)
    kept, lost = np.cumsum(weights, axis=1)[:, ends], np.cumsum(weights * (1 - quality), axis=1)[:, ends]
    own = np.diff(kept, axis=1, prepend=0.0)
    risk = np.divide(lost, kept, out=np.zeros_like(lost), where=kept > 0)
    return {
        "ECE": apart / nothing,
        "rank": _correlation(_ranks(confidence, weights), _ranks(quality, weights), weights, nothing),
        "AURC": (own * risk).sum(axis=1) / nothing,
    }


def _bins(confidence: np.ndarray) -> np.ndarray:
    """Return the (R,) bin of each confidence; what lies beyond 0 and 1 belongs to the outermost."""
    bins: np.ndarray = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    return bins


def _group_ends(ordered: np.ndarray) -> np.ndarray:
    """Return the last place of each run of equal values."""
    return np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the (B, R) mean ranks of values, each counted as often as its weight says."""
    order = np.argsort(values, kind="stable")
    ends = _group_ends(values[order])
    below = np.cumsum(weights[:, order], axis=1)[:, ends]
    own = np.diff(below, axis=1, prepend=0.0)
    sizes = np.diff(ends, prepend=-1)
    ranks = np.empty_like(weights)
    ranks[:, order] = np.repeat(below - own / 2, sizes, axis=1)
    return ranks


def _correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the (B,) weighted correlations of (B, R) values."""
    apart = [values - (weights * values).sum(axis=1, keepdims=True) / total[:, None] for values in (one, other)]
    shared = (weights * apart[0] * apart[1]).sum(axis=1)
    spread = np.sqrt((weights * apart[0] ** 2).sum(axis=1) * (weights * apart[1] ** 2).sum(axis=1))
    return np.divide(shared, spread, out=np.full(len(shared), np.nan), where=spread > 0)
