"""Percentiles of repeats, the law of decoding, and what many prompts of one image save."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sambench.metrics.latency.times import amortisation, savings, weighted_percentiles

SECONDS = st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=6), min_size=1, max_size=5)


def test_percentiles_by_hand():
    seconds = [np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0])]
    weights = np.array([[1, 1], [1, 0], [0, 1], [2, 1], [0, 0]])
    # Half of the weight lies on the second image alone where both count once: 4 is the first time that reaches it.
    assert weighted_percentiles(seconds, weights, 50).tolist()[:4] == [4, 2, 10, 3]
    assert np.isnan(weighted_percentiles(seconds, weights, 50)[4])
    assert weighted_percentiles(seconds, weights, 99).tolist()[:4] == [10, 4, 10, 10]


@given(SECONDS, st.sampled_from([1, 25, 50, 90, 99]), st.integers(0, 5))
def test_percentiles_are_those_of_the_images_repeated(seconds, percent, seed):
    weights = np.random.default_rng(seed).integers(0, 4, (3, len(seconds)))
    found = weighted_percentiles([np.array(own, np.float64) for own in seconds], weights, percent)
    for one, held in zip(found, weights, strict=True):
        # Each image's repeats are written out as often as its weight says, 60 times over so that all count alike.
        flat = [t for own, w in zip(seconds, held, strict=True) for t in own for _ in range(w * 60 // len(own))]
        if not flat:
            assert np.isnan(one)
        else:
            assert one == np.percentile(flat, percent, method="inverted_cdf")


@given(st.floats(0.001, 1), st.floats(0.0001, 0.1))
def test_the_law_of_exact_times_is_found(call, prompt):
    prompts = [1, 4, 16, 64, 256]
    found = amortisation(prompts, np.array([[call + prompt * k for k in prompts]]))
    assert found[0][0] == pytest.approx(call, rel=1e-6)
    assert found[1][0] == pytest.approx(prompt, rel=1e-6)


def test_savings_by_hand():
    found = savings(np.array([0.4]), {1: np.array([0.1]), 16: np.array([0.6])})
    assert {k: own.tolist() for k, own in found.items()} == {16: [16 * 0.5 / 1.0]}
