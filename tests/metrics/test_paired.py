import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired, expanded_interval, step_down


def compared(scores, **options):
    """Compare two columns of per-image scores by their means."""
    weights = resampling_weights(len(scores), 2000) / len(scores)
    values = [{"m": float(side.mean())} for side in scores.T]
    draws = [{"m": weights @ side} for side in scores.T]
    return compare_paired(*values, *draws, {"m": options.pop("better", True)}, **options)["m"]


def test_a_mean_is_judged_as_a_t_test_judges_it():
    rng = np.random.default_rng(3)
    before = rng.normal(size=200)
    scores = np.stack([before, before - 0.03 + 0.3 * rng.normal(size=200)], 1)
    found = compared(scores, samples=200)
    paired = stats.ttest_rel(scores[:, 1], scores[:, 0], alternative="less")
    assert found.p_drop == pytest.approx(paired.pvalue, abs=0.02)  # 2,000 resamples
    assert found.p_corrected == found.p_drop
    assert found.se == pytest.approx(stats.sem(scores[:, 1] - scores[:, 0]), rel=0.05)
    low, high = stats.ttest_rel(scores[:, 1], scores[:, 0]).confidence_interval()
    assert found.ci95 == pytest.approx((low, high), abs=0.15 * (high - low))
    # 1.960 and 0.842: normal quantiles of 97.5 %, the interval's end, and 80 %
    assert found.mde == pytest.approx((1.960 + 0.842) * found.se, rel=0.08)


def test_step_down_by_hand():
    null = np.array([[0.0, 1.0, 2.0, -1.0], [3.0, 0.0, 0.5, -2.0]])
    # 2.5: reached by the maxima 3, 1, 2, -1 once; then 1.5 by the second row alone, once, but never below the first's
    np.testing.assert_allclose(step_down(np.array([1.5, 2.5]), null), [2 / 5, 2 / 5])
    np.testing.assert_allclose(step_down(np.array([1.5, np.nan]), null), [2 / 5, 1])


def test_nothing_changed_is_never_significant():
    found = compared(np.repeat(np.arange(20.0)[:, None], 2, 1), samples=20)
    assert (found.difference, found.p_drop, found.p_corrected, found.p_gain_corrected) == (0, 1, 1, 1)
    assert (found.se, found.mde, found.ci95) == (0, 0, (0, 0))


def test_the_same_drop_everywhere_is_beyond_chance():
    scores = np.stack([np.full(20, 0.5), np.full(20, 0.4)], 1)
    assert compared(scores, samples=20).p_corrected == pytest.approx(1 / 2001)
    assert compared(scores, samples=20, better=False).p_corrected == 1


def test_what_is_undefined_is_no_drop():
    values, draws = {"m": float("nan")}, {"m": np.full(10, np.nan)}
    found = compare_paired(values, values, draws, draws, {"m": True})["m"]
    assert (found.p_drop, found.p_corrected) == (1, 1)
    assert np.isnan(found.ci95).all()


def test_a_margin_raises_what_can_be_detected():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(100, 2))
    plain = compared(scores)
    options = {"margins": {"m": 1.0}}
    assert compared(scores, **options).mde == pytest.approx(1 + 0.842 * plain.se, rel=0.05)


def test_correction_costs_nothing_for_one_metric_told_twice():
    rng = np.random.default_rng(1)
    draws = rng.normal(size=2000)
    values = [{"a": 0.0, "b": 0.0}, {"a": -2.0, "b": -2.0}]
    both = compare_paired(*values, {"a": 0 * draws, "b": 0 * draws}, {"a": draws, "b": draws}, {"a": True, "b": True})
    assert both["a"].p_corrected == both["a"].p_drop == both["b"].p_corrected


def test_intervals_widen_for_few_images():
    draws = np.random.default_rng(0).normal(size=100_000)
    low, high = expanded_interval(draws, 10)
    wanted = (10 / 9) ** 0.5 * stats.t.isf(0.025, 9)
    assert (low, high) == pytest.approx((-wanted, wanted), rel=0.03)
    assert expanded_interval(draws, None) == pytest.approx((-1.96, 1.96), rel=0.02)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(0, 1000))
def test_correction_never_helps_and_keeps_the_order(metrics, seed):
    rng = np.random.default_rng(seed)
    null = rng.normal(size=(metrics, 50)) + rng.normal(size=50)
    observed = rng.normal(size=metrics)
    corrected = step_down(observed, null)
    alone = np.array([(1 + (own >= value - 1e-9).sum()) / 51 for own, value in zip(null, observed, strict=True)])
    assert (corrected >= alone).all()
    assert (np.diff(corrected[np.argsort(-observed)]) >= 0).all()
    assert ((corrected > 0) & (corrected <= 1)).all()
