"""Sets of numbers as bits: every number is found again, and none besides."""

import numpy as np

from sambench.metrics.boundary.bits import next_bit, set_bit


def test_next_bit_walks_a_set_in_order():
    rng = np.random.default_rng(0)
    kept = sorted({0, 63, 64, 127, 191, *rng.choice(256, 40).tolist()})
    words = np.zeros(4, np.uint64)
    for number in (*kept, 5, 255):
        set_bit(words, number, True)
    for number in {5, 255} - set(kept):
        set_bit(words, number, False)
    found, at = [], next_bit(words, 0)
    while at < 256:
        found.append(at)
        at = next_bit(words, at + 1)
    assert found == kept
    assert [next_bit(words, n) for n in range(64)] == [min(k for k in kept if k >= n) for n in range(64)]


def test_each_of_64_bits_is_found_alone():
    for number in range(64):
        words = np.zeros(2, np.uint64)
        set_bit(words, 64 + number, True)
        assert next_bit(words, 0) == 64 + number
        set_bit(words, 64 + number, False)
        assert next_bit(words, 0) == 128
