"""How many images a gate needs to see a drop of a wanted size, from the resamples of a pilot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sambench.metrics.family import family_of
from sambench.metrics.intervals import resampled
from sambench.metrics.uncertainty.detectable import Seen, seen
from sambench.metrics.uncertainty.spread import ENOUGH, Spread

MOST = 10**9
"""Images beyond which no number is given."""


@dataclass(frozen=True)
class Need:
    """What one metric takes.

    Attributes:
        metric: The metric.
        support: Images of the pilot that carry it.
        detectable: Smallest drop that is told with the stated power over as many images as the pilot has; NaN where
            too few carry the metric, infinite where the metric cannot fall so far.
        images: Images needed for the wanted effect, or None where the pilot cannot tell.
        reason: Why it cannot, or what bounds the number.
    """

    metric: str
    support: int
    detectable: float
    images: int | None
    reason: str = ""


@dataclass(frozen=True)
class Pilot:
    """What a pilot says of one metric's difference.

    Attributes:
        difference: Over all images.
        draws: (B,) over resamples.
        spread: What leaving images out says.
        support: Images that carry it.
        higher_is_better: The metric's direction.
        room: How far it can fall.
        margin: The drop that is let pass.
    """

    difference: float
    draws: np.ndarray
    spread: Spread
    support: int
    higher_is_better: bool = True
    room: float = math.inf
    margin: float = 0.0


def images_needed(pilots: Mapping[str, Pilot], images: int, effect: float, *, alpha: float, power: float) -> list[Need]:
    """Say for each metric how many images a gate needs, if they are like the pilot's.

    A gate calls a drop a regression where its interval, at the level of all metrics together, lies below 0 and the drop
    is beyond the margin (`sambench.metrics.uncertainty.detectable`).

    Args:
        pilots: Metric -> what the pilot says of it: the gate's family.
        images: Images of the pilot.
        effect: The true drop that is to be seen, in the metrics' own unit.
        alpha: Chance of a false alarm over all metrics together.
        power: Wanted chance that the drop is called a regression.
    """
    resamples = {name: resampled(one.difference, one.draws, one.spread) for name, one in pilots.items()}
    tail = family_of([pilots[name].draws for name, one in resamples.items() if one is not None]).tail(alpha)
    needs = []
    for name, one in pilots.items():
        own = resamples[name]
        if one.support < ENOUGH or own is None:
            few = f"{one.support} of the pilot's {images} images carry it, {ENOUGH} are the least"
            other = one.spread.why or "data sets that it averages hold too few images each"
            needs.append(
                Need(name, one.support, math.nan, None, f"cannot tell: {few if one.support < ENOUGH else other}")
            )
            continue
        if not own.draws[-1] - own.draws[0] > 1e-12:
            needs.append(Need(name, one.support, 0.0, None, "cannot tell: the pilot shows no spread between images"))
            continue
        sight = seen(own, one.draws, tail, one.higher_is_better, one.margin)
        detectable = sight.drop(power)
        needed, reason = _least(sight, power, images, effect, math.ceil(ENOUGH * images / one.support))
        needs.append(Need(name, one.support, math.inf if detectable > one.room else detectable, needed, reason))
    return needs


def _least(sight: Seen, power: float, pilot: int, effect: float, least: int) -> tuple[int | None, str]:
    """Return the smallest number of images that is enough, and what it rests on."""
    if effect <= sight.margin:
        return None, f"the policy lets drops up to {sight.margin:g} pass"
    if sight.drop(power, least / pilot) <= effect:
        return least, "the fewest that carry the metric often enough"
    low, high = least, MOST
    if sight.drop(power, high / pilot) > effect:
        return None, f"more than {MOST:,}"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if sight.drop(power, middle / pilot) <= effect else (middle, high)
    return high, ""
