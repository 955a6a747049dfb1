"""Task noise end to end on generated scenes: prompts as they are give what other tasks give, moved ones scatter."""

from dataclasses import asdict

import numpy as np
import pytest
from sambench.tasks.noise import NoiseTask
from toys import ToyModel

import sambench
from sambench.api.calls import compose
from sambench.drawing.figures.noise import by_strength, iou_against_noise
from sambench.errors import DatasetError, UsageError
from sambench.tables.collect import build_named
from sambench.types import Annotation, InstanceTruth, Sample

WORDS = ["task.draws=3", "task.strengths=[0.5,2]"]


def evaluate(task, folder, words=(), limit=2):
    return sambench.evaluate(ToyModel(), task, overrides=list(words), limit=limit, run={"dir": str(folder)})


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    return evaluate("noise", tmp_path_factory.mktemp("boxes") / "run", WORDS)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory):
    return evaluate("noise", tmp_path_factory.mktemp("clicks") / "run", [*WORDS, "task.prompt_noise=distance"])


def clean(run):
    return [row["clean_iou"] for row in run.rows() if row["strength"] == 0.5]


def test_boxes_as_they_are_give_what_task_instances_gives(boxes, tmp_path):
    instances = evaluate("instances", tmp_path / "run")
    assert clean(boxes) == [iou for row in instances.rows() for iou in row["box_iou"]]


def test_clicks_as_they_are_give_what_task_points_gives(clicks, tmp_path):
    points = evaluate("points", tmp_path / "run", ["task.clicks=[1]"])
    assert clean(clicks) == [row["iou"] for row in points.rows()]


def test_metrics_by_strength(boxes, clicks):
    names = list(boxes.metrics)
    assert names[:6] == ["mIoU@0", "mIoU@0.5", "drop@0.5", "spread@0.5", "worst@0.5", "box_IoU@0.5"]
    assert boxes.metrics["box_IoU@2"].value < boxes.metrics["box_IoU@0.5"].value < 1
    assert boxes.metrics["worst@2"].value <= boxes.metrics["mIoU@2"].value
    assert not boxes.metrics["spread@2"].higher_is_better
    assert not boxes.metrics["drop@2"].higher_is_better
    assert "box_IoU@2" not in clicks.metrics
    assert {len(row["ious"]) for row in clicks.rows()} == {3}


def test_an_image_alone_draws_as_among_others(boxes, tmp_path):
    first = boxes.rows()[0]["sample_id"]
    alone = evaluate("noise", tmp_path / "run", WORDS, limit=1)
    assert alone.rows() == [row for row in boxes.rows() if row["sample_id"] == first]
    other = evaluate("noise", tmp_path / "other", [*WORDS, "task.seed=1"], limit=1)
    assert clean(other) == clean(alone)
    assert other.rows() != alone.rows()


def test_runs_stand_in_table_and_figure(boxes, clicks, tmp_path):
    run = evaluate("noise", tmp_path / "run", ["task.strengths=[1]", "task.draws=2"])
    table = build_named("noise", [run, clicks], str(tmp_path)).table
    assert table["prompt_noise"].tolist()[0] == "sam2"
    assert table["worst"][0].startswith(".")
    assert list(by_strength(boxes, "mIoU")) == [0.0, 0.5, 2.0]
    files = iou_against_noise([boxes, clicks], tmp_path / "figure")
    assert [path.name for path in files] == ["iou_against_noise.png", "iou_against_noise.svg"]
    assert iou_against_noise([boxes, clicks], tmp_path / "again")[0].read_bytes() == files[0].read_bytes()


def test_what_has_no_answer_is_told():
    class Several:
        card = type("Card", (), {"name": "sa23"})

        def dataset_of(self, key):
            return key

    with pytest.raises(UsageError, match="made of several data sets"):
        NoiseTask().for_dataset(Several())
    with pytest.raises(DatasetError, match="no object"):
        NoiseTask().summarize([])
    for wrong in ({"prompt_noise": "gauss"}, {"strengths": (1.0, 1.0)}, {"strengths": ()}, {"draws": 1}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            NoiseTask(**wrong)
    assert [question.box for question in NoiseTask().questions()] == [True, True]
    assert [question.points for question in NoiseTask(prompt_noise="jitter").questions()] == [1]


def test_images_without_an_object_have_no_row():
    empty = Annotation(1, 1, {"size": [4, 4], "counts": b"@0"}, 0.0)
    sample = Sample("a", np.zeros((4, 4, 3), np.uint8), InstanceTruth([empty], 1))
    assert NoiseTask().objects(sample) == []
    assert NoiseTask().score(sample, None) == []


def test_preset_is_what_the_switches_default_to():
    task = compose(["task=noise"])["task"]
    assert {task.pop("name"), task.pop("preset")} == {"noise", "paper"}
    assert {**task, "strengths": tuple(task["strengths"])} == asdict(NoiseTask())
