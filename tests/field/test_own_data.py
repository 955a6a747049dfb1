"""One's own images and truth files, whatever they are called and wherever they lie."""

import json

import numpy as np
import pytest
from PIL import Image
from toys import write_bsds

from sambench.datasets.bsds500 import Bsds500
from sambench.datasets.coco import Coco
from sambench.datasets.generic import generic
from sambench.datasets.layout import sample_ids
from sambench.datasets.via import ViaFile, ViaMasks
from sambench.errors import DatasetError

SQUARE = [2, 3, 8, 3, 8, 7, 2, 7]  # 6 x 4 pixels


def image(path, value=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value, value)).save(path, "PNG")
    return path


def coco(path, *names):
    images = [{"id": n, "file_name": name, "width": 40, "height": 30} for n, name in enumerate(names, 1)]
    one = {"category_id": 1, "iscrowd": 0, "bbox": [2, 3, 6, 4], "area": 24, "segmentation": [SQUARE]}
    annotations = [{"id": n, "image_id": n, **one} for n in range(1, len(names) + 1)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "x"}]}))
    return path


def test_names_keep_an_ending_that_tells_them_apart():
    assert sample_ids(["a.jpg", "b.png", "c"]) == ["a", "b", "c"]
    assert sample_ids(["a.jpg", "a.png", "x/a.jpg"]) == ["a.jpg", "a.png", "x/a"]
    assert sample_ids(["a", "a.jpg", "a.jpg.png"]) == ["a", "a.jpg", "a.jpg.png"]


@pytest.mark.parametrize("reader", ["instances", "masks"])
def test_two_images_of_one_name_are_two_samples(tmp_path, reader):
    image(tmp_path / "images/a.jpg", 10)
    image(tmp_path / "images/a.png", 20)
    image(tmp_path / "images/b.png", 30)
    file = coco(tmp_path / "gt.json", "a.jpg", "a.png", "b.png")
    if reader == "instances":
        dataset, prefix = Coco(annotations=file, images=tmp_path / "images"), "val2017/"
    else:
        dataset, prefix = generic(tmp_path, annotations="gt.json"), ""
    assert dataset.keys == [f"{prefix}a.jpg", f"{prefix}a.png", f"{prefix}b"]
    assert [int(dataset.load(key).image[0, 0, 0]) for key in dataset.keys] == [10, 20, 30]
    assert [dataset.load(key).target.image_id for key in dataset.keys] == [1, 2, 3]


@pytest.mark.parametrize("reader", ["instances", "masks"])
def test_a_file_name_without_ending_is_the_image_of_that_name(tmp_path, reader):
    image(tmp_path / "images/a.JPG" if reader == "masks" else tmp_path / "images/a.jpg", 10)
    image(tmp_path / "images/scene.v2", 20)
    file = coco(tmp_path / "gt.json", "a", "scene.v2")

    def opened():
        if reader == "instances":
            return Coco(annotations=file, images=tmp_path / "images")
        found = generic(tmp_path, annotations="gt.json")
        found.keys  # noqa: B018
        return found

    assert [int(opened().load(key).image[0, 0, 0]) for key in opened().keys] == [10, 20]
    image(tmp_path / "images/a.png", 30)
    if reader == "instances":
        with pytest.raises(DatasetError, match=r"name a has no ending and is that of several images: a\.jpg, a\.png"):
            opened()
    image(tmp_path / "images/a", 40)
    assert [int(opened().load(key).image[0, 0, 0]) for key in opened().keys] == [40, 20]


def test_via_files_tell_two_images_of_one_name_apart(tmp_path):
    for name in ("a.jpg", "a.png"):
        image(tmp_path / name)
    shape = {"name": "rect", "x": 2, "y": 3, "width": 6, "height": 4}
    regions = [{"shape_attributes": shape, "region_attributes": {}}]
    told = {name: {"filename": name, "size": 1, "regions": regions} for name in ("a.jpg", "a.png")}
    (tmp_path / "via.json").write_text(json.dumps(told))
    source = ViaMasks(generic.card, [ViaFile(tmp_path / "via.json", tmp_path, "")], lambda _: "x", rules="1")
    assert list(source.items) == ["a.jpg", "a.png"]


def test_folders_whose_files_share_a_name_are_refused(tmp_path):
    image(tmp_path / "images/a.jpg")
    image(tmp_path / "images/a.png")
    (tmp_path / "labels").mkdir()
    Image.fromarray(np.eye(30, 40, dtype=np.uint8)).save(tmp_path / "labels/a.png")
    with pytest.raises(DatasetError, match=r"two files are called a: a\.(jpg|png) and a\.(jpg|png)"):
        generic(tmp_path)
    write_bsds(tmp_path / "bsds", count=1)
    (photograph,) = (tmp_path / "bsds").rglob("*.jpg")
    image(photograph.with_suffix(".png"))
    with pytest.raises(DatasetError, match=f"two files are called {photograph.stem}"):
        Bsds500(tmp_path / "bsds")
