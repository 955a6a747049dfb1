"""Images are judged by their header: what is too large, or of the wrong size, is told before it is decoded."""

import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import sambench
from sambench.cli import dispatch
from sambench.config.resolve import build
from sambench.errors import DatasetError, PredictionError, UsageError
from sambench.masks import rle


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claim(path, width, height):
    """Write a grey PNG whose header claims a size and which holds no pixel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def png(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def coco(path, width, height):
    one = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [2, 1, 4, 3], "area": 12}
    one["segmentation"] = [[2, 1, 6, 1, 6, 4, 2, 4]]
    images = [{"id": 1, "file_name": "1.png", "width": width, "height": height}]
    path.write_text(json.dumps({"images": images, "annotations": [one], "categories": [{"id": 1, "name": "x"}]}))


def own(folder, **settings):
    return build("datasets", "data", {"name": "generic", "root": str(folder), **settings})


@pytest.mark.parametrize("data", ["generic", "coco"])
def test_a_header_that_claims_too_much_is_refused_with_the_memory_it_would_take(tmp_path, data):
    claim(tmp_path / "images/1.png", 14000, 14000)
    coco(tmp_path / "gt.json", 14000, 14000)
    settings = {"annotations": str(tmp_path / "gt.json"), "images": str(tmp_path / "images")}
    dataset = build("datasets", "data", {"name": data, "root": str(tmp_path), **settings})
    # 196,000,000 pixels of 1 byte as grey, 4 as RGB, and twice 3 as an array is made: 2.156 GB.
    told = "14000 x 14000 pixels, 196 megapixels, decoding takes about 2.2 GB of memory"
    with pytest.raises(DatasetError, match=f"image is larger than data.max_pixels=178956970: {told}") as error:
        dataset.load(dataset.keys[0])
    assert "data.max_pixels=196000000" in error.value.mend
    allowed = build("datasets", "data", {"name": data, "root": str(tmp_path), "max_pixels": 196000000, **settings})
    with pytest.raises(DatasetError, match="image cannot be decoded"):
        allowed.load(allowed.keys[0])


def test_a_size_that_differs_is_told_before_that(tmp_path):
    claim(tmp_path / "images/1.png", 14000, 14000)
    coco(tmp_path / "gt.json", 40, 30)
    with pytest.raises(DatasetError, match=r"image is 14000 x 14000 pixels, but .* 40 x 30 pixels"):
        own(tmp_path, annotations="gt.json").load("1")


@pytest.mark.parametrize("limit", [None, 600])
def test_the_switch_alone_decides_and_the_limit_of_pillow_stays(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # 1,200 are twice as many, where Pillow raises
    pixels = np.arange(1200, dtype=np.uint8).reshape(30, 40)
    ids = np.zeros((30, 40), np.uint8)
    ids[1:4, 2:6] = 7
    for ending in ("png", "tif"):
        folder = tmp_path / ending
        png(folder / f"images/1.{ending}", pixels)
        png(folder / "labels/1.png", ids)
        sample = own(folder, max_pixels=1200).load("1")
        assert np.array_equal(sample.image, np.repeat(pixels[..., None], 3, axis=2))
        assert rle.areas([one.rle for one in sample.target.annotations]).tolist() == [12]
        assert limit == Image.MAX_IMAGE_PIXELS
        with pytest.raises(DatasetError, match=r"larger than data.max_pixels=1199: 40 x 30 pixels"):
            own(folder, max_pixels=1199).load("1")


def test_ground_truth_that_is_an_image_is_held_to_the_same_limit(tmp_path):
    png(tmp_path / "images/1.png", np.zeros((30, 40), np.uint8))
    claim(tmp_path / "labels/1.png", 40000, 40000)
    with pytest.raises(DatasetError, match="40000 x 40000 pixels, 1600 megapixels") as error:
        own(tmp_path).keys  # noqa: B018
    assert str(error.value.where) == str(tmp_path / "labels/1.png")


def test_a_run_stops_before_it_scores_and_the_check_names_the_file(tmp_path, capsys):
    png(tmp_path / "images/0.png", np.zeros((30, 40), np.uint8))
    png(tmp_path / "images/1.png", np.zeros((30, 40), np.uint8))
    for name in "01":
        png(tmp_path / f"labels/{name}.png", np.eye(30, 40, dtype=np.uint8))
    claim(tmp_path / "images/1.png", 30000, 30000)
    words = ["run", "task=points", "data=generic", f"data.root={tmp_path}", "workers=0", "progress=off", "device=cpu"]
    told = "image is 30000 x 30000 pixels, but its ground truth is for 40 x 30 pixels"
    with pytest.raises(DatasetError, match=told):
        dispatch([*words, "model.name=toys:ToyModel", f"run.dir={tmp_path / 'out'}"])
    assert not (tmp_path / "out/rows.parquet").exists()
    assert dispatch(["data", "check", "generic", f"root={tmp_path}"]) == 1
    assert "1.png  " + told in capsys.readouterr().out


@pytest.mark.parametrize("raised", [MemoryError(), KeyError(7), EOFError(), RuntimeError("codec")])
def test_whatever_a_decoder_raises_is_told_as_the_fault_of_the_file(tmp_path, monkeypatch, raised):
    png(tmp_path / "images/1.png", np.zeros((30, 40), np.uint8))
    png(tmp_path / "labels/1.png", np.eye(30, 40, dtype=np.uint8))

    def fails(image):
        if image.filename.endswith("images/1.png"):
            raise raised
        return load(image)

    load = PngImagePlugin.PngImageFile.load
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", fails)
    with pytest.raises(DatasetError, match="decode") as error:
        own(tmp_path).load("1")
    assert str(error.value.where) == str(tmp_path / "images/1.png")


def test_a_limit_is_a_number_of_pixels(tmp_path):
    for wrong in (0, -1):
        with pytest.raises(UsageError, match=r"data.max_pixels is"):
            own(tmp_path, max_pixels=wrong)


def test_an_edge_map_and_its_truth_are_held_to_the_same_switch(tmp_path, monkeypatch):
    drawn = np.zeros((30, 40), np.uint8)
    drawn[10, 5:35] = 255
    png(tmp_path / "data/edges/imgs/test/rgbr/RGB_008.png", drawn)
    png(tmp_path / "data/edges/edge_maps/test/rgbr/RGB_008.png", drawn)
    png(tmp_path / "maps/RGB_008.png", drawn)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # 1,200 are more than twice as many, where Pillow raises
    words = [f"data.root={tmp_path / 'data'}", "task.thresholds=3", "predictions.nms=none", "illustrate=0"]
    more = {"workers": 0, "progress": "off"}
    run = sambench.score("edges", "biped", tmp_path / "maps", overrides=words, run={"dir": str(tmp_path / "r")}, **more)
    assert run.metrics["ods"].value == 1
    assert Image.MAX_IMAGE_PIXELS == 500
    png(tmp_path / "maps/RGB_008.png", np.zeros((40, 31), np.uint8))
    words.append("data.max_pixels=1200")
    with pytest.raises(PredictionError, match=r"edge map is larger than data.max_pixels=1200: 31 x 40 pixels"):
        sambench.score("edges", "biped", tmp_path / "maps", overrides=words, run={"dir": str(tmp_path / "s")}, **more)
