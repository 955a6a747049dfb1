import numpy as np
import pytest
from PIL import Image

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.edges.bsds500 import CARD
from sambench.datasets.images.files import read_image
from sambench.datasets.reading import list_files
from sambench.errors import DatasetError


def read(path):
    return read_image(Picture(path, lambda: (3, 4)), CARD, ImageRules())


def test_grey_image_becomes_rgb(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(read(tmp_path / "grey.png"), np.repeat(pixels[..., None], 3, axis=2))


def test_an_image_of_floats_is_refused_rather_than_clipped(tmp_path):
    Image.fromarray(np.full((3, 4), 0.5, np.float32)).save(tmp_path / "deep.tif")
    with pytest.raises(DatasetError, match="mode F; whole numbers of 8 or 16 bits"):
        read(tmp_path / "deep.tif")


def test_files_are_listed_by_name_without_hidden_ones(tmp_path):
    for name in ("b.JPG", "a.jpg", "._a.jpg", "c.txt", ".d.jpg"):
        (tmp_path / name).touch()
    assert list(list_files(tmp_path, (".jpg",))) == ["a", "b"]
