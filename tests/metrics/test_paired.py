"""Differences of two checkpoints: interval, p value and what could be seen, which never contradict each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired
from sambench.metrics.uncertainty.spread import spread_of_units


def compared(sides, better=True, replicates=2000, **options):
    """Compare (2, K, N) scores by their means over N images: metrics "0", "1", ..."""
    images = sides.shape[2]
    weights = resampling_weights(images, replicates) / images
    names = [str(place) for place in range(sides.shape[1])]
    values = [dict(zip(names, side.mean(axis=1).tolist(), strict=True)) for side in sides]
    draws = [dict(zip(names, side @ weights.T, strict=True)) for side in sides]
    spread = spread_of_units(images, replicates)
    return compare_paired(*values, *draws, dict.fromkeys(names, better), dict.fromkeys(names, spread), **options)


def pair(before, after):
    return np.stack([before, after])[:, None]


def test_a_mean_is_judged_as_a_t_test_judges_it():
    rng = np.random.default_rng(3)
    before = rng.normal(size=200)
    after = before - 0.03 + 0.3 * rng.normal(size=200)
    found = compared(pair(before, after))["0"]
    test = stats.ttest_rel(after, before)
    assert found.p_drop == pytest.approx(test.pvalue, abs=0.04)  # of the hull of two intervals, from 2,000 resamples
    assert found.p_gain == 1.0
    low, high = test.confidence_interval()
    assert found.interval == pytest.approx((low, high), abs=0.15 * (high - low))
    assert found.level == 0.95
    # 1.960 and 0.842: normal quantiles of 97.5 %, the interval's end, and 80 %
    assert found.detectable == pytest.approx((1.960 + 0.842) * stats.sem(after - before), rel=0.08)


def test_nothing_changed_is_never_told():
    found = compared(np.repeat(np.arange(20.0)[None, None], 2, 0))["0"]
    assert (found.difference, found.p_drop, found.p_gain, found.detectable) == (0, 1, 1, 0)
    assert found.interval == (0, 0)


def test_rounding_is_no_difference():
    before = np.random.default_rng(0).random(20)
    found = compared(pair(before, before + 1e-16))["0"]
    assert (found.difference, found.interval, found.p_gain) == (0, (0, 0), 1)


def test_the_same_drop_everywhere_is_beyond_chance():
    sides = pair(np.full(20, 0.5), np.full(20, 0.4))
    assert compared(sides)["0"].p_drop == pytest.approx(1 / 2001)
    assert compared(sides, better=False)["0"].p_drop == 1
    assert compared(sides, better=False)["0"].p_gain == pytest.approx(1 / 2001)


def test_what_is_undefined_has_no_interval():
    values, draws, spread = {"m": float("nan")}, {"m": np.full(10, np.nan)}, {"m": spread_of_units(20, 10)}
    found = compare_paired(values, values, draws, draws, {"m": True}, spread)["m"]
    assert np.isnan([*found.interval, found.p_drop, found.p_gain, found.detectable]).all()


def test_correction_costs_nothing_for_one_metric_told_twice_and_something_for_two():
    rng = np.random.default_rng(1)
    sides = rng.normal(size=(2, 2, 40))
    alone = compared(sides[:, :1])["0"]
    twice = compared(np.repeat(sides[:, :1], 2, 1))["0"]
    assert twice.interval == pytest.approx(alone.interval, rel=0.05)
    both = compared(sides)["0"]
    assert both.interval[1] > 1.05 * alone.interval[1]
    assert both.level > 0.97
    assert both.detectable > alone.detectable
    assert min(both.p_drop, both.p_gain) >= min(alone.p_drop, alone.p_gain)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(10, 40), st.floats(0.01, 0.2), st.booleans(), st.integers(0, 10**6))
def test_interval_and_p_never_contradict_each_other(metrics, images, alpha, better, seed):
    rng = np.random.default_rng(seed)
    skew = rng.gamma(0.5, size=(2, metrics, images)) if seed % 2 else rng.normal(size=(2, metrics, images))
    sides = skew + rng.normal(0, 0.8, (2, metrics, 1))
    for one in compared(sides, better=better, replicates=200, alpha=alpha).values():
        low, high = one.interval
        dropped, risen = (high < 0, low > 0) if better else (low > 0, high < 0)
        assert low <= one.difference <= high
        assert (one.p_drop <= alpha) == dropped
        assert (one.p_gain <= alpha) == risen
        assert max(one.p_drop, one.p_gain) == 1.0
        assert 0 < min(one.p_drop, one.p_gain) <= 1
