"""Calibration of predicted quality: by hand, and against plain computations and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from sambench.metrics.calibration import calibration_draws, reliability, risk_by_coverage


def figures(confidence, quality):
    image = np.arange(len(confidence))
    found = calibration_draws(confidence, quality, image, np.ones((1, len(image)), np.int64))
    return {name: float(one[0]) for name, one in found.items()}


def test_three_masks_by_hand():
    confidence, quality = np.array([0.9, 0.95, 0.2]), np.array([1.0, 0.5, 0.0])
    found = figures(confidence, quality)
    # Bin .9 to 1: .925 against .75; bin .2 to .3: .2 against 0.
    assert found["ECE"] == pytest.approx((2 * 0.175 + 0.2) / 3)
    # The most confident lacks .5; the best two .25 in the mean; all .5.
    assert found["AURC"] == pytest.approx((0.5 + 0.25 + 0.5) / 3)
    assert found["rank"] == pytest.approx(0.5)
    assert reliability(confidence, quality) == [
        (pytest.approx(0.2), 0.0, 1),
        (pytest.approx(0.925), pytest.approx(0.75), 2),
    ]
    coverage, risk = risk_by_coverage(confidence, quality)
    assert coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk == pytest.approx([0.5, 0.25, 0.5])


def plain(confidence, quality):
    """The three figures in ten lines."""
    ece = 0.0
    for low in range(10):
        inside = [i for i, c in enumerate(confidence) if min(max(int(c * 10), 0), 9) == low]
        ece += abs(sum(confidence[i] - quality[i] for i in inside)) / len(confidence)
    risks = []
    for value in confidence:
        kept = [1 - q for c, q in zip(confidence, quality, strict=True) if c >= value]
        risks.append(sum(kept) / len(kept))
    return {"ECE": ece, "AURC": sum(risks) / len(risks), "rank": float(spearmanr(confidence, quality).statistic)}


@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.sampled_from([3, 7, 1000]))
@settings(deadline=None)
def test_equals_a_plain_computation_with_and_without_ties(seed, count, levels):
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, levels + 1, count) / levels * 1.1 - 0.05
    quality = rng.integers(0, levels + 1, count) / levels
    if len(set(confidence)) < 2 or len(set(quality)) < 2:
        return
    assert figures(confidence, quality) == {
        name: pytest.approx(value, abs=1e-10) for name, value in plain(confidence, quality).items()
    }  # sums in another order


def test_a_resample_is_what_it_holds():
    rng = np.random.default_rng(1)
    confidence, quality, image = rng.random(30), rng.random(30), np.repeat(np.arange(6), 5)
    weights = np.array([[2, 0, 1, 1, 0, 2], [0, 6, 0, 0, 0, 0]])
    found = calibration_draws(confidence, quality, image, weights)
    for draw, own in enumerate(weights):
        items = np.repeat(np.arange(30), own[image])
        expected = plain(confidence[items].tolist(), quality[items].tolist())
        assert {name: one[draw] for name, one in found.items()} == {
            name: pytest.approx(value, abs=1e-10) for name, value in expected.items()
        }


def test_nothing_and_one_value_are_undefined():
    found = calibration_draws(np.array([0.5, 0.5]), np.array([0.1, 0.9]), np.array([0, 0]), np.array([[1], [0]]))
    assert np.isnan(found["rank"]).all()
    assert found["ECE"][0] == pytest.approx(0)
    assert np.isnan(found["ECE"][1])
