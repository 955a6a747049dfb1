"""Region scores of a set of images from each image's, as `collect_eval_reg` of the Berkeley benchmark collects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sambench.metrics.bootstrap import REPLICATES, SEED, Resampling, bootstrap_intervals, in_order
from sambench.metrics.regions.counts import RegionCounts
from sambench.metrics.regions.rows import regions_of_rows
from sambench.types import Row

_RAND, _VOI, _BEST = 4, 5, 6

SCORES = ("cover_ods", "cover_ois", "cover_best", "pri_ods", "pri_ois", "voi_ods", "voi_ois")
"""Names of the scores; of those that start with "voi" less is better."""


@dataclass(frozen=True)
class RegionScores:
    """Region scores of N images at T thresholds; covering and Rand index are fractions, the variation is in bits.

    Attributes:
        cover_ods: Covering of all annotated regions at the one threshold that is best for the set.
        cover_ois: Covering when each image has the threshold that is best for it, pixels summed.
        cover_best: Covering when each annotated region has the threshold that is best for it.
        cover_threshold: Where `cover_ods` is reached; of equals the first.
        pri_ods, pri_threshold: Best mean Rand index over images at one threshold, and where.
        pri_ois: Mean of each image's best.
        voi_ods, voi_threshold, voi_ois: The same of the variation of information, whose best is its smallest.
        thresholds, cover, pri, voi: (T,) float64 curves of the set.
        images: (N, 3) float64 first best threshold, covering of the annotators' regions there, and that of the
            predicted regions.
    """

    cover_ods: float
    cover_ois: float
    cover_best: float
    cover_threshold: float
    pri_ods: float
    pri_ois: float
    pri_threshold: float
    voi_ods: float
    voi_ois: float
    voi_threshold: float
    thresholds: np.ndarray
    cover: np.ndarray
    pri: np.ndarray
    voi: np.ndarray
    images: np.ndarray


def summarize_regions(images: Sequence[RegionCounts], thresholds: np.ndarray) -> RegionScores:
    """Summarise the region scores of a set of images.

    Args:
        images: N images' scores, at least one.
        thresholds: (T,) float, ascending.

    Returns:
        The scores.
    """
    table = _table(images)
    thresholds = np.asarray(thresholds, np.float64)
    if table.shape[1] != len(thresholds):
        raise ValueError(f"scores of {table.shape[1]} segmentations for {len(thresholds)} thresholds")
    cover, pri, voi, cover_best = _curves(table.mean(axis=0))
    each_cover = _ratio(table[..., 0], table[..., 1])
    each_predicted = _ratio(table[..., 2], table[..., 3])
    every, first = np.arange(len(table)), each_cover.argmax(axis=1)
    own = table[every, _last_best(each_cover)]
    return RegionScores(
        cover_ods=float(cover.max()),
        cover_ois=float(_ratio(own[:, 0].sum(), own[:, 1].sum())),
        cover_best=float(cover_best),
        cover_threshold=float(thresholds[cover.argmax()]),
        pri_ods=float(pri.max()),
        pri_ois=float(table[..., _RAND].max(axis=1).mean()),
        pri_threshold=float(thresholds[pri.argmax()]),
        voi_ods=float(voi.min()),
        voi_ois=float(table[..., _VOI].min(axis=1).mean()),
        voi_threshold=float(thresholds[voi.argmin()]),
        thresholds=thresholds,
        cover=cover,
        pri=pri,
        voi=voi,
        images=np.column_stack([thresholds[first], each_cover[every, first], each_predicted[every, first]]),
    )


def region_ci95(
    images: Sequence[RegionCounts], replicates: int = REPLICATES, seed: int = SEED
) -> dict[str, tuple[float, float]]:
    """Bootstrap the region scores over images; every resample finds its own best thresholds.

    Args:
        images: N images' scores.
        replicates, seed: See `sambench.metrics.bootstrap.resampling_weights`; all scores share the resamples.

    Returns:
        95 % intervals by name (`SCORES`); NaN where too few images carry a score.
    """
    bits = {name: (0.0, float("inf")) for name in SCORES if name.startswith("voi")}
    return bootstrap_intervals(partial(region_replicates, images), [""] * len(images), replicates, seed, bits)


def region_replicates(images: Sequence[RegionCounts], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the region scores of resamples of images.

    Args:
        images: N images' scores.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by name (`SCORES`).
    """
    table = _table(images)
    weights = weights / weights.sum(axis=1, keepdims=True)
    means = (weights @ table.reshape(len(table), -1)).reshape(len(weights), *table.shape[1:])
    cover, pri, voi, cover_best = _curves(means)
    own = table[np.arange(len(table)), _last_best(_ratio(table[..., 0], table[..., 1]))]
    return {
        "cover_ods": cover.max(axis=1),
        "cover_ois": _ratio(weights @ own[:, 0], weights @ own[:, 1]),
        "cover_best": cover_best,
        "pri_ods": pri.max(axis=1),
        "pri_ois": weights @ table[..., _RAND].max(axis=1),
        "voi_ods": voi.min(axis=1),
        "voi_ois": weights @ table[..., _VOI].min(axis=1),
    }


def _table(images: Sequence[RegionCounts]) -> np.ndarray:
    """Put all numbers into one array: (N, T, 7) cntR, sumR, cntP, sumP, Rand index, variation, best cntR."""
    return np.stack(
        [np.column_stack([one.cover, one.rand_index, one.voi, np.full(len(one.voi), one.best)]) for one in images]
    )


def _curves(means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Turn (..., T, 7) means over images into (..., T) covering, Rand index and variation, and (...) best covering."""
    cover = _ratio(means[..., 0], means[..., 1])
    return cover, means[..., _RAND], means[..., _VOI], _ratio(means[..., 0, _BEST], means[..., 0, 1])


def _last_best(values: np.ndarray) -> np.ndarray:
    """Return (N,) where each row of (N, T) is largest; of equals the last, as the original takes it."""
    return values.shape[1] - 1 - values[:, ::-1].argmax(axis=1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)


class RegionResampling(Resampling):
    """A task whose rows are region counts."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Average anew over the images of each resample."""
        return region_replicates(regions_of_rows(in_order(rows, sample_ids)), weights)
