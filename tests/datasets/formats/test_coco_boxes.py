"""COCO's JSON whose boxes and masks mean different places: refused where it is plain how, told where it is not."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask

from sambench.datasets.own.reader import own
from sambench.errors import DatasetError

SIZE = (64, 96)
SHAPES = [[10, 20, 30, 20, 30, 60, 10, 60], [50, 4, 90, 4, 90, 24, 50, 24]]


def write(folder, boxes, polygons):
    (folder / "images").mkdir(parents=True)
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(folder / "images/one.png")
    entries = [
        {"id": place + 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": box, "segmentation": [polygon]}
        for place, (box, polygon) in enumerate(zip(boxes, polygons, strict=True))
    ]
    images = [{"id": 1, "file_name": "one.png", "height": SIZE[0], "width": SIZE[1]}]
    content = {"images": images, "annotations": entries, "categories": [{"id": 1, "name": "thing"}]}
    (folder / "instances.json").write_text(json.dumps(content))


def read(folder, task):
    return own(root=folder, annotations="instances.json", images="images", for_task=task)


def boxes_of(polygons):
    codes = [coco_mask.frPyObjects([shape], *SIZE)[0] for shape in polygons]
    return [[float(side) for side in coco_mask.toBbox(code)] for code in codes]


def test_boxes_as_corners_are_refused_where_boxes_are_used(tmp_path):
    corners = [[x, y, x + width, y + height] for x, y, width, height in boxes_of(SHAPES)]
    write(tmp_path, corners, SHAPES)
    with pytest.raises(DatasetError, match=r"read as corners .*write \[left, top, width, height\]"):
        read(tmp_path, InstancesTask)
    points = read(tmp_path, PointsTask)  # masks alone are used
    assert points.card.note == "own data, a COCO JSON"


def test_polygons_with_x_and_y_swapped_are_refused_for_every_task(tmp_path):
    swapped = [[value for x, y in zip(shape[::2], shape[1::2], strict=True) for value in (y, x)] for shape in SHAPES]
    write(tmp_path, boxes_of(SHAPES), swapped)
    for task in (InstancesTask, PointsTask):
        with pytest.raises(DatasetError, match="x and y of one of both changed"):
            read(tmp_path, task)


def test_boxes_elsewhere_are_told_with_the_data(tmp_path):
    write(tmp_path, [[40, 40, 10, 10], [2, 2, 10, 10]], SHAPES)
    for task in (InstancesTask, PointsTask):
        assert "most have their box (bbox) elsewhere" in read(tmp_path, task).card.note


def test_a_file_whose_letters_are_in_another_form_of_unicode_is_found(tmp_path):
    write(tmp_path, boxes_of(SHAPES), SHAPES)
    (tmp_path / "images/one.png").rename(tmp_path / "images/e\u0301te\u0301.png")
    text = (tmp_path / "instances.json").read_text().replace("one.png", "\\u00e9t\\u00e9.png")
    (tmp_path / "instances.json").write_text(text)
    dataset = read(tmp_path, PointsTask)
    assert dataset.load(dataset.keys[0]).image.shape == (*SIZE, 3)
