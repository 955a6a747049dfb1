"""Several metrics judged together: one level for all of their intervals, so that any misses as seldom as is said.

Metrics over the same images rise and fall together. Their resamples' correlations, in a normal distribution, give the
chance that any of them passes a level that each passes on its own (Hothorn, Bretz and Westfall 2008; single-step, as
intervals are), which is less than Bonferroni's sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

_DRAWS, _BLOCK = 20_000, 1_000
_RARE = 0.001
"""A chance that the draws are too few to tell; farther out Bonferroni's sum is taken."""

_SAME = 1e-12
"""A spread below it is rounding."""


@dataclass(frozen=True)
class Family:
    """What chance does to several metrics at once.

    Attributes:
        size: Number of metrics that chance moves.
        largest: (M,) float64, ascending: the largest of them in either direction, in standard errors, in M draws.
    """

    size: int
    largest: np.ndarray

    def corrected(self, tail: float) -> float:
        """Return the chance that any metric lies beyond the level that each lies beyond with a chance of `tail` a side.

        It rises with `tail`; of one metric it is twice the tail.
        """
        if self.size <= 1:
            return min(1.0, 2 * tail)
        beyond = np.interp(-special.ndtri(tail), self.largest, np.linspace(1, 0, len(self.largest)))
        return min(1.0, max(2 * tail, min(max(float(beyond), _RARE), 2 * self.size * tail)))

    def tail(self, alpha: float) -> float:
        """Return the chance a side that each interval may leave out, so that any misses with a chance of `alpha`."""
        low, high = alpha / (2 * max(self.size, 1)), alpha / 2
        if self.corrected(high) <= alpha:
            return high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.corrected(middle) <= alpha else (low, middle)
        return low


def family_of(draws: Sequence[np.ndarray], seed: int = 0) -> Family:
    """Look how metrics move together.

    Args:
        draws: (B,) resamples of each metric, NaN where undefined.
        seed: Of the normal draws.
    """
    columns = [_standard(np.asarray(own, np.float64)) for own in draws]
    moving = [own for own in columns if own.any()]
    if len(moving) < 2:
        return Family(len(moving), np.empty(0))
    correlations = np.corrcoef(np.stack(moving))
    values, vectors = np.linalg.eigh(correlations)
    kept = values > _SAME * len(values)
    loadings = vectors[:, kept] * np.sqrt(values[kept])
    rng = np.random.default_rng(seed)
    blocks = [
        np.abs(rng.standard_normal((_BLOCK, loadings.shape[1])) @ loadings.T).max(axis=1)
        for _ in range(_DRAWS // _BLOCK)
    ]
    return Family(len(moving), np.sort(np.concatenate(blocks)))


def _standard(drawn: np.ndarray) -> np.ndarray:
    """Move resamples to mean 0 and a spread of 1; all 0 where they do not move."""
    defined = drawn[~np.isnan(drawn)]
    spread = float(defined.std()) if len(defined) > 1 else 0.0
    if not spread > _SAME:
        return np.zeros(len(drawn))
    return np.nan_to_num((drawn - defined.mean()) / spread)
