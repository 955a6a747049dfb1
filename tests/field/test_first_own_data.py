"""Whoever follows docs/own_data.md with six images of their own gets right figures in the tables, for every task."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from own_folders import write_own
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sambench.cli import dispatch
from sambench.runs.open import load_run
from sambench.runs.summary import number

QUIET = ["workers=0", "progress=off", "illustrate=0", "device=cpu", "run.dir=made"]
COCO_JSON = ["data=own", "data.annotations=gt.json", "data.images=photos"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_own(tmp_path)


def made(*words):
    assert dispatch([*words, *QUIET]) == 0
    return load_run("made").metrics


def tabled(name, value, capsys):
    """The table of a task shows the run's number in the part of one's own data."""
    capsys.readouterr()
    assert dispatch(["table", name, "runs=[made]"]) == 0
    told = capsys.readouterr().out.partition(f"{name} on own data")[2]
    assert number(value) in told


def shifted():
    """Every object two pixels to the right, and as many false ones, with scores of their own."""
    truth = json.loads(Path("gt.json").read_text())
    found = []
    for one in truth["annotations"]:
        x, y, width, height = one["bbox"]
        moved = [x + 2, y, x + width + 2, y, x + width + 2, y + height, x + 2, y + height]
        result = {"image_id": one["image_id"], "category_id": one["category_id"]}
        found.append(result | {"segmentation": [moved], "score": 0.3 + 0.05 * one["id"]})
        found.append(result | {"segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]], "score": 0.29 + 0.05 * one["id"]})
    Path("found.json").write_text(json.dumps(found))
    return found


def of_coco(found, **parameters):
    """COCOeval, with every polygon as its mask."""
    truth = COCO("gt.json")
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth.dataset["images"]}
    as_masks = []
    for one in found:
        drawn = truth.annToRLE({"image_id": one["image_id"], "segmentation": one["segmentation"]})
        assert tuple(drawn["size"]) == sizes[one["image_id"]]
        as_masks.append({**one, "segmentation": drawn})
    evaluation = COCOeval(truth, truth.loadRes(as_masks), "segm")
    for key, value in parameters.items():
        setattr(evaluation.params, key, value)
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval


def test_instances_are_those_of_coco(capsys):
    evaluated = of_coco(shifted())
    metrics = made("score", "task=instances", *COCO_JSON, "predictions=found.json")
    assert metrics["AP"].value == pytest.approx(evaluated["precision"][:, :, :, 0, 2].mean(), abs=1e-9)
    assert 0.2 < metrics["AP"].value < 0.8
    tabled("instances", metrics["AP"].value, capsys)


def test_proposals_are_those_of_coco(capsys):
    evaluated = of_coco(shifted(), useCats=0, maxDets=[1, 10, 1000])
    metrics = made("score", "task=proposals", *COCO_JSON, "predictions=found.json")
    for place, most in enumerate((1, 10, 1000)):
        assert metrics[f"AR@{most}"].value == pytest.approx(evaluated["recall"][:, 0, 0, place].mean(), abs=1e-9)
    assert 0.2 < metrics["AR@1000"].value < 0.8
    tabled("proposals", metrics["AR@1000"].value, capsys)


def test_points_are_the_overlap_with_the_id_images(capsys):
    metrics = made("run", "task=points", "data=own", "data.root=my_photos", "model.name=toys:ToyModel")
    overlaps = []
    for index in range(1, 7):
        ids = np.asarray(Image.open(f"my_photos/labels/{index}.png"))
        stored = json.loads(gzip.decompress(Path(f"made/predictions/{index}.json.gz").read_bytes()))
        for one in stored["objects"]:
            mask = coco_mask.decode({"size": stored["size"], "counts": one["masks"][0]}).astype(bool)
            truth = ids == int(one["id"])
            overlaps.append((mask & truth).sum() / (mask | truth).sum())
    assert len(overlaps) == 12
    assert metrics["mIoU@1"].value == pytest.approx(np.mean(overlaps))
    tabled("points", metrics["mIoU@1"].value, capsys)


def test_edges_are_half_right_where_half_the_maps_are(capsys):
    for index in (4, 5, 6):  # drawn lines 3 pixels lower, where .0075 of the diagonal of 50 is allowed
        lines = np.asarray(Image.open(f"maps/{index}.png"))
        Image.fromarray(np.roll(lines, 3, 0)).save(f"maps/{index}.png")
    metrics = made("score", "task=edges", "data=own", "data.root=my_lines", "predictions=maps", "predictions.nms=none")
    assert metrics["ods"].value == pytest.approx(0.5)
    assert "boundary maps" in capsys.readouterr().out
    tabled("edges", metrics["ods"].value, capsys)
    assert dispatch(["data", "check", "own", "root=my_lines", "task=edges"]) == 0
    assert "own: 6 samples read" in capsys.readouterr().out
