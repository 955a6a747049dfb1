"""Intervals of metrics over images, of any level, by one method for single runs and for differences of runs.

An interval is the hull of two: the percentiles of the resamples, moved out for few images (Hesterberg 2015, section
5.3), and the studentised bootstrap (Efron and Tibshirani 1993, chapter 12; Hall 1988), with each resample's standard
error from the images' influences. The first holds for best thresholds and heavy tails, the second for skewed scores.
Degrees of freedom over strata are Satterthwaite's (1946). docs/statistics.md has the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sambench.metrics.uncertainty.spread import Spread

NO_INTERVAL = (float("nan"), float("nan"))

_BEYOND = 5
"""Resamples that must lie beyond a quantile to be read from them; farther out tails are taken to be normal."""

_LEAST_TAIL = 1e-15


@dataclass(frozen=True)
class Resampled:
    """A metric and its resamples, from which an interval of any level can be read.

    Attributes:
        value: The metric over all images.
        draws: (B,) float64 its resamples, ascending, without undefined ones.
        scaled: (C,) float64 what each resample differs by from the value, in standard errors of its own, ascending.
        spread: What leaving images out says.
    """

    value: float
    draws: np.ndarray
    scaled: np.ndarray
    spread: Spread

    def interval(self, tail: float) -> tuple[float, float]:
        """Return the interval that leaves out a chance of `tail`, in (0, .5], on either side."""
        student = float(special.stdtrit(self.spread.student, tail))
        outer = float(special.ndtr(self.spread.narrowness * student))
        low, high = _quantile(self.draws, outer), _quantile(self.draws, outer, upper=True)
        below, above = _quantile(self.scaled, tail), _quantile(self.scaled, tail, upper=True)
        return min(low, self.value - above), max(high, self.value - below)

    def tail_of(self, upper: bool, least: float, most: float) -> float:
        """Return the smallest chance, between two, whose interval lies below zero (`upper`), or above; `most` if none.

        Args:
            upper: Whether the high end has to be below zero; else the low one above it.
            least, most: Chances that are looked at.
        """
        low, high = np.log(max(least, _LEAST_TAIL)), np.log(most)
        if self.leaves_out_zero(upper, float(np.exp(low))):
            return float(np.exp(low))
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if self.leaves_out_zero(upper, float(np.exp(middle))) else (middle, high)
        return float(np.exp(high))

    def leaves_out_zero(self, upper: bool, tail: float) -> bool:
        """Tell whether the interval of this chance lies below zero (`upper`), or above."""
        low, high = self.interval(tail)
        return high < 0 if upper else low > 0


def resampled(value: float, draws: np.ndarray, spread: Spread) -> Resampled | None:
    """Prepare intervals of a value from (B,) resamples, undefined ones left out; None where none can be given."""
    defined = ~np.isnan(draws)
    if not spread.enough or np.isnan(value) or not defined.any():
        return None
    kept = draws[defined]
    scaled = spread.narrowness * (kept - value) / spread.ratios[defined]
    return Resampled(value, np.sort(kept), np.sort(scaled[~np.isnan(scaled)]), spread)


def interval95(value: float, draws: np.ndarray, spread: Spread) -> tuple[float, float]:
    """Return the 95 % interval of a value from (B,) resamples, undefined ones left out; NaN where none can be given."""
    drawn = resampled(value, draws, spread)
    return NO_INTERVAL if drawn is None else drawn.interval(0.025)


def inside(ends: tuple[float, float], value: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Keep an interval within what a metric can be; a value beyond the bounds is a bound of its own."""
    (low, high), (least, most) = ends, bounds
    return NO_INTERVAL if low != low else (max(low, min(least, value)), min(high, max(most, value)))


def _quantile(ascending: np.ndarray, tail: float, upper: bool = False) -> float:
    """Return the value that a share of `tail` lies beyond: read from the resamples, or from a normal tail fitted there.

    Args:
        ascending: (B,) sorted values.
        tail: A share in (0, .5].
        upper: Of the upper tail, else of the lower one.
    """
    last = len(ascending) - 1
    read = max(tail, min(_BEYOND / len(ascending), 0.1))
    position = (1 - read if upper else read) * last
    lower = int(position)
    value = float(ascending[lower] + (position - lower) * (ascending[min(lower + 1, last)] - ascending[lower]))
    if read > tail:
        middle = float(ascending[last // 2] + ascending[(last + 1) // 2]) / 2
        value = middle + (value - middle) * float(special.ndtri(tail) / special.ndtri(read))
    return value
