import tracemalloc

import numpy as np
import pytest
from scipy import stats
from scipy.stats import bootstrap

from sambench.metrics.bootstrap import bootstrap_intervals, mean_ci95, resampling_weights, weighted_sums
from sambench.metrics.boundary.resampled import boundary_ci95
from sambench.metrics.boundary.scores import summarize_counts

THRESHOLDS = np.linspace(0.1, 0.9, 9)


def made_counts(n, seed=0):
    rng = np.random.default_rng(seed)
    true, skill = rng.integers(500, 2000, n), rng.uniform(0.3, 0.9, n)
    found = true[:, None] * np.clip(skill[:, None] * (1.3 - THRESHOLDS), 0, 1)
    predicted = found / np.clip(0.4 + 0.6 * THRESHOLDS * skill[:, None], 0, 1)
    columns = [found, np.broadcast_to(true[:, None], found.shape), found, predicted]
    return np.stack(columns, axis=-1).astype(np.int64)


def test_weights_are_resamples():
    weights = resampling_weights(30, replicates=400, seed=3)
    assert weights.shape == (400, 30)
    assert (weights.sum(axis=1) == 30).all()
    assert abs(weights.mean() - 1) < 1e-9
    # The number of times an image is drawn is binomial(30, 1/30).
    assert weights.var() == pytest.approx(29 / 30, rel=0.05)
    np.testing.assert_array_equal(weights, resampling_weights(30, replicates=400, seed=3))
    assert (weights != resampling_weights(30, replicates=400, seed=4)).any()


def test_mean_interval_agrees_with_students_and_scipys():
    values = np.random.default_rng(1).beta(6.0, 3.0, size=120)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=20000, rng=np.random.default_rng(2))
    low, high = mean_ci95(values, replicates=20000)
    # The hull of two intervals is a little wider than each; its ends are estimates from finitely many resamples.
    np.testing.assert_allclose((low, high), theirs.confidence_interval, atol=0.002)
    student = stats.ttest_1samp(values, 0).confidence_interval()
    assert (high - low) / (student.high - student.low) == pytest.approx(1.02, abs=0.03)


def test_weights_are_those_of_a_mean_over_objects():
    rng = np.random.default_rng(5)
    values, mass = rng.random(25), rng.integers(0, 5, 25)
    low, high = mean_ci95(values, mass)
    assert low < np.average(values, weights=mass) < high
    assert (low, high) != mean_ci95(values)


def test_too_few_images_give_no_interval_and_no_spread_no_width():
    values = np.array([0.2, 0.4, 0.5, 0.3, 0.6, 0.7, 0.1, 0.3, 0.8, 0.5])
    for n in range(10):
        assert np.isnan(mean_ci95(values[:n])).all()
    assert 0 < mean_ci95(values)[0] < mean_ci95(values)[1] < 1
    carried = np.array([1] * 9 + [0] * 9)  # eighteen images, of which nine have an object
    assert np.isnan(mean_ci95(np.linspace(0, 1, 18), carried)).all()
    assert mean_ci95(np.full(10, 0.4)) == pytest.approx((0.4, 0.4))
    assert np.isnan(mean_ci95(np.ones(10), np.zeros(10))).all()


def test_intervals_stay_where_the_metric_can_be():
    values = np.array([1.0] * 11 + [0.2])
    low, high = mean_ci95(values)
    assert 0 <= low < values.mean() < high <= 1
    assert mean_ci95(-values, bounds=(-1.0, 1.0))[0] == -1
    assert mean_ci95(values, bounds=(0.0, 9.0))[1] > 1


def test_strata_are_resampled_on_their_own_and_one_image_of_a_stratum_says_nothing():
    values = np.concatenate([np.linspace(0, 0.1, 10), np.linspace(0.9, 1, 10)])

    def mean(weights):
        return {"mean": weights @ values / weights.sum(axis=1)}

    apart = bootstrap_intervals(mean, ["a"] * 10 + ["b"] * 10)["mean"]
    together = bootstrap_intervals(mean, [""] * 20)["mean"]
    assert apart[1] - apart[0] < (together[1] - together[0]) / 5
    assert np.isnan(bootstrap_intervals(mean, ["a"] * 19 + ["b"])["mean"]).all()


def test_boundary_intervals_hold_the_score_and_repeat():
    counts = made_counts(60)
    scores, intervals = summarize_counts(counts, THRESHOLDS), boundary_ci95(counts, THRESHOLDS, replicates=300)
    for name, (low, high) in intervals.items():
        assert low < getattr(scores, name) < high
    assert intervals == boundary_ci95(counts, THRESHOLDS, replicates=300)


def test_sums_over_resamples_take_little_memory_and_are_the_plain_ones():
    weights = resampling_weights(300, replicates=200, seed=5)
    drawn = np.random.default_rng(5).multinomial(300, np.full(300, 1 / 300), size=200)
    assert (weights == drawn).all()
    values = np.random.default_rng(0).integers(0, 50, (300, 3))
    assert (weighted_sums(weights, values) == drawn @ values).all()
    assert weighted_sums(weights, values[:, :0]).shape == (200, 0)
    many = resampling_weights(20_000, replicates=150)
    tracemalloc.start()
    weighted_sums(many, np.ones((20_000, 2)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # a float64 copy of the weights would be 24 MB, of the 2,000 that runs draw 320 MB
