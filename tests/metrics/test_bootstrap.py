import tracemalloc

import numpy as np
import pytest
from scipy.stats import bootstrap

from sambench.metrics.bootstrap import (
    boundary_ci95,
    mean_ci95,
    percentile_interval,
    resampling_weights,
    statistic_ci95,
    weighted_sums,
)
from sambench.metrics.boundary_scores import summarize_counts

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


def test_mean_interval_agrees_with_scipys():
    values = np.random.default_rng(1).gamma(2.0, size=120)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=20000, rng=np.random.default_rng(2))
    # Both ends are estimates from finitely many resamples; their spread at this size is below a hundredth.
    np.testing.assert_allclose(mean_ci95(values, replicates=20000), theirs.confidence_interval, atol=0.02)


def test_weighted_mean_interval_equals_the_statistic_written_out():
    rng = np.random.default_rng(5)
    values, mass = rng.random(25), rng.integers(0, 5, 25)
    written_out = statistic_ci95(25, lambda times: np.average(values, weights=times * mass))
    np.testing.assert_allclose(mean_ci95(values, mass), written_out)


def test_no_spread_gives_no_width_and_undefined_replicates_are_left_out():
    assert mean_ci95(np.full(9, 0.4)) == pytest.approx((0.4, 0.4))
    assert percentile_interval(np.array([np.nan, 1.0, np.nan])) == (1.0, 1.0)
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()
    assert np.isnan(mean_ci95(np.ones(3), np.zeros(3))).all()


def test_boundary_intervals_equal_scores_of_resampled_images():
    counts = made_counts(12)
    intervals = boundary_ci95(counts, THRESHOLDS, replicates=60, seed=7)
    resampled = [
        summarize_counts(np.repeat(counts, times, axis=0), THRESHOLDS) for times in resampling_weights(12, 60, seed=7)
    ]
    for name, interval in intervals.items():
        expected = percentile_interval(np.array([getattr(scores, name) for scores in resampled]))
        np.testing.assert_allclose(interval, expected, rtol=1e-12)
    assert set(intervals) == {"ods", "ois", "ap", "r50"}


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
