"""The smallest true drop that an interval would tell, over the images at hand or over more or fewer of their kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sambench.metrics.intervals import Resampled


@dataclass(frozen=True)
class Seen:
    """What a metric's interval tells of a drop, resample by resample.

    In each resample the interval reaches as far as its own standard error says, and chance moves the difference as far
    as that resample is from their mean: both go together where scores are skewed.

    Attributes:
        reach: How far the interval reaches to the better side.
        freedom: Degrees of freedom of the metric's standard error.
        tail: Chance that the interval leaves out on that side.
        ratios: (B,) standard error of each resample over the usual one.
        moved: (B,) by how much chance moves the difference to the better side in each resample.
        margin: The drop that is let pass.
    """

    reach: float
    freedom: float
    tail: float
    ratios: np.ndarray
    moved: np.ndarray
    margin: float

    def drop(self, power: float, share: float = 1.0) -> float:
        """Return the smallest true drop that a gate detects with a probability of `power`.

        Args:
            power: The wanted chance.
            share: Images of the gate over images at hand. Errors, and how far they vary, shrink with its root, and so
                does what Student's distribution adds.

        Few images give a standard error that is too small more often than not; it is raised by its median.
        """
        shrunk = share**-0.5
        freedom = max(1.0, (self.freedom + 1) * share - 1)
        student = special.stdtrit(freedom, self.tail) / special.stdtrit(self.freedom, self.tail)
        reach = self.reach * shrunk * float(student) * (1 + (self.ratios - 1) * shrunk)
        raised = (freedom / special.chdtri(freedom, 0.5)) ** 0.5
        wanted = special.ndtr(special.stdtrit(freedom, power))
        return float(np.quantile(np.maximum(raised * reach, self.margin) + raised * shrunk * self.moved, wanted))


def seen(one: Resampled, draws: np.ndarray, tail: float, higher_is_better: bool, margin: float) -> Seen:
    """Look what a metric's interval tells.

    Args:
        one: The metric's difference.
        draws: (B,) its resamples, in the order of the ratios, NaN where undefined.
        tail: Chance that its interval leaves out on either side.
        higher_is_better: The metric's direction.
        margin: The drop that is let pass.
    """
    (low, high), defined = one.interval(tail), ~np.isnan(draws)
    moved = one.spread.narrowness * (draws[defined] - draws[defined].mean())
    ratios = np.nan_to_num(one.spread.ratios[defined], nan=1.0)
    ends = (high - one.value, moved) if higher_is_better else (one.value - low, -moved)
    return Seen(ends[0], one.spread.student, tail, ratios, ends[1], margin)
