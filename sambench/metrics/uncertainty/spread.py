"""What leaving images out says of a metric's spread: degrees of freedom, and the standard error of each resample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sambench.metrics.uncertainty.jackknife import Jackknife

ENOUGH = 10
"""Images that must carry a metric, effectively, before it gets an interval or a verdict (docs/statistics.md)."""

ENOUGH_UNITS = 6
"""Images and runs, effectively, that a difference must rest on where runs spread too, images alone being enough."""

_FEW = 6
"""Images of a data set below which nothing is known of its error in a resample; no tails leave fewer than that."""

_LEAST_RATIO, _LEAST_SHARE = 0.25, 0.8
"""A resample of hardly any spread, or of far fewer carrying images than there are, says nothing of its own error."""


@dataclass(frozen=True)
class Spread:
    """What leaving images out says of a metric's spread.

    Attributes:
        freedom: Degrees of freedom of its standard error, over strata; 0 where a stratum rests on one image.
        narrowness: Its standard error over the standard deviation of its resamples.
        ratios: (B,) standard error in each resample over the usual one, at least .25; NaN where a resample holds so few
            of the images that carry the metric that it says nothing.
        why: Why the metric has no interval, whatever carries it; empty where it may have one.
        share: What heavy tails leave of the degrees of freedom, in (0, 1].
        least: Units that an interval takes.
    """

    freedom: float
    narrowness: float
    ratios: np.ndarray
    why: str = ""
    share: float = 1.0
    least: int = ENOUGH

    @property
    def enough(self) -> bool:
        """Tell whether the metric rests on so much that an interval can be given."""
        return self.freedom > self.least - 1.001

    @property
    def student(self) -> float:
        """Degrees of freedom that Student's quantiles are taken at: not so few that nothing could be told."""
        return max(self.freedom * self.share, min(self.freedom, _FEW - 1.0))


def spread_of_units(units: int, replicates: int, why: str = "", least: int = ENOUGH) -> Spread:
    """Return the spread of what rests on so many units, where nothing is known of each of B resamples."""
    narrowness = (units / (units - 1)) ** 0.5 if units > 1 else 1.0
    return Spread(float(units - 1), narrowness, np.ones(replicates), why, least=least)


def spreads(
    jackknifed: Jackknife, weights: np.ndarray, untold: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Spread]:
    """Return the spread of each metric, over the images and within each resample.

    Args:
        jackknifed: What leaving images out does.
        weights: (B, N) how often each resample holds each image.
        untold: Metric -> why it is to have no interval (`Task.unsteady`).
    """
    held = np.stack([weights[:, group].sum(axis=1) for group in jackknifed.groups], axis=1).astype(np.float64)
    sizes = np.array([len(group) for group in jackknifed.groups], np.float64)
    return {
        name: spread_of_units(0, len(weights), untold[name])
        if name in untold
        else _spread(own, jackknifed.carrying[name], jackknifed.strata, sizes, held)
        for name, own in jackknifed.falls.items()
    }


def _spread(falls: np.ndarray, carrying: np.ndarray, strata: np.ndarray, sizes: np.ndarray, held: np.ndarray) -> Spread:
    """Add up variances over strata; (G,) by group, `held` (B, G) images of each group in each resample."""
    variances, freedoms, shrunk, within, deviations = [], [], [], np.zeros(len(held)), []
    for number in np.unique(strata[carrying]):
        inside = carrying & (strata == number)
        count, images, whole = int(inside.sum()), sizes[inside].sum(), (carrying | (strata != number)).all()
        if count < 2:
            return Spread(0.0, 1.0, np.ones(len(held)))
        influence = (images - sizes[inside]) / sizes[inside] * falls[inside]
        influence -= np.average(influence, weights=sizes[inside])
        variances.append(count / (count - 1) * ((sizes[inside] * influence) ** 2).sum() / images**2)
        units = images if whole else count
        freedoms.append(units - 1)
        own = held[:, inside]
        total = np.maximum(own.sum(axis=1), 1)
        shrunk.append((units - 1) / units * images * float((1 / total).mean()))
        errors = np.maximum(own @ influence**2 / total - (own @ influence / total) ** 2, 0) / total
        within += errors if count >= _FEW and _several(influence) else errors.mean()
        deviations.append(influence)
    # Each stratum's own variance is too uncertain for Satterthwaite's formula where strata are small, and would choose
    # the samples that get an interval by their luck: images are taken to differ alike within all strata.
    every, alike = np.array(variances), 1 / (np.array(freedoms) + 1)
    freedom = float(alike.sum() ** 2 / (alike**2 / np.array(freedoms)).sum()) if freedoms else 0.0
    if not every.sum():
        return Spread(freedom, ((freedom + 1) / max(freedom, 1)) ** 0.5, np.ones(len(held)))
    share = held[:, carrying].sum(axis=1) / sizes[carrying].sum()
    within[share < _LEAST_SHARE] = np.nan
    usual = float(np.nanmean(within)) or 1.0
    narrowness = float((every.sum() / (every * shrunk).sum()) ** 0.5)
    ratios = np.maximum(np.sqrt(within / usual), _LEAST_RATIO)
    return Spread(freedom, narrowness, ratios, share=_share(np.concatenate(deviations)))


def _several(influence: np.ndarray) -> bool:
    """Tell whether (G,) influences take more than two values.

    Of two values the error of a resample is a function of its mean, and its steps make studentised intervals too wide:
    they covered in 98 to 99 % of samples of 10 to 30 objects found or not.
    """
    low, high = influence.min(), influence.max()
    rounding = 1e-9 * (high - low)
    return bool(((influence - low > rounding) & (high - influence > rounding)).any())


def _share(deviations: np.ndarray) -> float:
    """Return what the tails of (G,) deviations leave of the degrees of freedom of their variance, at most 1.

    A variance of n values has n - 1 degrees of freedom where they are normal, and 2 n / (k - (n - 3) / (n - 1)) where
    their kurtosis is k (O'Neill 2014): few where few images make most of the spread.
    """
    n, squares = len(deviations), deviations**2
    kurtosis = n * float((squares**2).sum()) / float(squares.sum()) ** 2
    return min(1.0, 2 * n / max(kurtosis - (n - 3) / (n - 1), 1e-9) / (n - 1))
