"""Strings of many masks expanded and written at once, against the expansion of each and pycocotools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from sambench.masks import rle
from sambench.masks.run_lengths.strings import runs_of_strings, strings_of_runs


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


@given(st.data(), st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=8), max_size=5))
def test_strings_are_those_of_pycocotools(data, masks):
    lengths, numbers = np.array([len(one) for one in masks], np.int64), [count for one in masks for count in one]
    chosen = data.draw(st.lists(st.integers(0, len(masks) - 1), max_size=6)) if masks else []
    written = strings_of_runs(np.array(numbers, np.int32), lengths, np.array(chosen, np.int64))
    expected = [coco_mask.frPyObjects({"size": [1, 1], "counts": masks[i]}, 1, 1)["counts"] for i in chosen]
    assert written == expected


def test_a_string_worked_by_hand():
    counts, lengths = np.array([9, 0, 5, 2, 37, 1], np.int32), np.array([1, 5])
    # 0, 5 and 2 as they are; 37 - 5 is five zero bits, of which more come, and 1; 1 - 2 is all ones
    assert strings_of_runs(counts, lengths, np.array([1])) == [b"052P1O"]


@pytest.mark.parametrize("string", [b"o", b"\x01", b"p", b"oooooooooo0", b"5oooooo3"])
def test_damaged_strings_are_refused(string):
    with pytest.raises(ValueError, match="damaged"):
        runs_of_strings([b"52203", string])
