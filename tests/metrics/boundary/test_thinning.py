import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.morphology import thin as skimage_thin

from sambench.metrics.boundary.thinning import pack, set_bits, thin, unpack


def drawn(text):
    return np.array([[c == "#" for c in line] for line in text.split()])


def test_a_bar_three_pixels_thick_becomes_its_middle_line():
    bar = drawn("""
        .........
        .#######.
        .#######.
        .#######.
        .........""")
    middle = drawn("""
        .........
        .........
        ..#####..
        .........
        .........""")
    np.testing.assert_array_equal(thin(bar), middle)


def test_lines_of_one_pixel_stay():
    lines = drawn("""
        #....#...
        .#...#...
        ..#..#...
        ...#.#...
        .....#..#""")
    np.testing.assert_array_equal(thin(lines), lines)


def test_a_staircase_loses_its_corners():
    stairs = drawn("""
        ##...
        .##..
        ..##.
        ...##""")
    diagonal = drawn("""
        #....
        .#...
        ..#..
        ...##""")
    np.testing.assert_array_equal(thin(stairs), diagonal)


def test_a_ring_becomes_the_smallest_curve_around_its_hole():
    ring = drawn("""
        #####
        #####
        ##.##
        #####
        #####""")
    curve = drawn("""
        .....
        ..#..
        .#.#.
        ..#..
        .....""")
    np.testing.assert_array_equal(thin(ring), curve)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (3, 63), (3, 64), (3, 65), (3, 128), (7, 129)])
def test_full_maps_of_every_width_equal_skimage(shape):
    full = np.ones(shape, bool)
    np.testing.assert_array_equal(thin(full), skimage_thin(full))
    assert not thin(~full).any()


@pytest.mark.parametrize("density", np.linspace(0.1, 0.98, 12))
def test_equals_skimage_on_random_maps(density):
    rng = np.random.default_rng(int(density * 100))
    for _ in range(100):
        mask = rng.random(rng.integers(1, 100, 2)) < density
        np.testing.assert_array_equal(thin(mask), skimage_thin(mask))


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_equals_skimage_on_small_maps(mask):
    np.testing.assert_array_equal(thin(mask), skimage_thin(mask))


@given(arrays(bool, st.tuples(st.integers(1, 5), st.integers(1, 140)), elements=st.booleans()))
def test_packing_keeps_every_pixel(mask):
    np.testing.assert_array_equal(unpack(pack(mask), mask.shape[1]), mask)
    np.testing.assert_array_equal(set_bits(pack(mask), mask.shape[1]), np.flatnonzero(mask))
