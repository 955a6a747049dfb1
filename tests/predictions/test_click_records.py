"""Clicked masks there and back, and strings of run lengths that do not fill their image."""

import gzip
import json

import numpy as np
import pytest

from sambench.errors import PredictionError
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.predictions.click_records import ClickFolder, ClickPrediction, write_clicks
from sambench.types import Annotation, InstanceTruth, Sample

SIZE = (4, 5)


@pytest.fixture
def stored(tmp_path):
    """Three masks of one image, the first without a pixel and the last all of it; returns masks, sample and reader."""
    masks = np.zeros((3, *SIZE), bool)
    masks[1, 1:3, 1:4] = masks[2] = True
    codes = encode_masks(masks)
    clicked = ClickedObjects(
        points_xy=np.zeros((3, 1, 2), np.int64),
        labels=np.ones((3, 1), np.int64),
        counts=(1,),
        masks=[runs_of_rles(codes, SIZE)],
        predicted_iou=np.array([[0.1], [0.2], [0.3]]),
        candidates=None,
        candidates_iou=np.zeros((3, 0)),
    )
    write_clicks(ClickPrediction(["1", "2", "3"], clicked), SIZE, tmp_path, "image")
    objects = [Annotation(id=number, category_id=1, rle=codes[1], area=6.0) for number in (1, 2, 3)]
    sample = Sample(id="image", image=np.zeros((*SIZE, 3), np.uint8), target=InstanceTruth(objects, image_id=1))
    reader = ClickFolder(tmp_path, ["image"], (1,), lambda one: [str(found.id) for found in one.target.annotations])
    return clicked, sample, reader


def rewritten(folder, string):
    """Put another string in the place of the second mask."""
    path = folder / "image.json.gz"
    content = json.loads(gzip.decompress(path.read_bytes()))
    content["objects"][1]["masks"] = [string]
    path.write_bytes(gzip.compress(json.dumps(content).encode()))


def test_masks_come_back(stored):
    clicked, sample, reader = stored
    found = reader.read(sample).clicked
    assert found.masks[0].counts.tolist() == clicked.masks[0].counts.tolist()
    assert found.masks[0].lengths.tolist() == clicked.masks[0].lengths.tolist()
    assert found.predicted_iou.tolist() == clicked.predicted_iou.tolist()


@pytest.mark.parametrize("string", ["54", "5400", "", "5\x7f"])
def test_runs_that_do_not_fill_the_image_are_refused(stored, tmp_path, string):
    _, sample, reader = stored
    rewritten(tmp_path, string)
    with pytest.raises(PredictionError, match="cannot be used"):
        reader.read(sample)


def test_runs_around_one_of_no_pixels_are_joined(stored, tmp_path):
    _, sample, reader = stored
    rewritten(tmp_path, "520;")  # 5, 2, 0 and 13 pixels: the fourth is told as 11 more than the second
    masks = reader.read(sample).clicked.masks[0]
    assert masks.lengths.tolist() == [1, 2, 2]
    assert masks.counts.tolist() == [20, 5, 15, 0, 20]
