"""Boxes beside masks as left, top, width, height; as corners; with x and y swapped; and somewhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sambench.datasets.formats.box_readings import box_reading, reading_message

DRAWN = np.array([[10.0, 30.0, 20.0, 40.0], [50.0, 5.0, 9.0, 12.0], [0.0, 60.0, 80.0, 10.0]])
SIZES = np.array([[100, 120]] * 3)


def test_the_three_ways_of_writing_a_box_are_told_apart():
    corners = np.concatenate([DRAWN[:, :2], DRAWN[:, :2] + DRAWN[:, 2:]], axis=1)
    assert box_reading(DRAWN, DRAWN, SIZES) == "fits"
    assert box_reading(corners, DRAWN, SIZES) == "corners"
    assert box_reading(DRAWN[:, [1, 0, 3, 2]], DRAWN, SIZES) == "swapped"
    assert box_reading(DRAWN + np.array([60, 20, 0, 0]), DRAWN, SIZES) == "differs"
    assert box_reading(DRAWN[:0], DRAWN[:0], SIZES[:0]) == "fits"


def test_a_mask_that_is_cut_at_its_image_still_shows_that_x_and_y_are_swapped():
    stated, drawn = np.array([[15.0, 70.0, 35.0, 40.0]]), np.array([[70.0, 15.0, 30.0, 35.0]])
    assert box_reading(stated, drawn, np.array([[80, 100]])) == "swapped"


@given(st.lists(st.floats(-0.04, 0.04), min_size=12, max_size=12))
def test_boxes_that_are_a_little_off_fit(noise):
    off = np.array(noise).reshape(3, 4) * DRAWN[:, [2, 3, 2, 3]]
    assert box_reading(DRAWN + off, DRAWN, SIZES) == "fits"


def test_what_is_told_names_the_mend():
    assert reading_message("fits", 3) == ""
    assert reading_message("corners", 3).endswith("write [left, top, width, height]")
    assert reading_message("swapped", 3).endswith("write x before y in both")
    assert reading_message("differs", 3).startswith("of 3 objects looked at")
