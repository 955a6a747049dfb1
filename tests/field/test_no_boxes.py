"""A detector that found nothing in an image leaves it without a detection, and that is no fault of the file."""

import json

import numpy as np
import pytest
from PIL import Image

import sambench
from sambench.datasets.coco import Coco
from sambench.predictions.coco_results import open_results


def write(folder):
    """Write two images with a square each, and COCO annotations."""
    (folder / "annotations").mkdir(parents=True)
    (folder / "val2017").mkdir()
    images, annotations = [], []
    for number in (1, 2):
        pixels = np.full((40, 60, 3), 90, np.uint8)
        Image.fromarray(pixels).save(folder / "val2017" / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "height": 40, "width": 60})
        box = {"segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]], "area": 400.0, "bbox": [10, 10, 20, 20]}
        annotations.append({"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, **box})
    known = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "square"}]}
    (folder / "annotations/instances_val2017.json").write_text(json.dumps(known))
    return folder


@pytest.mark.parametrize("boxed", [(1, 2), (1,), ()])
@pytest.mark.parametrize("passes", [1, 2])
def test_an_image_without_a_box_has_no_detection(tmp_path, boxed, passes):
    data = write(tmp_path / "data")
    entries = [{"image_id": one, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9} for one in boxed]
    (tmp_path / "boxes.json").write_text(json.dumps(entries))
    words = ["model.name=toys:ToyModel", f"data.root={data}", f"task.boxes={tmp_path}/boxes.json"]
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 2, "data": "coco"}
    overrides = [*words, f"task.passes={passes}"]
    run = sambench.run("instances", overrides=overrides, run={"dir": str(tmp_path / "run")}, **settings)
    rows = {row["sample_id"]: row for row in run.rows()}
    assert len(rows) == 2
    assert [sum(row["truth_all"]) for row in rows.values()] == [1, 1]
    found = [any(int(bits) & 1 for bits in row["found_all"]) for row in rows.values()]  # at an overlap of .5
    assert found == [number in boxed for number in (1, 2)]
    assert run.metrics["AP"].value > 0 if boxed else run.metrics["AP"].value == 0.0
    saved = open_results(tmp_path / "run" / "predictions", Coco(data), categories=True)
    assert [len(saved.read(Coco(data).load(key))) for key in rows] == [int(number in boxed) for number in (1, 2)]
