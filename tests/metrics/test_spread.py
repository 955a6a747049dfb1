"""Degrees of freedom and standard errors of resamples, from what leaving images out does."""

import numpy as np
import pytest

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.jackknife import jackknife
from sambench.metrics.spread import ENOUGH, spread_of_units, spreads


def test_the_ratio_is_that_of_the_standard_errors():
    values = np.random.default_rng(0).gamma(1.0, size=40)
    weights = resampling_weights(40, 500)
    found = jackknife(lambda held: {"m": held @ values / held.sum(axis=1)}, [""] * 40)
    ratios = spreads(found, weights)["m"].ratios
    errors = np.array([np.repeat(values, held).std() for held in weights])
    np.testing.assert_allclose(ratios, np.maximum(errors / np.sqrt((errors**2).mean()), 0.25), rtol=1e-6)


def test_a_few_units_are_too_few():
    assert not spread_of_units(ENOUGH - 1, 10).enough
    told = spread_of_units(ENOUGH, 10)
    assert told.enough
    assert (told.freedom, told.narrowness) == (5.0, pytest.approx((6 / 5) ** 0.5))
    assert (told.ratios == 1).all()
    assert not spread_of_units(0, 10).enough
