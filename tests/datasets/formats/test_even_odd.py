import numpy as np
import pytest

from sambench.datasets.formats.drawing import draw_segmentation
from sambench.datasets.formats.even_odd import fill_even_odd
from sambench.masks import rle


def filled(polygons, size):
    code, note = fill_even_odd([np.asarray(polygon, float) for polygon in polygons], size)
    return rle.decode_masks([code], size)[0], note


def drawn(mask):
    return ["".join(".#"[int(pixel)] for pixel in row) for row in mask]


def test_outlines_belong_to_the_mask_and_inner_polygons_are_holes():
    mask, note = filled([[(1, 1), (7, 1), (7, 6), (1, 6)], [(3.9, 2.2), (5.4, 2), (5, 5), (3, 5)]], (8, 9))
    assert note == ""
    assert drawn(mask) == [
        ".........",
        ".#######.",
        ".#######.",
        ".###.###.",
        ".###.###.",
        ".#######.",
        ".#######.",
        ".........",
    ]


def test_what_overhangs_is_cut_and_told():
    mask, note = filled([[(-5, -3), (2, -3), (2, 2), (-5, 2)]], (4, 6))
    assert drawn(mask) == ["###...", "###...", "###...", "......"]
    assert note == "it reaches 5 pixels over the image's border and is cut there"
    mask, _ = filled([[(10, 10), (12, 10), (12, 12)]], (4, 6))
    assert not mask.any()


def test_what_cannot_be_drawn_is_told():
    assert fill_even_odd([], (4, 6)) == (None, "it has no polygon")
    assert fill_even_odd([np.zeros((2, 2))], (4, 6)) == (None, "1 of its polygons have fewer than three points")
    assert fill_even_odd([np.full((3, 2), np.nan)], (4, 6))[1] == "a polygon holds numbers that are not finite"
    assert fill_even_odd([np.array([[0, 0], [1e9, 0], [0, 5]])], (4, 6)) == (None, "a polygon lies far off the image")


def test_pixels_equal_opencv():
    """Exactly, where corners lie in the image: both draw Bresenham's outline and the even-odd inside."""
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    for _ in range(300):
        polygons = [rng.uniform(0, 59, (rng.integers(3, 12), 2)) for _ in range(rng.integers(1, 4))]
        expected = np.zeros((60, 60), np.uint8)
        cv2.fillPoly(expected, [polygon.astype(np.int32) for polygon in polygons], 1)
        assert np.array_equal(filled(polygons, (60, 60))[0], expected > 0)


def test_segmentations_are_drawn_as_far_as_they_can_be():
    good, short = [1, 1, 4, 1, 4, 3, 1, 3], [1, 1, 2, 2]
    code, note = draw_segmentation([good, short], (6, 8))
    assert rle.areas([code])[0] == 6
    assert "three points" in note
    assert draw_segmentation([short], (6, 8))[0] is None
    assert draw_segmentation([], (6, 8)) == (None, "its segmentation is empty")
    assert draw_segmentation(None, (6, 8)) == (None, "its segmentation is empty")
    assert draw_segmentation([[*good[:-1], "x"]], (6, 8))[0] is None
    assert draw_segmentation({"size": [6, 8], "counts": [3]}, (6, 8)) == (None, "run lengths cover 3 pixels of 48")
    over = draw_segmentation([[5, 1, 9.5, 1, 9.5, 3, 5, 3]], (6, 8))
    assert rle.areas([over[0]])[0] == 6
    assert over[1] == "it reaches 1.5 pixels over the image's border and is cut there"
