import numpy as np
import pytest
from PIL import Image

from sambench.drawing.pictures.overlay import draw_matches, match_picture
from sambench.types import BoundaryTruth, Sample

WHITE = np.full((30, 40, 3), 255, np.uint8)


def column(x, rows=slice(5, 25)):
    line = np.zeros((30, 40), bool)
    line[rows, x] = True
    return line


def test_right_false_and_missed_pixels_by_hand():
    """A line beside the truth is right, one far away false, a line one of two annotators drew is half missed."""
    strength = 0.6 * column(10) + 0.9 * column(30) + 0.2 * column(36)
    picture = draw_matches(WHITE, strength, [column(11), column(11) | column(20)], 0.5, 0.03)
    assert picture[15, 10].tolist() == [0, 178, 0]
    assert picture[15, 11].tolist() == [0, 178, 0]  # lines are two pixels wide
    assert picture[15, 30].tolist() == [77, 128, 255]
    assert picture[15, 20].tolist() == [255, 128, 128]
    assert picture[15, 36].tolist() == [255, 255, 255]
    assert picture.shape == WHITE.shape


def test_pixels_nobody_matches_are_fully_red_and_the_image_shows_through():
    picture = draw_matches(np.zeros_like(WHITE), np.zeros((30, 40)), [column(20)], 0.5, 0.01)
    assert picture[15, 20].tolist() == [190, 0, 0]
    assert picture[0, 0].tolist() == [190, 190, 190]


@pytest.mark.parametrize("kind", ["map", "segs"])
def test_the_best_threshold_is_drawn(tmp_path, kind):
    sample = Sample("test/1", WHITE, BoundaryTruth([], [column(10)]))
    good = np.where(np.arange(40) > 10, 2, 1) * np.ones((30, 1), int)
    prediction = (
        [np.ones_like(good), good] if kind == "segs" else (230 * column(30) + 240 * column(10)).astype(np.uint8)
    )
    path = match_picture(sample, prediction, tmp_path, 99, 0.01, True)
    assert path == tmp_path / "test/1_matches.png"
    picture = np.asarray(Image.open(path))
    assert picture[15, 10].tolist() == [0, 178, 0]
    assert picture[15, 30].tolist() == [255, 255, 255]
