import numpy as np
import pytest
from scipy import stats

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.simultaneous import Pair, compare_all, pair_differences, pair_name, within_bounds
from sambench.metrics.uncertainty.spread import spread_of_units


def compared(values, draws, support, units=None, **options):
    """Compare runs whose images are of one kind."""
    metrics, drawn = list(values[0]), len(next(iter(draws[0].values())))
    carried = {metric: min(own[metric] for own in support) for metric in metrics}
    spreads = {
        pair_name(metric, first, second): spread_of_units(units or carried[metric], drawn)
        for metric in metrics
        for first in range(len(values))
        for second in range(first + 1, len(values))
    }
    return compare_all(values, draws, spreads, support, **options)


def means(values, weights):
    return weights @ values / weights.sum(axis=1)


def test_one_pair_by_hand():
    # 2,001 normal draws of the difference, of ten images: t(.975, 9) standard errors, each sqrt(10 / 9) of the draws'
    # deviation, either way
    drawn = 2 + stats.norm.ppf((np.arange(2001) + 0.5) / 2001)
    draws = [{"m": drawn}, {"m": np.zeros(2001)}]
    (pair,) = compared([{"m": 3.0}, {"m": 1.0}], draws, [{"m": 10}, {"m": 12}])
    reach = stats.t.isf(0.025, 9) * (10 / 9) ** 0.5
    assert pair.difference == 2.0
    assert pair.interval == pytest.approx((2 - reach, 2 + reach), abs=0.05)
    assert pair.support == 10
    assert pair.p == pytest.approx(2 * stats.t.sf(2 / (10 / 9) ** 0.5, 9), rel=0.03)


def test_differences_are_of_the_first_less_the_second():
    found = pair_differences([{"m": np.array([0.5])}, {"m": np.array([0.3])}, {"m": np.array([0.3 + 1e-15])}], ["m"])
    assert found == {"0 1 m": pytest.approx([0.2]), "0 2 m": pytest.approx([0.2]), "1 2 m": np.zeros(1)}


def test_a_family_of_more_pairs_and_metrics_has_wider_intervals():
    rng = np.random.default_rng(0)
    draws = [{name: rng.normal(0.5, 0.1, 2000) for name in "abcd"} for _ in range(4)]
    values, support = [dict.fromkeys("abcd", 0.5)] * 4, [dict.fromkeys("abcd", 500)] * 4
    wide = compared(values, draws, support)
    narrow = compared([{"a": 0.5}] * 2, [{"a": own["a"]} for own in draws[:2]], [{"a": 500}] * 2)
    assert len(wide) == 4 * 6
    assert len(narrow) == 1
    same = next(one for one in wide if one.metric == "a" and (one.first, one.second) == (0, 1))
    assert same.interval[1] > 1.3 * narrow[0].interval[1]
    assert narrow[0].interval[1] == pytest.approx(1.96 * 0.1 * 2**0.5, rel=0.08)


def test_what_few_images_carry_has_no_interval_and_costs_the_others_nothing():
    rng = np.random.default_rng(0)
    draws = [{name: rng.normal(size=500) for name in "ab"} for _ in range(2)]
    values = [{"a": 0.9, "b": 0.5}, {"a": 0.1, "b": 0.4}]
    few, other = compared(values, draws, [{"a": 5, "b": 50}, {"a": 50, "b": 50}])
    assert np.isnan([*few.interval, few.p]).all()
    assert few.support == 5
    (alone,) = compared([{"b": 0.5}, {"b": 0.4}], [{"b": own["b"]} for own in draws], [{"b": 50}] * 2)
    assert other == alone
    sets = compared(values, draws, [{"a": 50, "b": 50}] * 2, units=4)  # enough images, too few in their data sets
    assert np.isnan([one.p for one in sets]).all()


def test_equal_and_undefined_values():
    draws = [{"m": np.full(100, 0.5)}] * 2
    support = [{"m": 50}] * 2
    (same,) = compared([{"m": 0.5}] * 2, draws, support)
    assert (same.difference, same.interval, same.p) == (0.0, (0.0, 0.0), 1.0)
    (undefined,) = compared([{"m": 0.5}, {"m": np.nan}], draws, support)
    assert np.isnan([undefined.difference, *undefined.interval, undefined.p]).all()
    gaps = {"m": np.where(np.arange(100) < 50, np.nan, np.linspace(0, 1, 100))}
    (partly,) = compared([{"m": 0.9}, {"m": 0.5}], [gaps, draws[0]], support)
    assert np.isfinite(partly.interval).all()


def test_three_equal_runs_are_rarely_told_apart():
    """Of 300 sets of three equal runs, 5 % (binomial 99.9 % range: 1.3 to 10 %) may tell any pair apart."""
    rng = np.random.default_rng(1)
    weights = resampling_weights(60, 400)
    alarms = 0
    for _ in range(300):
        images = rng.normal(0.6, 0.2, 60)
        runs = [{name: images + rng.normal(0, 0.1, 60) for name in ("a", "b")} for _ in range(3)]
        values = [{name: float(own.mean()) for name, own in run.items()} for run in runs]
        draws = [{name: means(own, weights) for name, own in run.items()} for run in runs]
        pairs = compared(values, draws, [{"a": 60, "b": 60}] * 3)
        alarms += any(one.interval[0] > 0 or one.interval[1] < 0 for one in pairs)
    assert 0.01 * 300 <= alarms <= 0.10 * 300


def test_p_and_interval_say_the_same():
    rng = np.random.default_rng(2)
    weights = resampling_weights(40, 999)
    for shift in np.linspace(0, 0.15, 16):
        runs = [rng.normal(0.5 + shift * place, 0.1, 40) for place in range(3)]
        values, draws = [{"m": float(run.mean())} for run in runs], [{"m": means(run, weights)} for run in runs]
        for one in compared(values, draws, [{"m": 40}] * 3):
            assert (one.p <= 0.05) == (one.interval[0] > 0 or one.interval[1] < 0)


def test_intervals_stay_within_what_two_values_can_differ_by():
    pair = Pair("m", 0, 1, 0.6, (-0.5, 1.7), 0.4, 8)
    assert within_bounds(pair, (0, 1)).interval == (-0.5, 1.0)
    assert within_bounds(pair, (0.1, 0.5)).interval == (-0.4, 0.4)
    assert within_bounds(pair, (0, float("inf"))) == pair
