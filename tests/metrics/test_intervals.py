import numpy as np
import pytest
from scipy import stats

from sambench.metrics.bootstrap import stratified_weights
from sambench.metrics.intervals import NO_INTERVAL, interval95
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import Spread, spreads


def spread_of(values, strata, draws=4000):
    """Return the mean over strata's means, its draws and its spread."""
    names = np.array(strata)

    def mean(weights):
        kept = [names == name for name in dict.fromkeys(strata)]
        return {"m": np.mean([weights[:, own] @ values[own] / weights[:, own].sum(axis=1) for own in kept], axis=0)}

    weights = stratified_weights(strata, draws, 0)
    return mean(np.ones((1, len(values))))["m"][0], mean(weights)["m"], spreads(jackknife(mean, strata), weights)["m"]


def test_one_stratum_has_students_degrees_of_freedom():
    values = np.random.default_rng(0).normal(size=12)
    value, draws, spread = spread_of(values, [""] * 12)
    assert spread.freedom == pytest.approx(11)
    assert spread.narrowness == pytest.approx((12 / 11) ** 0.5)
    low, high = interval95(value, draws, spread)
    student = stats.ttest_1samp(values, 0).confidence_interval()
    # a hull of two is a little wider than either
    assert 0.97 < (high - low) / (student.high - student.low) < 1.3


def test_strata_have_satterthwaites():
    values = np.random.default_rng(1).normal(size=33)
    spread = spread_of(values, ["a"] * 3 + ["b"] * 30)[2]
    # variances of 1/3 and 1/30 with 2 and 29 degrees of freedom: (.3667)^2 / (.1111 / 2 + .0011 / 29)
    assert spread.freedom == pytest.approx(2.42, abs=0.005)
    assert not spread.enough


def test_one_small_stratum_among_many_does_not_decide():
    strata = ["small"] * 3 + [f"{place}" for place in range(22) for _ in range(40)]
    spread = spread_of(np.random.default_rng(1).normal(size=len(strata)), strata, 100)[2]
    # 1/3 of the small one and 22 times 1/40: (.8833)^2 / (.1111 / 2 + 22 * .000625 / 39)
    assert spread.freedom == pytest.approx(13.96, abs=0.01)


def test_a_stratum_of_one_image_says_nothing():
    value, draws, spread = spread_of(np.arange(21.0), ["a"] * 20 + ["b"])
    assert (spread.freedom, spread.enough) == (0, False)
    assert np.isnan(interval95(value, draws, spread)).all()


@pytest.mark.parametrize(("images", "enough"), [(1, False), (9, False), (10, True)])
def test_ten_images_are_the_least(images, enough):
    values = np.linspace(0, 1, images) ** 2
    assert spread_of(values, [""] * images)[2].enough == enough


def test_a_bias_of_the_resamples_is_not_taken_for_the_value():
    draws = np.random.default_rng(3).normal(0.5, 1, 20_000)
    low, high = interval95(0.0, draws, Spread(1e9, 1.0, np.ones(len(draws))))
    # percentiles reach up to .5 + 1.96, their mirror image (the studentised part) down to -.5 - 1.96
    assert (low, high) == pytest.approx((-2.46, 2.46), abs=0.06)
    assert np.isnan(interval95(float("nan"), draws, Spread(1e9, 1.0, np.ones(len(draws))))).all()
    assert np.isnan(NO_INTERVAL).all()


def test_few_carriers_in_each_of_many_strata_are_enough_together():
    values = np.full(400, np.nan)
    values[::10] = np.random.default_rng(2).random(40)  # four of the forty images of each of ten strata
    strata = [str(place // 40) for place in range(400)]

    def mean(weights):
        with np.errstate(invalid="ignore"):
            kept = ~np.isnan(values)
            return {"m": weights @ np.nan_to_num(values) / (weights @ kept)}

    weights = stratified_weights(strata, 1000, 0)
    found = jackknife(mean, strata)
    spread = spreads(found, weights)["m"]
    assert spread.freedom > 20
    low, high = interval95(found.whole["m"], mean(weights)["m"], spread)
    assert low < found.whole["m"] < high
