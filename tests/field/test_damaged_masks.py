"""`data.allow_damaged=true` in every reader of COCO's JSON: left out, counted in run.json, the title and the table."""

import json

import pytest
from PIL import Image

from sambench.cli import dispatch
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.runs.open import load_run

QUIET = ["workers=0", "progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]
SOUND = [[4, 4, 30, 4, 30, 40, 4, 40]]
DAMAGED = {"size": [48, 64], "counts": [5]}
READERS = {
    "pidray": ("annotations/xray_test_hard.json", "hard/a.png"),
    "trashcan": ("instance_version/instances_train_trashcan.json", "instance_version/train/a.png"),
    "zerowaste": ("train/labels.json", "train/data/a.png"),
    "timberseg": ("original/coco_annotation.json", "original/images/a.png"),
    "ndispark": ("train/train_coco_annotations.json", "train/imgs/a.png"),
    "plittersdorf": ("train.json", "images/a.png"),
    "ibd": ("truth.json", "train/a.png"),
    "coco_masks": ("annotations/instances_val2017.json", "val2017/a.png"),
    "own": ("annotations/truth.json", "images/a.png"),
}
SWITCHES = {
    "zerowaste": ["data.masks=union"],
    "plittersdorf": ["data.split=train"],
    "ibd": ["data.annotations=truth.json"],
}


@pytest.mark.parametrize("reader", READERS)
def test_damaged_masks_are_left_out_where_that_is_asked_for_and_told_everywhere(tmp_path, monkeypatch, capsys, reader):
    monkeypatch.chdir(tmp_path)
    truth, image = (tmp_path / "data" / path for path in READERS[reader])
    for path in (truth, image):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48)).save(image)
    sides = {"image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [4, 4, 26, 36], "area": 936}
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 48, "width": 64}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{"id": 1, "segmentation": SOUND, **sides}, {"id": 2, "segmentation": DAMAGED, **sides}],
    }
    truth.write_text(json.dumps(content))
    data = [f"data={reader}", "data.root=data", *SWITCHES.get(reader, [])]
    command = ["run", "task=points", *data, "model.name=toys:ToyModel", "run.dir=out", *QUIET]
    with pytest.raises(DatasetError, match=r"data\.allow_damaged=true.*annotation 2: run lengths cover 5 pixels"):
        dispatch(command)
    assert dispatch([*command, "data.allow_damaged=true"]) == 0
    assert "1 damaged masks of 2 left out" in capsys.readouterr().out
    run = load_run("out")
    assert run.record["data"]["card"]["title"].endswith(", 1 damaged masks of 2 left out")
    assert len({row["object"] for row in run.rows()}) == 1
    assert dispatch(["table", "points", "runs=[out]"]) == 0
    assert "1 damaged masks of 2 left out" in capsys.readouterr().out


MEANINGLESS = {
    "odd": [[4, 4, 30, 4, 30, 40, 4]],
    "points": [[[4, 4], [30, 4], [30, 40]]],
    "pairs": [[4, 4], [30, 4], [30, 40, 1]],
    "text": json.dumps({"size": [48, 64], "counts": [3072]}),
    "a good piece and an odd one": [*SOUND, [4, 4, 30, 4, 30, 40, 4]],
}


@pytest.mark.parametrize("segmentation", MEANINGLESS.values(), ids=MEANINGLESS)
def test_no_mask_vanishes_from_points_that_instances_refuse(tmp_path, segmentation):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    sides = {"image_id": 1, "category_id": 1}
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 48, "width": 64}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{"id": 1, "segmentation": SOUND, **sides}, {"id": 2, "segmentation": segmentation, **sides}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="annotation 2: "):
        _ = own(tmp_path).keys
    found = own(tmp_path, allow_damaged=True)
    assert found.card.title.endswith(", 1 damaged masks of 2 left out")
    assert [one.id for one in found.load("a").target.annotations] == [1]


def test_pieces_of_two_points_are_left_out_as_ever(tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    sides = {"image_id": 1, "category_id": 1}
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 48, "width": 64}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{"id": 1, "segmentation": SOUND, **sides}, {"id": 2, "segmentation": [[4, 4, 9, 9]], **sides}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(content))
    found = own(tmp_path)
    assert found.keys == ["a"]
    assert [one.id for one in found.load("a").target.annotations] == [1]
    assert any("mask 2 left out: polygon should hold" in line for line in found.report)
