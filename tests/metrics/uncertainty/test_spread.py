"""Degrees of freedom and standard errors of resamples, from what leaving images out does."""

import numpy as np
import pytest

from sambench.metrics.bootstrap import resampling_weights, stratified_weights
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import ENOUGH, ENOUGH_UNITS, spread_of_units, spreads


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
    assert (told.freedom, told.narrowness) == (9.0, pytest.approx((10 / 9) ** 0.5))
    assert (told.ratios == 1).all()
    assert not spread_of_units(0, 10).enough
    # where runs spread too, fewer units are enough, the images being so many
    assert spread_of_units(ENOUGH_UNITS, 10, least=ENOUGH_UNITS).enough
    assert not spread_of_units(ENOUGH_UNITS - 1, 10, least=ENOUGH_UNITS).enough


@pytest.mark.parametrize(
    ("high", "freedom"),
    [
        # kurtosis 10.09: 24 / (10.09 - 9 / 11) are 2.6 degrees of freedom, but no fewer than the least are taken
        (1, 5.0),
        # kurtosis 4.2: 24 / (4.2 - 9 / 11)
        (2, 7.0968),
        # kurtosis 1: more than the 11 that twelve images have
        (6, 11.0),
    ],
)
def test_images_that_make_most_of_the_spread_are_few_degrees_of_freedom(high, freedom):
    values = (np.arange(12) < high).astype(float)
    found = jackknife(lambda held: {"m": held @ values / 12}, [""] * 12)
    told = spreads(found, resampling_weights(12, 50))["m"]
    assert told.freedom == 11
    assert told.student == pytest.approx(freedom, rel=1e-4)
    assert told.enough


@pytest.mark.parametrize(("values", "own"), [([0.0, 1.0], False), ([0.0, 0.5, 1.0], True)])
def test_of_two_values_each_resample_has_the_usual_error(values, own):
    scores = np.resize(values, 30)
    found = jackknife(lambda held: {"m": held @ scores / 30}, [""] * 30)
    ratios = spreads(found, resampling_weights(30, 200))["m"].ratios
    assert (ratios.std() > 0.01) == own


def test_data_sets_of_few_images_say_nothing_of_a_resamples_own_error():
    values = np.random.default_rng(3).gamma(1.0, size=24)

    def ratios(size):
        strata = [str(place // size) for place in range(24)]
        inside = np.stack([[name == own for own in strata] for name in dict.fromkeys(strata)]).astype(float)

        def mean(held):
            return {"m": np.mean([held * own @ values / (held @ own) for own in inside], axis=0)}

        weights = stratified_weights(strata, 200, 0)
        return spreads(jackknife(mean, strata), weights)["m"].ratios

    np.testing.assert_allclose(ratios(2), 1)
    assert ratios(ENOUGH).std() > 0.1


def test_resamples_with_a_number_of_carriers_of_their_own_are_not_too_wide():
    values = np.where(np.arange(200) < 8, np.random.default_rng(4).normal(size=200), np.nan)
    kept = ~np.isnan(values)

    def mean(held):
        with np.errstate(invalid="ignore"):
            return {"m": held @ np.nan_to_num(values) / (held @ kept)}

    weights = resampling_weights(200, 20_000)
    told = spreads(jackknife(mean, [""] * 200), weights)["m"]
    error = values[kept].std(ddof=1) / 8**0.5
    assert told.narrowness * np.nanstd(mean(weights)["m"]) == pytest.approx(error, rel=0.03)
