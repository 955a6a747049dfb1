import json
from dataclasses import asdict
from importlib.resources import files

import numpy as np
import pytest
import torch
import yaml
from sambench.tasks.instances import InstancesTask

import sambench
from sambench.datasets.mini.reader import Mini
from sambench.errors import PredictionError, UsageError
from sambench.masks import rle
from sambench.masks.overlap import mask_ious
from sambench.masks.windows import runs_of_rles
from sambench.prompts.refine import answer_boxes, most_confident
from sambench.types import Embedding, MaskFrame, Masks


class Echo:
    """Answers with logits that say what was asked: the box's x0, and whether a mask came with it."""

    def __init__(self):
        self.asked = []

    def decode(self, embedding, prompts, multimask):
        self.asked.append((len(prompts), prompts.mask_logits is not None, multimask))
        for start in range(0, len(prompts), 2):
            part = prompts[start : start + 2]
            count = 3 if multimask else 1
            base = part.boxes_xyxy[:, :1] + (part.mask_logits[:, 0, :1] if part.mask_logits is not None else 0)
            logits = (base + torch.arange(count))[..., None, None].expand(-1, -1, 4, 4)
            iou = torch.tensor([[0.1, 0.9, 0.9][:count]]).expand(len(part), -1)
            yield Masks(logits, iou, MaskFrame((4, 4)))


def answers(passes, first, final, boxes=5):
    source = Echo()
    boxes_xyxy = torch.arange(boxes, dtype=torch.float32)[:, None] * 10 + torch.tensor([0.0, 0, 4, 4])
    found = list(answer_boxes(source, Embedding({}, (4, 4)), boxes_xyxy, passes, first, final))
    return source.asked, torch.cat([masks.logits[:, 0, 0, 0] for masks in found]).tolist()


def test_most_confident_takes_the_first_of_equals():
    masks = Masks(torch.arange(6.0).reshape(1, 3, 1, 2), torch.tensor([[0.2, 0.7, 0.7]]), MaskFrame((1, 2)))
    best = most_confident(masks)
    assert best.logits.flatten().tolist() == [2, 3]
    assert best.predicted_iou.tolist() == [[pytest.approx(0.7)]]


def test_second_pass_feeds_the_best_mask_back_with_its_own_box():
    asked, found = answers(2, True, False)
    assert asked == [(5, False, True), (2, True, False), (2, True, False), (1, True, False)]
    assert found == [x + (x + 1) for x in (0, 10, 20, 30, 40)]


def test_single_pass_and_outputs():
    assert answers(1, True, False) == ([(5, False, True)], [1, 11, 21, 31, 41])
    assert answers(1, False, False) == ([(5, False, False)], [0, 10, 20, 30, 40])
    assert answers(2, True, True)[1] == [2, 22, 42, 62, 82]


def test_paired_ious_by_hand():
    drawn = np.zeros((3, 4, 6), bool)
    drawn[0, :, :4] = True
    drawn[1, :, 2:] = True
    codes = rle.encode_masks(drawn)
    found, own = (runs_of_rles([codes[i] for i in chosen], (4, 6)) for chosen in ((0, 2, 0), (1, 2, 0)))
    assert mask_ious(found, own).tolist() == [8 / 24, 0, 1]


def test_presets_name_every_switch():
    folder = files("sambench.configs") / "task" / "instances"
    presets = {item.name[:-5]: yaml.safe_load(item.read_text()) for item in folder.iterdir()}
    defaults = json.loads(json.dumps(asdict(InstancesTask())))
    del defaults["categories"], defaults["detector"], defaults["data_rules"]
    assert {key: value for key, value in presets["paper"].items() if key != "preset"} == defaults
    assert {preset.keys() == presets["paper"].keys() for preset in presets.values()} == {True}
    assert presets["efficientvit"]["passes"] == 1
    assert presets["edgesam"]["first_output"] == "single"


def quick(folder, *overrides, **more):
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 1, "cache": {"enabled": False}}
    run = {"dir": str(folder)}
    words = ["model.name=toys:ToyModel", *overrides]
    return sambench.run("instances", overrides=words, run=run, **{**settings, "limit": 3, **more})


def detector_file(path, kind="coco", scores=None, **change):
    """A detector that finds every object's own box, with falling scores."""
    dataset, entries = Mini(kind=kind), []
    for key in dataset.keys:
        truth = dataset.load_truth(key)
        for index, found in enumerate(truth.annotations):
            entry = {"image_id": truth.image_id, "category_id": found.category_id, "score": 1 / (2 + index)}
            entries.append({**entry, "bbox": list(found.box_xywh), **change})
    path.write_text(json.dumps(entries))
    return path


def test_ground_truth_boxes_give_their_mean_iou_too(tmp_path):
    run = quick(tmp_path / "run")
    rows = run.rows()
    ious = np.concatenate([row["box_iou"] for row in rows])
    assert run.metrics["box_mIoU"].value == pytest.approx(ious.mean())
    assert 0.1 < ious.mean() < 0.9
    crowds = sum(
        found.iscrowd
        for key in Mini(kind="coco", limit=3).keys
        for found in Mini(kind="coco").load_truth(key).annotations
    )
    objects = sum(len(Mini(kind="coco").load_truth(key).annotations) for key in Mini(kind="coco", limit=3).keys)
    assert len(ious) == objects - crowds
    assert run.metrics["AP"].reference == "instances/COCO AP"


@pytest.mark.parametrize("kind", ["coco", "lvis"])
def test_detector_boxes_by_every_evaluator(tmp_path, kind):
    boxes = detector_file(tmp_path / "boxes.json", kind)
    words = [f"data.kind={kind}", f"task.boxes={boxes}"]
    fast, both = quick(tmp_path / "fast", *words), quick(tmp_path / "both", *words, "task.evaluator=both")
    assert str(fast.metrics) == str(both.metrics)
    assert "box_mIoU" not in fast.metrics
    assert ("APr" in fast.metrics) == (kind == "lvis")
    assert fast.record["identity"]["task"]["boxes"] != str(boxes)
    assert len(fast.record["identity"]["task"]["boxes"]) == 64


def test_switches_choose_boxes_and_scores(tmp_path):
    boxes = detector_file(tmp_path / "boxes.json")
    word = f"task.boxes={boxes}"

    def scores(name, *more):
        run = quick(tmp_path / name, word, *more, limit=1)
        import gzip

        (path,) = run.predictions.rglob("*.gz")
        return [entry["score"] for entry in json.loads(gzip.decompress(path.read_bytes()))]

    every = scores("all")
    assert scores("two", "task.max_boxes=2") == every[:2]
    assert scores("high", "task.min_score=0.3") == [score for score in every if score >= 0.3]
    assert all(a < b for a, b in zip(scores("iou", "task.detection_score=times_iou"), every, strict=True))


def test_boxes_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(PredictionError, match="unknown category_id"):
        quick(tmp_path / "a", f"task.boxes={detector_file(tmp_path / 'c.json', category_id=999)}")
    with pytest.raises(PredictionError, match="outside its image"):
        quick(tmp_path / "b", f"task.boxes={detector_file(tmp_path / 'o.json', bbox=[9999, 1, 2, 2])}")
    with pytest.raises(UsageError, match="boxes is a folder"):
        quick(tmp_path / "c", f"task.boxes={tmp_path}")
    with pytest.raises(PredictionError, match="no results file"):
        quick(tmp_path / "d", "task.boxes=/nowhere.json")


def test_results_made_elsewhere_are_scored(tmp_path):
    """Perfect masks have AP 1, whatever made them."""
    dataset, entries = Mini(kind="coco"), []
    for key in dataset.keys:
        truth = dataset.load_truth(key)
        for found in truth.annotations:
            if not found.iscrowd:
                mask = rle.to_json(found.rle)
                entries.append(
                    {"image_id": truth.image_id, "category_id": found.category_id, "segmentation": mask, "score": 1.0}
                )
    path = tmp_path / "perfect.json"
    path.write_text(json.dumps(entries))
    run = sambench.score("instances", "mini", path, workers=0, progress="off", run={"dir": str(tmp_path / "run")})
    assert run.metrics["AP"].value == 1
    assert run.metrics["AR@100"].value == 1
    assert run.record["model"]["name"] == "perfect"
