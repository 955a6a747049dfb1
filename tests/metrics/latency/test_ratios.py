"""Two models timed in turn."""

import numpy as np
import pytest

from sambench.metrics.latency.ratios import StepRatio, step_ratios


def test_a_slower_candidate_is_told_and_equals_are_not():
    rng = np.random.default_rng(0)
    sizes = rng.uniform(1, 3, 12)  # images differ far more than the two models do
    base = [size * rng.normal(1, 0.01, 9) for size in sizes]
    slower = [1.2 * size * rng.normal(1, 0.01, 9) for size in sizes]
    equal = [size * rng.normal(1, 0.01, 9) for size in sizes]
    found = {one.step: one for one in step_ratios({"encode": (base, slower), "decode@1": (base, equal)})}
    assert found["encode"].ratio == pytest.approx(1.2, rel=0.02)
    assert (found["encode"].verdict, found["decode@1"].verdict) == ("slower", "cannot tell")
    low, high = found["encode"].interval
    assert low < 1.2 < high < 1.3


def test_few_images_cannot_tell():
    (one,) = step_ratios({"encode": ([np.ones(3)] * 5, [np.full(3, 2.0)] * 5)})
    assert (one.ratio, one.verdict) == (2, "cannot tell")


def test_verdicts():
    assert StepRatio("encode", 1, 0.5, 0.5, (0.4, 0.9), 9).verdict == "faster"
    assert StepRatio("encode", 1, 2, 2, (1.01, 3), 9).verdict == "slower"
