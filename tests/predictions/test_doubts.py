"""Detections that can be read one by one and are doubtful together."""

import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from sambench.errors import PredictionError
from sambench.predictions.coco_results import ResultsFile
from sambench.types import InstanceTruth, Sample

SIZE = (64, 96)
SHAPES = [[10, 20, 30, 20, 30, 60, 10, 60], [50, 4, 90, 4, 90, 24, 50, 24]]


def entry(polygon, score=0.9, **more):
    [code] = coco_mask.frPyObjects([polygon], *SIZE)
    box = [float(side) for side in coco_mask.toBbox(code)]
    return {"image_id": 1, "category_id": 1, "segmentation": [polygon], "bbox": box, "score": score, **more}


def opened(tmp_path, entries, boxes=False):
    (tmp_path / "results.json").write_text(json.dumps(entries))
    return ResultsFile(tmp_path / "results.json", {1: "one"}, {1: SIZE}, {1}, boxes)


def test_sound_detections_raise_no_doubt(tmp_path):
    file = opened(tmp_path, [entry(shape) for shape in SHAPES])
    assert file.notes == []
    assert file.choices == {}


def test_polygons_in_shares_of_the_image_are_told(tmp_path):
    shares = [[x / (64 if place % 2 else 96) for place, x in enumerate(shape)] for shape in SHAPES]
    [note] = opened(tmp_path, [entry(shape) for shape in shares]).notes
    assert note.startswith("2 of 2 masks looked at have no pixel")


def test_detections_that_stand_twice_are_told(tmp_path):
    [note] = opened(tmp_path, [entry(SHAPES[0]), entry(SHAPES[1]), entry(SHAPES[0]), entry(SHAPES[1], 0.8)]).notes
    assert note.startswith("1 detections are the same as an earlier one")


def test_swapped_polygons_and_masks_row_by_row_are_told(tmp_path):
    swapped = [[*shape] for shape in SHAPES]
    for shape in swapped:
        shape[::2], shape[1::2] = shape[1::2], shape[::2]
    entries = [{**entry(shape), "segmentation": [other]} for shape, other in zip(SHAPES, swapped, strict=True)]
    [note] = opened(tmp_path, entries).notes
    assert "x and y of one of both changed" in note
    rows = []
    for shape in SHAPES:
        [code] = coco_mask.frPyObjects([shape], *SIZE)
        turned = np.asfortranarray(coco_mask.decode(code).ravel().reshape(SIZE, order="F"))
        rows.append(
            {**entry(shape), "segmentation": {"size": SIZE, "counts": coco_mask.encode(turned)["counts"].decode()}}
        )
    [note] = opened(tmp_path, rows).notes
    assert note.startswith("of 2 objects looked at, most have their box")


def test_where_boxes_are_scored_those_of_the_file_are_taken_and_not_the_masks(tmp_path):
    sample = Sample("one", np.zeros((*SIZE, 3), np.uint8), InstanceTruth([], 1))
    stated = [[1, 2, 30, 40], [5, 6, 7, 8]]
    entries = [entry(shape, bbox=box) for shape, box in zip(SHAPES, stated, strict=True)]
    file = opened(tmp_path, entries, boxes=True)
    found = file.read(sample)
    assert found.shapes("bbox").tolist() == stated
    assert found.areas.tolist() == [1200, 56]  # as pycocotools' loadRes has it
    assert file.choices == {"boxes": "stated"}
    assert opened(tmp_path, entries).read(sample).rles is not None
    alone = [{key: value for key, value in one.items() if key != "bbox"} for one in entries]
    file = opened(tmp_path, alone, boxes=True)
    assert file.read(sample).shapes("bbox").tolist() == [entry(shape)["bbox"] for shape in SHAPES]
    assert file.choices == {"boxes": "of_masks"}
    with pytest.raises(PredictionError, match="1 of 2 detections have a bbox"):
        opened(tmp_path, [entries[0], alone[1]], boxes=True)
