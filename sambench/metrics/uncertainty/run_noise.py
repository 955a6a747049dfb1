"""What the choice of runs adds to a difference of two sides, where a side is the mean of several runs.

The variance between runs, pooled over both sides, adds to that between images; the degrees of freedom of the sum are
Satterthwaite's (1946), so that a spread known from few runs widens intervals only as far as it matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

FEW, SURE = 4, 0.9
"""Below so many degrees of freedom the spread between runs may be far from what was seen of it; the variance is then
taken to be as large as it is with this confidence, or two runs that agree by luck would pass for runs that agree."""


@dataclass(frozen=True)
class RunNoise:
    """The spread between runs, of each metric.

    Attributes:
        variances: Metric -> variance that the choice of runs adds to the difference of the sides' means; of few runs
            its upper bound.
        freedom: Degrees of freedom of that variance: runs less sides.
    """

    variances: Mapping[str, float]
    freedom: int

    def draws(self, name: str, replicates: int, seed: int) -> np.ndarray:
        """Draw (B,) float64 normal deviations of a metric's difference; zeros where runs do not differ."""
        rng = np.random.default_rng([seed, self.freedom, list(self.variances).index(name)])
        deviations: np.ndarray = rng.standard_normal(replicates) * self.variances[name] ** 0.5
        return deviations

    def units(self, name: str, drawn: np.ndarray, images: int) -> int:
        """Return how many units a metric's difference rests on, as a number of images would.

        Args:
            name: The metric.
            drawn: (B,) its difference over resamples of the images, without what runs add.
            images: How many images carry it.
        """
        between, within = self.variances[name], float(np.nanvar(drawn)) if not np.isnan(drawn).all() else 0.0
        if not between > 0 or images < 2:
            return images
        freedom = (within + between) ** 2 / (within**2 / (images - 1) + between**2 / self.freedom)
        return min(images, int(freedom + 1e-9) + 1)


def run_noise(baselines: Sequence[Mapping[str, float]], candidates: Sequence[Mapping[str, float]]) -> RunNoise | None:
    """Pool the spread between the runs of each side.

    Args:
        baselines, candidates: One mapping of metric -> value a run.

    Returns:
        The spread; None where no side has more than one run.
    """
    freedom = len(baselines) + len(candidates) - 2
    if freedom < 1:
        return None
    variances, doubt = {}, float(freedom / stats.chi2.ppf(1 - SURE, freedom)) if freedom < FEW else 1.0
    runs = (*baselines, *candidates)
    for name in (name for name in runs[0] if all(name in run for run in runs)):
        sides = [np.array([run[name] for run in side]) for side in (baselines, candidates)]
        variance = sum(float(((side - side.mean()) ** 2).sum()) for side in sides) / freedom
        scaled = variance * (1 / len(baselines) + 1 / len(candidates)) * doubt
        variances[name] = scaled if scaled > 1e-24 else 0.0  # less is rounding; NaN where a run has no value
    return RunNoise(variances, freedom)


def within_range(
    low: float, high: float, detectable: float, value: float, bounds: tuple[float, float], higher_is_better: bool
) -> tuple[tuple[float, float], float]:
    """Keep what is told of a difference within what the metric can do.

    Args:
        low, high: Ends of the difference's interval.
        detectable: Smallest drop that would be seen.
        value: The baseline's value.
        bounds: Smallest and largest value of the metric.
        higher_is_better: Its direction.

    Returns:
        The interval's ends, and the drop: infinite where no drop from this value would be seen.
    """
    width = bounds[1] - bounds[0]
    room = value - bounds[0] if higher_is_better else bounds[1] - value
    ends = (max(low, -width), min(high, width)) if low == low else (low, high)
    return ends, float("inf") if detectable > room else detectable
