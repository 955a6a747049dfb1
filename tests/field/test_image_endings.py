"""Images of every ending that people have are found and read, whatever the case of its letters."""

import numpy as np
import pytest
from PIL import Image

from sambench.datasets.own.reader import own


@pytest.mark.parametrize("ending", ["png", "PNG", "bmp", "tif", "TIFF", "webp", "WebP"])
def test_an_image_of_each_lossless_ending_is_read(tmp_path, ending):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    ids = np.zeros((12, 16), np.uint8)
    ids[2:5, 3:9] = 1
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    Image.fromarray(pixels).save(
        tmp_path / f"images/a.{ending}", **({"lossless": True} if "w" in ending.lower() else {})
    )
    Image.fromarray(ids).save(tmp_path / "labels/a.png")
    sample = own(tmp_path).load("a")
    assert np.array_equal(sample.image, pixels)
    assert [one.area for one in sample.target.annotations] == [18]
