"""Calibration of presence: by hand, and against a plain computation."""

import numpy as np
import pytest

from sambench.metrics.calibration import reliability
from sambench.metrics.concepts.presence import calibration_of_sums, presence_sums


def test_two_bins_by_hand():
    confidence, present = np.array([0.9, 0.95, 0.1]), np.array([True, False, False])
    found = calibration_of_sums(presence_sums(confidence, present).sum(axis=0, keepdims=True))
    # Bin .9 to 1: confidence .925 of which half is there; bin .1 to .2: .1, none there.
    assert found["presence_ECE"].tolist() == [pytest.approx((2 * 0.425 + 0.1) / 3)]
    assert found["presence_Brier"].tolist() == [pytest.approx((0.01 + 0.9025 + 0.01) / 3)]
    assert reliability(confidence, present) == [(0.1, 0.0, 1), (pytest.approx(0.925), 0.5, 2)]


def test_equals_a_plain_computation():
    rng = np.random.default_rng(0)
    confidence, present = rng.random(500), rng.random(500) < 0.4
    expected = 0.0
    for low in range(10):
        inside = (confidence >= low / 10) & (confidence < (low + 1) / 10)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - present[inside].mean())
    found = calibration_of_sums(presence_sums(confidence, present).sum(axis=0, keepdims=True))
    assert found["presence_ECE"][0] == pytest.approx(expected, abs=1e-12)  # the order of adding up
    assert found["presence_Brier"][0] == pytest.approx(np.mean((confidence - present) ** 2), abs=1e-12)


def test_no_pair_is_no_figure_and_one_is_in_the_last_bin():
    assert np.isnan(calibration_of_sums(np.zeros((1, 31)))["presence_ECE"][0])
    assert reliability(np.array([1.0]), np.array([True])) == [(1.0, 1.0, 1)]
