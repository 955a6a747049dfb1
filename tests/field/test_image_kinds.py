"""Images of 16 bits, of several frames and of several pages: what is read of them, and that the run says so."""

import json

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from sambench import score
from sambench.cli import dispatch
from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.edges.bsds500 import CARD
from sambench.datasets.images.files import read_image
from sambench.datasets.images.headers import read_header
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.runs.open import load_run
from sambench.runs.summary import missing_note

GREY = np.array([[0, 1, 128, 129], [257, 4095, 32767, 32768], [385, 386, 65406, 65535]], np.uint16)
IN_8_BITS = [[0, 0, 0, 1], [1, 16, 127, 128], [1, 2, 254, 255]]
"""Divided by 257 and rounded to the nearest: 128 / 257 = .498, 129 / 257 = .502, 32767 / 257 = 127.498."""

FIRST = np.array([[9, 8, 7, 6], [5, 4, 3, 2], [1, 0, 200, 100]], np.uint8)
OTHER = 255 - FIRST


def read(path, **rules):
    return read_image(Picture(path, lambda: (3, 4)), CARD, ImageRules(**rules))


def rgb(grey):
    return np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_grey_of_16_bits_is_scaled_to_8(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(GREY).save(path)
    assert np.array_equal(read(path), rgb(IN_8_BITS))
    assert read_header(path, CARD).read_as == ("scaled",)


def test_a_tiff_file_whose_white_is_zero_is_turned_over(tmp_path):
    tags = ImageFileDirectory_v2()
    tags[262] = 0
    Image.fromarray(GREY).save(tmp_path / "a.tif", tiffinfo=tags)
    with Image.open(tmp_path / "a.tif") as image:
        assert image.tag_v2[262] == 0
    assert np.array_equal(read(tmp_path / "a.tif"), rgb(255 - np.array(IN_8_BITS)))


def test_16_bits_are_held_to_the_limit_of_pixels(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(DatasetError, match=r"larger than data\.max_pixels=11"):
        read(tmp_path / "a.png", max_pixels=11)


@pytest.mark.parametrize(("ending", "options"), [("gif", {}), ("png", {}), ("tif", {}), ("webp", {"lossless": True})])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_the_first_frame_is_read_and_told_where_it_is_not_the_only_one(tmp_path, ending, options, frames):
    path, later = tmp_path / f"a.{ending}", [Image.fromarray(OTHER + place) for place in range(frames - 1)]
    options = {**options, "save_all": True, "append_images": later} if later else options
    Image.fromarray(FIRST).save(path, **options)
    assert np.array_equal(read(path), rgb(FIRST))
    assert read_header(path, CARD).read_as == (("first_frames",) if later else ())


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("grey", [FIRST, FIRST.astype(np.uint16) * 257])
@pytest.mark.parametrize(("orientation", "upright"), [(3, np.rot90(FIRST, 2)), (6, np.rot90(FIRST, -1))])
def test_a_grey_page_is_turned_by_its_orientation(tmp_path, pages, grey, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"save_all": True, "append_images": [Image.fromarray(OTHER)]} if pages > 1 else {}
    Image.fromarray(grey).save(tmp_path / "a.tif", exif=exif, **more)
    found = read_image(Picture(tmp_path / "a.tif", lambda: upright.shape, "turned"), CARD, ImageRules())
    assert np.array_equal(found, rgb(upright))


def scene(folder, names):
    """Write a scene of one object for each kind of file, with its ground truth."""
    for name in ("images", "labels"):
        (folder / name).mkdir(exist_ok=True)
    values = np.zeros((12, 16), np.uint8)
    values[2:5, 3:9] = 1
    image = Image.fromarray(values * 90)
    for name in names:
        stem = name.split(".")[0]
        more = {"save_all": True, "append_images": [Image.fromarray(values)]} if stem.startswith("pages") else {}
        deep = Image.fromarray(values.astype(np.uint16) * 9000) if stem.startswith("deep") else image
        deep.save(folder / "images" / name, **more)
        Image.fromarray(values).save(folder / f"labels/{stem}.png")


NAMES = ["a.gif", "deep.png", "deep2.tif", "pages.gif", "pages2.png", "pages3.tif"]


def test_a_run_its_parts_and_the_check_say_how_many(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    scene(tmp_path, NAMES)
    entries = [{"image_id": name.split(".")[0], "score": 1, "bbox": [3, 2, 6, 3]} for name in NAMES]
    (tmp_path / "found.json").write_text(json.dumps(entries))
    words = ["data.root=.", "workers=0", "progress=off", "illustrate=0", "task.iou_type=bbox"]
    run = score("proposals", "own", "found.json", [*words, "run.dir=run"])
    assert run.metrics["AR@1000"].value == 1
    assert run.record["data"]["readings"] == {"first_frames": 3, "scaled": 2}
    told = "3 images of several frames or pages, of which the first is read; 2 images of 16 bits a channel scaled to 8"
    assert told in missing_note(run)
    assert dispatch(["data", "check", "own", "root=."]) == 0
    out = capsys.readouterr().out
    assert told.replace("; ", "\n") in out
    assert load_run("run").record["data"]["orientations"] == {"turned": 0, "ignored": 0, "damaged": 0}


def test_ordinary_images_are_not_told_of(tmp_path):
    scene(tmp_path, ["a.gif", "b.png", "c.jpg", "d.tif"])
    dataset = own(tmp_path)
    assert [read_header(dataset.picture(key).path, CARD).read_as for key in dataset.keys] == [()] * 4
