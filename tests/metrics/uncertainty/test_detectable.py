"""What an interval would tell: by hand for a normal difference, and what a skewed or wider one changes."""

import numpy as np
import pytest
from scipy import stats

from sambench.metrics.intervals import resampled
from sambench.metrics.uncertainty.detectable import seen
from sambench.metrics.uncertainty.spread import Spread, spread_of_units

DRAWS = stats.norm.ppf((np.arange(20001) + 0.5) / 20001)


def normal(units, ratios=None):
    """Return what 20,001 resamples say whose standard deviation is that of a mean of so many images."""
    spread = spread_of_units(units, len(DRAWS))
    if ratios is not None:
        spread = Spread(spread.freedom, spread.narrowness, ratios)
    drawn = DRAWS / spread.narrowness
    return seen(resampled(0.0, drawn, spread), drawn, 0.025, True, 0.0)


def test_a_normal_difference_by_hand():
    # the interval reaches t(.975, 99) standard errors, and chance takes away .8416 of them in one of five samples
    assert normal(100).drop(0.8) == pytest.approx(stats.t.isf(0.025, 99) + 0.8416, rel=0.01)


def test_four_times_the_images_see_half_of_it():
    told = normal(100)
    assert told.drop(0.8, 4.0) == pytest.approx((stats.t.isf(0.025, 399) + 0.8416) / 2, rel=0.01)
    assert told.drop(0.8, 1.0) == told.drop(0.8)


def test_a_margin_has_to_be_passed():
    one, spread = DRAWS / 100, spread_of_units(100, len(DRAWS))
    told = seen(resampled(0.0, one, spread), one, 0.025, True, 1.0)
    assert told.drop(0.8) == pytest.approx(1 + 0.8416 / 100 * spread.narrowness, rel=1e-3)


def test_errors_that_grow_with_the_drop_hide_it_in_one_direction():
    ratios = 1 + 0.2 * np.tanh(DRAWS)  # the interval is wide where chance moves the difference up
    spread = Spread(99.0, 1.0, ratios)
    one = resampled(0.0, DRAWS, spread)
    up, down = (seen(one, DRAWS, 0.025, higher, 0.0).drop(0.8) for higher in (True, False))
    plain = seen(resampled(0.0, DRAWS, Spread(99.0, 1.0, np.ones(len(DRAWS)))), DRAWS, 0.025, True, 0.0).drop(0.8)
    assert up > 1.05 * plain
    assert down < up
