"""Strings of many masks expanded at once, against the expansion of each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sambench.masks import rle
from sambench.masks.run_lengths.strings import runs_of_strings


@given(st.lists(st.integers(0, 2**32 - 1), max_size=6), st.integers(1, 40), st.integers(1, 40))
def test_equals_the_expansion_of_each(seeds, height, width):
    masks = [np.random.default_rng(seed).random((height, width)) < 0.3 for seed in seeds]
    strings = [code["counts"] for code in rle.encode_masks(np.array(masks).reshape(-1, height, width))]
    counts, lengths = runs_of_strings(strings)
    expected = [rle.run_lengths(string) for string in strings]
    assert lengths.tolist() == [len(one) for one in expected]
    assert counts.dtype == np.int32
    assert counts.tolist() == [count for one in expected for count in one.tolist()]


def test_a_long_number_and_an_empty_string():
    code = rle.empty((3000, 5000))["counts"]
    counts, lengths = runs_of_strings([b"", code])
    assert counts.tolist() == [15_000_000]
    assert lengths.tolist() == [0, 1]


@pytest.mark.parametrize("string", [b"o", b"\x01", b"p", b"oooooooooo0", b"5oooooo3"])
def test_damaged_strings_are_refused(string):
    with pytest.raises(ValueError, match="damaged"):
        runs_of_strings([b"52203", string])
