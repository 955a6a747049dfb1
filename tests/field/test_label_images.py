"""Label images in every format that keeps their values are read; those that round them are refused with the reason."""

import numpy as np
import pytest
from PIL import Image

from sambench.config.image_rules import ImageRules
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.masks import rle

IDS = np.zeros((12, 16), np.uint8)
IDS[2:5, 3:9] = 7
IDS[8:10, 0:2] = 200
"""Objects of 18 and 4 pixels."""

GREY = Image.fromarray(IDS)
COLOURS = Image.fromarray(np.stack([IDS, 0 * IDS, IDS // 2], 2))
TWO_VALUES = Image.fromarray(IDS > 0)


def areas(folder, image, name, **options):
    for inner in ("images", "labels"):
        (folder / inner).mkdir(exist_ok=True)
    Image.new("RGB", (16, 12)).save(folder / "images/a.png")
    image.save(folder / "labels" / name, **options)
    return [one.area for one in own(folder).load("a").target.annotations]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.tif", {}),
        ("a.TIFF", {"compression": "tiff_lzw"}),
        ("a.bmp", {}),
        ("a.gif", {}),
        ("a.webp", {"lossless": True}),
        ("a.webp", {"lossless": True, "icc_profile": b"x" * 9}),  # a file of the longer form
    ],
)
@pytest.mark.parametrize("image", [GREY, COLOURS])
def test_formats_that_keep_values_are_read(tmp_path, image, name, options):
    assert areas(tmp_path, image, name, **options) == [18, 4]


def test_ids_of_16_bits_are_not_scaled(tmp_path):
    many = (IDS + 1000 * (IDS == 7)).astype(np.uint16)
    assert areas(tmp_path, Image.fromarray(many), "a.tif") == [4, 18]  # 200 and 1007
    assert areas(tmp_path, TWO_VALUES, "a.tif") == [22]


def test_a_gif_whose_palette_begins_with_white_keeps_its_black_background(tmp_path):
    image = Image.fromarray((IDS == 0).astype(np.uint8)).convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])  # an object is number 0, white
    assert areas(tmp_path, image, "a.gif", optimize=False) == [22]


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("a.webp", {"quality": 100}, "lossy WebP"),
        ("a.webp", {"quality": 100, "icc_profile": b"x" * 9}, "lossy WebP"),
        ("a.tif", {"compression": "jpeg"}, "TIFF of jpeg compression"),
        ("a.png", {"format": "JPEG"}, "JPEG"),
    ],
)
def test_formats_that_round_values_are_refused(tmp_path, name, options, why):
    with pytest.raises(DatasetError, match=f"id image is {why}, which changes values") as error:
        areas(tmp_path, GREY.convert("RGB"), name, **options)
    assert name in str(error.value.where)
    assert "PNG" in error.value.mend


@pytest.mark.parametrize(
    ("name", "options"), [("a.gif", {}), ("a.png", {}), ("a.tif", {}), ("a.webp", {"lossless": True})]
)
def test_several_frames_of_ids_are_refused(tmp_path, name, options):
    other = Image.fromarray(255 - IDS)
    with pytest.raises(DatasetError, match="id image has several frames or pages"):
        areas(tmp_path, GREY, name, save_all=True, append_images=[other], **options)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG"])
def test_a_folder_of_jpeg_files_is_refused_with_the_reason(tmp_path, name):
    with pytest.raises(DatasetError, match="label images are JPEG, which changes values"):
        areas(tmp_path, GREY, name)


@pytest.mark.parametrize("values", [IDS, IDS.astype(np.uint16) * 9])
def test_values_that_count_from_white_are_refused(tmp_path, values):
    with pytest.raises(DatasetError, match="zero is white") as caught:
        areas(tmp_path, Image.fromarray(values), "a.tif", tiffinfo={262: 0})
    assert caught.value.where == str(tmp_path / "labels/a.tif")
    assert "whose zero is black" in caught.value.mend


def test_two_values_that_count_from_white_are_read_as_they_look(tmp_path):
    assert areas(tmp_path, TWO_VALUES, "a.tif", tiffinfo={262: 0}) == [22]


@pytest.mark.parametrize("orientation", [2, 3, 6])
@pytest.mark.parametrize("ending", ["tif", "png"])
def test_label_images_with_an_orientation_are_refused_unless_it_is_ignored(tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {274: orientation}} if ending == "tif" else {"exif": exif}
    with pytest.raises(DatasetError, match=rf"an EXIF orientation of its own \({orientation}\)") as caught:
        areas(tmp_path, GREY, f"a.{ending}", **options)
    assert "data.exif=ignore" in caught.value.mend
    dataset = own(tmp_path)
    dataset.use_images(ImageRules(exif="ignore"))
    masks = rle.decode_masks([one.rle for one in dataset.load("a").target.annotations], IDS.shape)
    assert np.array_equal(masks, [IDS == 7, IDS == 200])


def test_an_upright_tiff_of_labels_is_read(tmp_path):
    assert areas(tmp_path, GREY, "a.tif", tiffinfo={274: 1}) == [18, 4]
