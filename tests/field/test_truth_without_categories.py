"""COCO's JSON without categories: points and proposals read one category of objects, instances say what they lack."""

import json

import numpy as np
import pytest
from PIL import Image

from sambench import score
from sambench.datasets.cards import MaskCard
from sambench.datasets.coco import Coco
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.own.reader import own
from sambench.datasets.sa23.coco_masks import coco_masks
from sambench.errors import DatasetError, UsageError

LEFT = [2.0, 2.0, 12.0, 2.0, 12.0, 12.0, 2.0, 12.0]
RIGHT = [20.0, 2.0, 40.0, 2.0, 40.0, 12.0, 20.0, 12.0]
"""Boxes of 10 x 10 and 20 x 10 pixels."""

IMAGE = {"id": 1, "file_name": "a.png", "height": 24, "width": 48}
OBJECTS = [{"id": place + 1, "image_id": 1, "segmentation": [one]} for place, one in enumerate((LEFT, RIGHT))]
WITH_IDS = [{**one, "category_id": 3 + place} for place, one in enumerate(OBJECTS)]
WITH_NULL = [{**one, "category_id": None} for one in OBJECTS]
KNOWN = [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}]

FILES = {
    "no categories, no category_id": {"annotations": OBJECTS},
    "no categories, null": {"annotations": WITH_NULL, "categories": None},
    "no categories, ids": {"annotations": WITH_IDS, "categories": []},
    "categories, no category_id": {"annotations": OBJECTS, "categories": KNOWN},
    "categories, null": {"annotations": WITH_NULL, "categories": KNOWN},
}


def write(folder, parts):
    (folder / "images").mkdir(exist_ok=True)
    Image.new("RGB", (48, 24)).save(folder / "images" / "a.png")
    path = folder / "truth.json"
    path.write_text(json.dumps({"images": [IMAGE], **parts}))
    return path


@pytest.fixture(params=FILES.values(), ids=FILES)
def truth(request, tmp_path):
    return write(tmp_path, request.param)


def test_every_reader_finds_objects_of_one_category(tmp_path, truth):
    given = {"annotations": truth, "images": tmp_path / "images"}
    for found in (Coco(**given), coco_masks(**given), own(tmp_path, annotations="truth.json")):
        objects = found.load_truth(found.keys[0]).annotations
        assert [(one.id, one.category_id, one.area) for one in objects] == [(1, 1, 100), (2, 1, 200)]
        assert [one["name"] for one in found.categories] == ["object"]
        assert found.card.own


def test_proposals_are_scored_and_instances_are_refused(tmp_path, truth):
    entry = {"image_id": 1, "score": 0.5, "segmentation": [LEFT]}
    made = tmp_path / "found.json"
    made.write_text(json.dumps([entry]))
    settings = [f"data.annotations={truth}", f"data.images={tmp_path}/images", "workers=0", "progress=off"]
    for data in ("coco", "own"):
        run = score("proposals", data, made, [*settings, f"run.dir={tmp_path}/{data}", "illustrate=0"])
        assert run.metrics["AR@1000"].value == 0.5  # one of two objects, whole
        with pytest.raises(UsageError, match="tells no categories") as error:
            score("instances", data, made, [*settings, f"run.dir={tmp_path}/none"])
        assert "task=proposals" in error.value.mend


def test_one_object_without_a_category_among_others_is_refused(tmp_path):
    path = write(tmp_path, {"annotations": [WITH_IDS[0], OBJECTS[1]], "categories": KNOWN})
    with pytest.raises(DatasetError, match="1 annotations lack id, image_id or category_id: 2"):
        Coco(annotations=path, images=tmp_path / "images")


def test_masks_that_are_joined_by_category_need_one(tmp_path, truth):
    card = MaskCard(name="x", title="x", home="", terms="", layout="", splits=("all",), domain="x", mask="x")
    part = Part(truth, lambda entry: (entry.file_name, tmp_path / "images" / entry.file_name))
    with pytest.raises(DatasetError, match="no annotation tells its category_id"):
        CocoMasks(card, [part], rules="1", by_class=True)


def test_images_without_objects_need_no_categories(tmp_path):
    path = write(tmp_path, {"annotations": []})
    found = Coco(annotations=path, images=tmp_path / "images")
    assert found.load_truth(found.keys[0]).annotations == []
    assert np.array_equal(found.load_boxes(found.keys[0]), np.zeros((0, 4)))
