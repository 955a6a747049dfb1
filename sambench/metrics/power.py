"""How many images a gate needs to see a drop of a wanted size, from the resamples of a pilot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

MOST = 10**9
"""Images beyond which no number is given."""


@dataclass(frozen=True)
class Need:
    """What one metric takes.

    Attributes:
        metric: The metric.
        support: Images of the pilot that carry it.
        detectable: Smallest drop that is seen with the stated power over as many images as the pilot has; NaN where
            too few carry the metric.
        images: Images needed for the wanted effect, or None where the pilot cannot tell.
        reason: Why it cannot, or what bounds the number.
    """

    metric: str
    support: int
    detectable: float
    images: int | None
    reason: str = ""


def images_needed(
    differences: Mapping[str, np.ndarray],
    support: Mapping[str, int],
    images: int,
    effect: float,
    *,
    enough: int,
    alpha: float,
    power: float,
    margins: Mapping[str, float],
) -> list[Need]:
    """Say for each metric how many images a gate needs, if they are like the pilot's.

    A gate calls a drop a regression where it is beyond the corrected level (the largest of the metrics' resamples, in
    standard errors), beyond the level of the two-sided 95 % interval, and beyond the margin. Standard errors shrink
    with the root of the number of images, and so does what Student's distribution adds for the images that carry it.

    Args:
        differences: Metric -> (B,) differences of two runs over resamples of the pilot's images: the gate's family.
        support: Metric -> images of the pilot that carry it.
        images: Images of the pilot.
        effect: The true drop that is to be seen, in the metrics' own unit.
        enough: Images that have to carry a metric.
        alpha: Chance of a false alarm over all metrics together.
        power: Wanted chance that the drop is called a regression.
        margins: Metric -> the drop that is let pass.
    """
    scaled, spreads = {}, {}
    for name, drawn in differences.items():
        defined = drawn[~np.isnan(drawn)]
        spread = float(defined.std(ddof=1)) if len(defined) > 1 else 0.0
        if support[name] >= enough and spread > 1e-12:
            spreads[name] = spread * (support[name] / (support[name] - 1) * images) ** 0.5
            scaled[name] = np.nan_to_num((drawn - defined.mean()) / spread)
    largest = np.max(list(scaled.values()), axis=0) if scaled else np.zeros(1)
    critical = float(np.quantile(largest, 1 - alpha))
    needs = []
    for name, carried in support.items():
        if carried < enough:
            reason = f"cannot tell: {carried} of the pilot's {images} images carry it, {enough} are the least"
            needs.append(Need(name, carried, math.nan, None, reason))
            continue
        if name not in scaled:
            needs.append(Need(name, carried, 0.0, None, "cannot tell: the pilot shows no spread between images"))
            continue
        level = max(critical, float(np.quantile(scaled[name], 0.975)))
        seen = float(np.quantile(scaled[name], power))
        of_all = _Metric(level, seen, spreads[name], carried / images, margins.get(name, 0.0))
        needed, reason = _least(of_all, effect, math.ceil(enough / of_all.share))
        needs.append(Need(name, carried, of_all.detectable(images), needed, reason))
    return needs


@dataclass(frozen=True)
class _Metric:
    """A metric's level and power in standard errors, spread of an image, share of images that carry it, and margin."""

    level: float
    seen: float
    spread: float
    share: float
    margin: float

    def detectable(self, images: int) -> float:
        """Return the smallest drop that is seen over so many images."""
        error = self.spread / images**0.5
        student = float(stats.t.isf(stats.norm.sf(self.level), max(1, round(images * self.share) - 1)))
        return max(student * error, self.margin) + self.seen * error


def _least(metric: _Metric, effect: float, least: int) -> tuple[int | None, str]:
    """Return the smallest number of images that is enough, and what it rests on."""
    if effect <= metric.margin:
        return None, f"the policy lets drops up to {metric.margin:g} pass"
    if metric.detectable(least) <= effect:
        return least, "the fewest that carry the metric often enough"
    low, high = least, MOST
    if metric.detectable(high) > effect:
        return None, f"more than {MOST:,}"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if metric.detectable(middle) <= effect else (middle, high)
    return high, ""
