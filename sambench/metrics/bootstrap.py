"""Intervals by resampling images: how far a score would move with another sample of images of the same kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

import numpy as np

from sambench.errors import UsageError
from sambench.metrics.intervals import NO_INTERVAL, inside, interval95
from sambench.metrics.uncertainty.jackknife import Replicates, jackknife
from sambench.metrics.uncertainty.spread import spreads
from sambench.metrics.uncertainty.support import Support, run_support
from sambench.types import Row

REPLICATES = 2000

BLOCK = 64
"""Resamples that are drawn or added up at once: over 20,000 images that many take 10 MB, all of them 320 MB."""

SEED = 0


def resampling_weights(n: int, replicates: int = REPLICATES, seed: int = SEED) -> np.ndarray:
    """Draw how often each of n images is in each resample.

    Args:
        n: Number of images.
        replicates: Number of resamples B.
        seed: Of the generator; the same seed gives the same draws, so two runs over the same images can be compared.

    Returns:
        (B, n) int32; each row sums to n.
    """
    rng = np.random.default_rng(seed)
    drawn = np.empty((replicates, n), np.int32)
    for start in range(0, replicates, BLOCK):
        rows = drawn[start : start + BLOCK]
        rows[:] = rng.multinomial(n, np.full(n, 1 / n), size=len(rows))
    return drawn


def weighted_sums(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Add up values of images in each resample, a few resamples at a time, so that no copy of the weights is made.

    Args:
        weights: (B, N) how often each resample holds each image.
        values: (N, K) K numbers an image.

    Returns:
        (B, K) float64.
    """
    numbers = np.asarray(values, np.float64)
    sums = np.empty((len(weights), numbers.shape[1]))
    for start in range(0, len(weights), BLOCK):
        sums[start : start + BLOCK] = weights[start : start + BLOCK].astype(np.float64) @ numbers
    return sums


def stratified_weights(strata: Sequence[str], replicates: int, seed: int) -> np.ndarray:
    """Draw how often each image is in each resample, within each stratum on its own.

    Args:
        strata: Stratum of each of N images.
        replicates: Number of resamples B.
        seed: Of the first stratum; the next ones follow.

    Returns:
        (B, N) int32.
    """
    names = np.array(strata)
    weights = np.zeros((replicates, len(names)), np.int32)
    for number, name in enumerate(dict.fromkeys(strata)):
        inside = np.flatnonzero(names == name)
        weights[:, inside] = resampling_weights(len(inside), replicates, seed + number)
    return weights


def bootstrap_intervals(
    replicates: Replicates,
    strata: Sequence[str],
    draws: int = REPLICATES,
    seed: int = SEED,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, tuple[float, float]]:
    """Return the 95 % intervals of metrics over images; the one way to all of a run's intervals.

    Args:
        replicates: Computes the metrics of weighted images.
        strata: Stratum of each of N images; each is resampled on its own.
        draws, seed: Number of resamples, and see `resampling_weights`.
        bounds: Metric -> smallest and largest value it can have, 0 and 1 where it is not named; a value beyond them is
            a bound of its own.

    Returns:
        Metric -> low and high end (`sambench.metrics.intervals`); NaN where too few images carry it.
    """
    if not len(strata):
        return dict.fromkeys(replicates(np.ones((1, 0), np.int64)), NO_INTERVAL)
    jackknifed, weights = jackknife(replicates, strata), stratified_weights(strata, draws, seed)
    drawn, ends = replicates(weights), {}
    for name, spread in spreads(jackknifed, weights).items():
        value, limits = jackknifed.whole[name], (bounds or {}).get(name, (0.0, 1.0))
        ends[name] = inside(interval95(value, np.asarray(drawn[name], np.float64), spread), value, limits)
    return ends


def mean_ci95(
    values: np.ndarray,
    weights: np.ndarray | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """Bootstrap the (weighted) mean of per-image values.

    Args:
        values: (N,) one number an image.
        weights: (N,) its weight in the mean (say, its number of objects), or None for equal ones.
        replicates, seed: See `resampling_weights`.
        bounds: Smallest and largest mean there can be.

    Returns:
        Low and high end of the 95 % interval; NaN where too few images carry the mean.
    """
    mass = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    columns = np.stack([mass * np.asarray(values, np.float64), mass], axis=1)

    def means(held: np.ndarray) -> dict[str, np.ndarray]:
        sums, total = weighted_sums(held, columns).T
        return {"mean": sums / np.where(total > 0, total, np.nan)}

    return bootstrap_intervals(means, [""] * len(values), replicates, seed, {"mean": bounds})["mean"]


class Resampling:
    """A task whose metrics can be made again from resampled images; as it stands here, they cannot.

    The classes that resample a family of metrics stand beside it: `BoundaryResampling`, `RegionResampling`,
    `ProposalResampling`, `InstanceResampling`, `ClickResampling`.
    """

    name: ClassVar[str]

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the metrics of resamples of images; `sambench gate` compares runs with it.

        Args:
            rows: Of the samples, as `score` or `compact` made them, in any order.
            sample_ids: The N samples.
            weights: (B, N) int64, how often each resample holds each sample; a row of ones gives the metrics' values.

        Returns:
            Metric -> (B,) float64, NaN where it is undefined.

        Raises:
            UsageError: The task has no such numbers.
        """
        raise UsageError(
            f"task {self.name} cannot be resampled", where="sambench gate", mend="define replicates in the task"
        )

    def calibration(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return how far a model's confidence can be believed, in the form of `replicates`.

        It is asked for by policies that judge it; nothing where rows do not tell it.
        """
        return {}

    def strata(self, rows: Sequence[Row], sample_ids: Sequence[str]) -> list[str]:
        """Return what is resampled on its own for each sample (the data set it is from); "" for all, as a rule."""
        return [""] * len(sample_ids)

    def support(self, rows: Sequence[Row]) -> dict[str, Support]:
        """Return how many images carry each metric of a run; nothing where the task cannot be resampled.

        Args:
            rows: All rows of the run.

        Returns:
            Metric, as `replicates` names it -> its `Support`, by the jackknife over `replicates` and by `strata`.
        """
        ids = list(dict.fromkeys(row["sample_id"] for row in rows))
        if not ids or type(self).replicates is Resampling.replicates:
            return {}
        return run_support(partial(self.replicates, rows, ids), self.strata(rows, ids))

    def unsteady(self, rows: Sequence[Row]) -> dict[str, str]:
        """Return metric -> why these rows give it neither interval nor verdict, however many images carry it."""
        return {}

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows with only what `replicates` and `image_quality` read, small enough to be kept in a repository."""
        return list(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return how well one sample was done, higher is better, from its rows; `sambench look` ranks by it.

        Raises:
            UsageError: The task has no such number.
        """
        raise UsageError(
            f"task {self.name} does not rank images", where="sambench look", mend="define image_quality in the task"
        )


def in_order(rows: Sequence[Row], sample_ids: Sequence[str]) -> list[Row]:
    """Return the rows of these samples in this order, one row a sample."""
    by_sample = {row["sample_id"]: row for row in rows}
    return [by_sample[key] for key in sample_ids]
