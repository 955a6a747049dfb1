"""Photographs as phones write them: the pixels lie on their side, and an EXIF orientation says how to turn them."""

import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from sambench.tasks.edges import EdgesTask

from sambench.cli import dispatch
from sambench.config.image_rules import ImageRules, Picture
from sambench.config.resolve import build
from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.coco import Coco
from sambench.datasets.edges.bsds500 import CARD
from sambench.datasets.formats.via import ViaFile, ViaMasks
from sambench.datasets.images.files import read_image
from sambench.datasets.images.headers import read_header
from sambench.datasets.images.orientation import orientations
from sambench.datasets.own.reader import own
from sambench.engine.building import open_dataset
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle
from sambench.runs.open import load_run
from sambench.types import BoundaryTruth, Sample

UPRIGHT = np.zeros((24, 40, 3), np.uint8)
UPRIGHT[2:10, 4:16] = 250  # the object, 12 pixels wide and 8 high, to the left above
UPRIGHT[20:, 38:] = 90
OBJECT = UPRIGHT[..., 0] == 250
CORNERS = [[4, 2], [16, 2], [16, 10], [4, 10]]
STORED = {  # what a camera stores so that the orientation turns it upright, by the EXIF standard's own words
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],  # row 0 is the top, column 0 the right
    3: UPRIGHT[::-1, ::-1],  # bottom, right
    4: UPRIGHT[::-1],  # bottom, left
    5: UPRIGHT.transpose(1, 0, 2),  # row 0 is the left side, column 0 the top
    6: UPRIGHT.transpose(1, 0, 2)[::-1],  # right side, top
    7: UPRIGHT.transpose(1, 0, 2)[::-1, ::-1],  # right side, bottom
    8: UPRIGHT.transpose(1, 0, 2)[:, ::-1],  # left side, bottom
}
QUIET = ["workers=0", "progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]


def photograph(path, orientation, **options):
    """Write the scene as a camera held that way does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.ascontiguousarray(STORED[orientation])
    Image.fromarray(pixels).save(path, exif=exif, **options)
    return path


def labelme(path, size=(24, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"label": "box", "points": CORNERS, "group_id": None, "shape_type": "polygon", "flags": {}}
    size = {"imageHeight": size[0], "imageWidth": size[1]}
    path.write_text(json.dumps({"version": "5.5.0", "shapes": [shape], "imagePath": "x", "imageData": None, **size}))


def coco(path, *names):
    images = [{"id": n, "file_name": name, "height": 24, "width": 40} for n, name in enumerate(names, 1)]
    one = {"category_id": 1, "iscrowd": 0, "bbox": [4, 2, 12, 8], "area": 96}
    one["segmentation"] = [np.ravel(CORNERS).tolist()]
    told = {"images": images, "annotations": [{"id": n, "image_id": n, **one} for n in range(1, len(names) + 1)]}
    path.write_text(json.dumps({**told, "categories": [{"id": 1, "name": "box"}]}))
    return path


def fits(sample):
    """Tell whether the object's mask lies on the object."""
    mask = rle.decode_masks([sample.target.annotations[0].rle], sample.size)[0]
    return bool(np.array_equal(mask, sample.image[..., 0] == 250))


def read(path, size=(24, 40), exif="auto", drawn="turned"):
    return read_image(Picture(path, lambda: size, drawn), CARD, ImageRules(exif))


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright_and_can_be_left(tmp_path, orientation, ending):
    options = {"lossless": True} if ending == "webp" else {}
    path = photograph(tmp_path / f"1.{ending}", orientation, **options)
    header = read_header(path, CARD)
    assert header == (STORED[orientation].shape[:2], orientation, "RGB", ())
    assert header.turned == (24, 40)
    assert np.array_equal(read(path), UPRIGHT)
    assert np.array_equal(read(path, exif="apply"), UPRIGHT)
    assert np.array_equal(read(path, STORED[orientation].shape[:2], exif="ignore"), STORED[orientation])


def test_a_png_file_that_tells_its_orientation_last_is_turned_too(tmp_path):
    path = photograph(tmp_path / "1.png", 3)
    chunks, rest = [], path.read_bytes()[8:]
    while rest:
        size = struct.unpack(">I", rest[:4])[0] + 12
        chunks.append(rest[:size])
        rest = rest[size:]
    chunks.sort(key=lambda chunk: {b"IHDR": 0, b"IDAT": 1, b"eXIf": 2, b"IEND": 3}[chunk[4:8]])
    assert [chunk[4:8] for chunk in chunks][-2:] == [b"eXIf", b"IEND"]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert np.array_equal(read(path), UPRIGHT)


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_labelme_draws_on_the_turned_image(tmp_path, orientation):
    photograph(tmp_path / "images/1.png", orientation)
    labelme(tmp_path / "labels/1.json")
    dataset = build("datasets", "data", {"name": "generic", "root": str(tmp_path)})
    assert fits(dataset.load("1"))
    assert orientations(dataset, dataset.keys) == (["1"], [], [])


def test_an_old_labelme_file_of_the_stored_image_stays_so(tmp_path):
    photograph(tmp_path / "images/1.png", 6)
    labelme(tmp_path / "labels/1.json", STORED[6].shape[:2])
    dataset = own(tmp_path)
    assert np.array_equal(dataset.load("1").image, STORED[6])
    assert orientations(dataset, dataset.keys) == ([], ["1"], [])


def test_a_via_region_is_drawn_on_what_a_browser_shows(tmp_path):
    photograph(tmp_path / "1.png", 6)
    shape = {"name": "polygon", "all_points_x": [4, 16, 16, 4], "all_points_y": [2, 2, 10, 10]}
    entry = {"filename": "1.png", "size": 1, "regions": [{"shape_attributes": shape, "region_attributes": {}}]}
    (tmp_path / "via.json").write_text(json.dumps({"1.png1": entry}))
    source = ViaMasks(own.card, [ViaFile(tmp_path / "via.json", tmp_path, "")], lambda _: "object", rules="1")
    size, (region,) = source.regions("1")
    assert size == (24, 40)
    assert np.array_equal(rle.decode_masks([region.rle], size)[0], OBJECT)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_coco_and_id_images_are_turned_where_only_so_sizes_agree(tmp_path, orientation):
    photograph(tmp_path / "images/1.png", orientation)
    dataset = Coco(annotations=coco(tmp_path / "gt.json", "1.png"), images=tmp_path / "images")
    assert fits(dataset.load("val2017/1"))
    assert orientations(dataset, dataset.keys) == (["val2017/1"], [], [])
    (tmp_path / "labels").mkdir()
    Image.fromarray(OBJECT.astype(np.uint8) * 7).save(tmp_path / "labels/1.png")
    assert fits(own(tmp_path).load("1"))


@pytest.mark.parametrize(("exif", "right"), [("auto", False), ("ignore", False), ("apply", True)])
def test_coco_is_of_the_stored_image_where_sizes_agree_both_ways(tmp_path, exif, right):
    photograph(tmp_path / "images/1.png", 3)
    settings = {"annotations": str(coco(tmp_path / "gt.json", "1.png")), "images": str(tmp_path / "images")}
    dataset = build("datasets", "data", {"name": "coco", "exif": exif, **settings})
    assert fits(dataset.load("val2017/1")) is right
    assert orientations(dataset, dataset.keys) == ((["val2017/1"], [], []) if right else ([], ["val2017/1"], []))


def test_what_fits_neither_way_is_told_with_the_orientation(tmp_path):
    path = photograph(tmp_path / "1.png", 6)
    with pytest.raises(DatasetError, match=r"is 40 x 24 pixels \(turned by its EXIF orientation 6\), but .* 9 x 7"):
        read(path, (7, 9))
    with pytest.raises(DatasetError, match=r"is 24 x 40 pixels \(as stored, without .* orientation 6\)") as error:
        read(path, exif="ignore")
    assert "data.exif=auto" in error.value.mend
    with pytest.raises(UsageError, match=r"data.exif is 'on', but takes one of auto, ignore, apply"):
        build("datasets", "data", {"name": "generic", "root": str(tmp_path), "exif": "on"})


def test_a_damaged_exif_block_is_told_and_nothing_turned(tmp_path):
    photograph(tmp_path / "images/1.png", 1)
    data = bytearray((tmp_path / "images/1.png").read_bytes())
    place = data.index(b"eXIf")
    size = struct.unpack(">I", data[place - 4 : place])[0]
    data[place + 4 : place + 4 + size] = b"?" * size
    data[place + 4 + size : place + 8 + size] = struct.pack(">I", zlib.crc32(data[place : place + 4 + size]))
    (tmp_path / "images/1.png").write_bytes(data)
    labelme(tmp_path / "labels/1.json")
    dataset = own(tmp_path)
    assert orientations(dataset, dataset.keys) == ([], [], ["1"])
    assert fits(dataset.load("1"))


class Ramp(Dataset):
    """One image that is no file."""

    card = DatasetCard("ramp", "Ramp", "-", "-", "-", ("all",), generated=True)
    keys, split, root, fingerprint = ["a"], "all", "-", "ramp"

    def load(self, key):
        return Sample(key, UPRIGHT, BoundaryTruth([], [OBJECT]))


def test_a_switch_that_would_change_nothing_is_refused():
    settings = {"name": f"{__name__}:Ramp", "exif": "auto"}
    assert open_dataset(settings, EdgesTask(), own_words=True).keys == ["a"]
    with pytest.raises(UsageError, match=r"ramp reads its images by itself, so that data\.exif=apply would change"):
        open_dataset({**settings, "exif": "apply"}, EdgesTask(), own_words=True)


def run(tmp_path, folder, *words, command="run"):
    words = ["data.images=" + str(tmp_path / "images"), "model.name=toys:ToyModel", *QUIET, *words]
    data = f"data.annotations={tmp_path / 'gt.json'}"
    code = dispatch([command, "task=points", "data=coco_masks", data, *words, f"run.dir={tmp_path / folder}"])
    return code, load_run(tmp_path / folder).record


def test_a_run_says_how_many_images_were_turned(tmp_path, capsys):
    for number, orientation in enumerate((6, 3, 1, 8), 1):
        photograph(tmp_path / f"images/{number}.jpg", orientation)
    coco(tmp_path / "gt.json", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    code, record = run(tmp_path, "auto")
    assert code == 0
    assert record["data"]["orientations"] == {"turned": 2, "ignored": 1, "damaged": 0}
    out = " ".join(capsys.readouterr().out.split())
    assert "2 images turned by EXIF orientation; 1 image with an EXIF orientation read as stored" in out
    code, record = run(tmp_path, "apply", "data.exif=apply")
    assert record["data"]["orientations"] == {"turned": 3, "ignored": 0, "damaged": 0}
    assert record["identity"]["data"]["exif"] == "apply"
    for part in "12":
        run(tmp_path, f"part{part}", f"shard={part}/2")
    assert dispatch(["merge", str(tmp_path / "part1"), str(tmp_path / "part2"), f"out={tmp_path / 'whole'}"]) == 0
    assert load_run(tmp_path / "whole").record["data"]["orientations"] == {"turned": 2, "ignored": 1, "damaged": 0}


def test_the_check_counts_and_names_turned_images(tmp_path, capsys):
    photograph(tmp_path / "images/1.jpg", 3)
    labelme(tmp_path / "labels/1.json")
    assert dispatch(["data", "check", "generic", f"root={tmp_path}"]) == 0
    out = capsys.readouterr().out
    assert "1 image turned by EXIF orientation\n" in out
    assert "turned by its EXIF orientation 3" in out
    assert dispatch(["data", "check", "generic", f"root={tmp_path}", "exif=ignore"]) == 0
    assert "1 image with an EXIF orientation read as stored" in capsys.readouterr().out


def test_an_export_says_that_its_masks_are_of_turned_images(tmp_path, capsys):
    photograph(tmp_path / "images/1.png", 3)
    labelme(tmp_path / "labels/1.json")
    out = tmp_path / "written.json"
    assert dispatch(["data", "export", "generic", f"root={tmp_path}", f"out={out}"]) == 0
    assert "1 images are turned by EXIF orientation" in capsys.readouterr().out
    assert "data.exif=apply" in json.loads(out.read_text())["info"]["note"]
    settings = {"name": "coco", "annotations": str(out), "images": str(tmp_path), "exif": "apply"}
    assert fits(build("datasets", "data", settings).load("val2017/images/1"))
