import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.masks.regions import drop_small_islands, fill_small_holes


def picture(text):
    return np.array([[cell == "#" for cell in row] for row in text.split()])


def test_a_small_hole_is_filled_and_a_large_one_stays():
    mask = picture("######## #.###..# #.###..# ########")
    filled, changed = fill_small_holes(mask, 3)
    assert changed
    np.testing.assert_array_equal(filled, picture("######## #####..# #####..# ########"))
    assert fill_small_holes(mask, 2) == (mask, False)


def test_holes_join_across_corners_and_the_border_counts():
    assert not fill_small_holes(picture("#### #.## ##.# ####"), 2)[1]
    np.testing.assert_array_equal(fill_small_holes(picture(".### #### ####"), 2)[0], np.ones((3, 4), bool))


def test_islands_join_across_corners():
    mask = picture("#....# .#.... ......")
    cleaned, changed = drop_small_islands(mask, 2)
    assert changed
    np.testing.assert_array_equal(cleaned, picture("#..... .#.... ......"))


def test_the_largest_of_small_islands_stays_or_goes_by_rule():
    mask = picture("##...# ......")
    np.testing.assert_array_equal(drop_small_islands(mask, 9)[0], picture("##.... ......"))
    assert not drop_small_islands(mask, 9, keep_largest=False)[0].any()


def test_an_empty_mask_is_left_alone():
    empty = np.zeros((3, 3), bool)
    assert drop_small_islands(empty, 9) == (empty, False)


def by_opencv(mask, min_area, holes):
    cv2 = pytest.importorskip("cv2")
    _, regions, stats, _ = cv2.connectedComponentsWithStats((mask ^ holes).astype(np.uint8), connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    small = np.flatnonzero(sizes < min_area) + 1
    if len(small) == 0:
        return mask
    if holes:
        return mask | np.isin(regions, small)
    large = np.setdiff1d(np.arange(1, len(sizes) + 1), small)
    return np.isin(regions, large if len(large) else [sizes.argmax() + 1])


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 13), st.integers(1, 13), st.floats(0.1, 0.9), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_equals_opencv_ties_included(height, width, density, min_area, seed):
    mask = np.random.default_rng(seed).random((height, width)) < density
    np.testing.assert_array_equal(fill_small_holes(mask, min_area)[0], by_opencv(mask, min_area, True))
    np.testing.assert_array_equal(drop_small_islands(mask, min_area)[0], by_opencv(mask, min_area, False))
