"""Two models timed in turn: how many times as long one takes as the other, with intervals over images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.latency.times import weighted_percentiles


@dataclass(frozen=True)
class StepRatio:
    """One step of both models.

    Attributes:
        step: Its name, as "decode@4".
        baseline, candidate: Median seconds.
        ratio: Candidate's over baseline's.
        interval: 95 % interval of the ratio over images; NaN where too few were timed.
        images: How many were.
    """

    step: str
    baseline: float
    candidate: float
    ratio: float
    interval: tuple[float, float]
    images: int

    @property
    def verdict(self) -> str:
        """What the interval tells: "faster", "slower", or that it cannot tell."""
        low, high = self.interval
        return "faster" if high < 1 else "slower" if low > 1 else "cannot tell"


def step_ratios(
    seconds: Mapping[str, tuple[Sequence[np.ndarray], Sequence[np.ndarray]]], seed: int = 0
) -> list[StepRatio]:
    """Compare the medians of each step.

    Args:
        seconds: Step -> each side's repeats by image, (R_i,) float64 of N images, timed in turn.
        seed: Of the resampling.
    """
    images = len(next(iter(seconds.values()))[0])
    change = partial(_ratios, seconds)
    bounds = dict.fromkeys(seconds, (0.0, math.inf))
    intervals = bootstrap_intervals(change, [""] * images, seed=seed, bounds=bounds)
    ones = np.ones((1, images), np.int64)
    ratios = []
    for step, sides in seconds.items():
        baseline, candidate = (float(weighted_percentiles(own, ones, 50)[0]) for own in sides)
        ratios.append(StepRatio(step, baseline, candidate, candidate / baseline, intervals[step], images))
    return ratios


def _ratios(
    seconds: Mapping[str, tuple[Sequence[np.ndarray], Sequence[np.ndarray]]], weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return (B,) ratios of medians over weighted images (B, N)."""
    return {
        step: weighted_percentiles(candidate, weights, 50) / weighted_percentiles(baseline, weights, 50)
        for step, (baseline, candidate) in seconds.items()
    }
