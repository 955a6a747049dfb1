import json
from dataclasses import asdict
from importlib.resources import files

import numpy as np
import pytest
import yaml
from sambench.tasks.proposals import ProposalsTask

import sambench
from sambench.datasets.mini.reader import Mini
from sambench.errors import PredictionError, UsageError
from sambench.masks import rle
from sambench.masks.generator_settings import PRESETS
from sambench.metrics.coco.detections import Detections
from sambench.types import Annotation, InstanceTruth, Sample

SIZE = (40, 60)


def masks(*boxes):
    """Full rectangles (x0, y0, x1, y1)."""
    drawn = np.zeros((len(boxes), *SIZE), bool)
    for mask, (x0, y0, x1, y1) in zip(drawn, boxes, strict=True):
        mask[y0:y1, x0:x1] = True
    return rle.encode_masks(drawn)


def quick(folder, *overrides, **more):
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 1, "cache": {"enabled": False}}
    fixed = ["model.name=toys:ToyModel", "task.points_per_side=4"]
    run = {"dir": str(folder)}
    return sambench.run("proposals", overrides=[*fixed, *overrides], run=run, **{**settings, "limit": 2, **more})


def test_presets_hold_the_papers_settings():
    folder = files("sambench.configs") / "task" / "proposals"
    presets = {item.name[:-5]: yaml.safe_load(item.read_text()) for item in folder.iterdir()}
    defaults = json.loads(json.dumps(asdict(ProposalsTask())))
    del defaults["categories"]
    assert {key: value for key, value in presets["paper"].items() if key != "preset"} == defaults
    generators = [("paper", "proposals"), ("single_output", "proposals_single"), ("paper_sa1b", "paper_sa1b")]
    for name, generator in generators:
        assert {key: presets[name][key] for key in asdict(PRESETS[generator])} == asdict(PRESETS[generator])
    for name, preset in presets.items():
        assert preset["preset"] == name
        assert preset.keys() == presets["paper"].keys()


def test_the_articles_pipeline():
    """Logits of +-.2007 are the probabilities .55 and .45."""
    folder = files("sambench.configs") / "task" / "proposals"
    article, crops, paper = (
        yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in ("article", "article_crops", "paper")
    )
    offset = article["stability_score_offset"]
    assert [1 / (1 + np.exp(-logit)) for logit in (offset, -offset)] == pytest.approx([0.55, 0.45], abs=1e-15)
    assert {key: article[key] for key in article if article[key] != paper[key]} == {
        "preset": "article",
        "points_per_side": 32,
        "pred_iou_thresh": 0.88,
        "stability_score_thresh": 0.95,
        "stability_score_offset": offset,
        "box_nms_thresh": 0.7,
        "nms_overlap": "mask",
        "iou_type": "bbox",
    }
    assert {key for key in article if article[key] != crops[key]} == {
        "preset",
        "crop_n_layers",
        "crop_n_points_downscale_factor",
    }


def test_recall_by_hand():
    """One object found whole, one with IoU 3/4, one missed: recall 2/3 up to .75, 1/3 above."""
    found = masks((0, 0, 10, 10), (20, 20, 40, 40), (50, 0, 60, 10))
    areas = [100, 400, 100]
    objects = [Annotation(i, 1, code, area) for i, (code, area) in enumerate(zip(found, areas, strict=True))]
    predicted = masks((20, 20, 35, 40), (0, 0, 10, 10))
    sample = Sample("a", np.zeros((*SIZE, 3), np.uint8), InstanceTruth(objects, 5))
    task = ProposalsTask()
    rows = task.score(sample, Detections(np.array([0.9, 0.5]), np.ones(2, int), predicted))
    metrics = task.summarize(rows)
    assert metrics["AR@1000"].value == pytest.approx((6 * 2 + 4 * 1) / 3 / 10)
    assert metrics["AR@1"].value == pytest.approx(6 / 3 / 10)
    assert metrics["proposals_per_image"].value == 2
    assert metrics["AR@1000"].reference == "proposals/all"
    assert metrics["ARs@1000"].reference == "proposals/small"


def test_runs_on_the_embedded_data_with_every_evaluator(tmp_path):
    fast = quick(tmp_path / "fast", limit=1)
    assert {"AR@1000", "ARs@1000", "ARr@1000", "ARf@10"} <= fast.metrics.keys()
    both = quick(tmp_path / "both", "task.evaluator=both", limit=1)
    assert {name: m.value for name, m in fast.metrics.items() if m.value == m.value} == {
        name: m.value for name, m in both.metrics.items() if m.value == m.value
    }
    boxes = quick(tmp_path / "boxes", "task.iou_type=bbox", limit=1)
    assert boxes.metrics["AR@1000"].value != fast.metrics["AR@1000"].value


def test_ranked_at_random_by_seed_and_single_masks(tmp_path):
    runs = [
        quick(tmp_path / name, "task/proposals=single_output", "task.points_per_side=4", f"task.seed={seed}")
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    ]
    first, again, other = ([path.read_bytes() for path in sorted(run.predictions.rglob("*.gz"))] for run in runs)
    assert first == again
    assert first != other


def test_scoring_saved_masks_gives_the_run_again(tmp_path):
    run = quick(tmp_path / "run")
    overrides = ["data.limit=2", "task.points_per_side=4"]
    again = sambench.score(
        "proposals", "mini", run.predictions, overrides, workers=0, progress="off", run={"dir": str(tmp_path / "again")}
    )
    assert again.rows() == run.rows()


def test_images_without_proposals_count_as_missed_only_when_asked(tmp_path):
    dataset, entries = Mini(kind="lvis", limit=2), []
    truths = [dataset.load_truth(key) for key in dataset.keys]
    for found in truths[0].annotations:
        mask = rle.to_json(found.rle)
        entries.append({"image_id": truths[0].image_id, "category_id": 1, "segmentation": mask, "score": 1.0})
    path = tmp_path / "perfect.json"
    path.write_text(json.dumps(entries))
    settings = {"workers": 0, "progress": "off", "run": {"dir": str(tmp_path / "again")}}
    with pytest.raises(PredictionError, match="1 of 2 samples have no prediction"):
        sambench.score("proposals", "mini", path, ["data.limit=2"], **settings)
    run = sambench.score("proposals", "mini", path, ["data.limit=2"], allow_missing=True, **settings)
    share = len(truths[0].annotations) / sum(len(truth.annotations) for truth in truths)
    assert run.metrics["AR@1000"].n == 2
    assert run.metrics["AR@1000"].value == pytest.approx(share)
    assert run.record["model"]["missing_means"] == "empty"


def test_boundary_data_are_refused(tmp_path):
    with pytest.raises(UsageError, match="reads InstanceTruth, but mini holds BoundaryTruth"):
        quick(tmp_path / "run", "data.kind=bsds")
