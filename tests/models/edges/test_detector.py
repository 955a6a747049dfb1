"""Models that find edges by themselves: what the edges task makes of their maps, and what everything else says."""

import numpy as np
import pytest
import torch
from sambench.tasks.edges import EdgesTask
from toys import write_bsds

import sambench
from sambench.cli import dispatch
from sambench.config.resolve import build
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import ModelError, UsageError
from sambench.models.base import check_questions
from sambench.models.edges.detector import EdgeDetector, strength_of
from sambench.predictions.edge_maps import write_map
from sambench.predictions.edge_suppression import suppressed
from sambench.types import BoundaryTruth, Prompts, Sample

IMAGE = np.zeros((20, 30, 3), np.uint8)
ONE_POINT = Prompts(torch.zeros(1, 1, 2), torch.ones(1, 1, dtype=torch.int64))
SAMPLE = Sample("s", IMAGE, BoundaryTruth([], [np.zeros((20, 30), bool)]))


class Given(EdgeDetector):
    """Answers every image with one map."""

    name = "given"

    def __init__(self, found):
        self.found = found
        self.identify(1, found=np.asarray(found).tobytes().hex())

    def detect(self, image):
        return self.found


class GivenThin(Given):
    thin_edges = True


def ramp():
    """A ridge three pixels wide, .2 .8 .2, down the middle (20, 30)."""
    found = np.zeros((20, 30))
    found[:, 14:17] = 0.2, 0.8, 0.2
    return found


def predict(model, **switches):
    return EdgesTask(**switches).predict(SAMPLE, Predictor(model, None, Stages()))


def test_thick_maps_are_suppressed_as_published_rows_are_and_thin_ones_left():
    np.testing.assert_array_equal(predict(Given(ramp())), suppressed(ramp().astype(np.float32)))
    np.testing.assert_array_equal(predict(GivenThin(ramp())), np.round(ramp() * 255))
    assert np.count_nonzero(predict(Given(ramp()))[10]) == 1


def test_the_switch_says_otherwise_and_maps_are_not_stretched():
    np.testing.assert_array_equal(predict(Given(ramp()), detector_nms="none"), predict(GivenThin(ramp())))
    np.testing.assert_array_equal(predict(GivenThin(ramp()), detector_nms="toolbox"), predict(Given(ramp())))
    fine = predict(Given(ramp()), detector_nms="none", map_dtype="float32")
    np.testing.assert_array_equal(fine, ramp().astype(np.float32))
    assert fine.max() == np.float32(0.8)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (np.zeros((30, 20)), "20 x 30 .height x width. with a map of type float64, 30 x 20"),
        (np.zeros((20, 30), np.uint8), "map of type uint8"),
        (np.full((20, 30), 1.5), "holds 1.5, outside"),
        (np.full((20, 30), -0.5), "holds -0.5, outside"),
    ],
)
def test_what_is_no_map_is_told_with_its_detector(found, message):
    with pytest.raises(ModelError, match=message) as error:
        predict(Given(found))
    assert "Given.detect" in str(error.value.where)


def test_a_map_with_a_nan_is_told_with_its_sample():
    with pytest.raises(ModelError, match=r"NaN .edge_strength.") as error:
        predict(Given(np.full((20, 30), np.nan)))
    assert "sample s" in error.value.where


@pytest.mark.parametrize("task", ["points", "proposals", "instances"])
def test_every_other_task_refuses_in_a_sentence_without_switches_that_do_not_help(task):
    with pytest.raises(
        UsageError, match="finds an image's edges by itself, for task=edges, and takes no prompts"
    ) as error:
        check_questions(Given(ramp()), build("tasks", "task", {"name": task}).questions())
    assert error.value.mend == "choose another model"
    check_questions(Given(ramp()), build("tasks", "task", {"name": "edges"}).questions())


def test_a_detector_decodes_nothing():
    model = Given(ramp())
    (embedding,) = model.encode([IMAGE])
    np.testing.assert_array_equal(strength_of(embedding), ramp().astype(np.float32))
    with pytest.raises(ModelError, match="has no masks"):
        model.decode(embedding, ONE_POINT, True)


def test_a_run_scores_what_its_saved_maps_score_and_caches_nothing(tmp_path):
    data = write_bsds(tmp_path / "data", size=(48, 64))
    words = [f"data.root={data}", "task.thresholds=9"]
    quiet = {"workers": 0, "progress": "off", "illustrate": 0, "cache": {"dir": str(tmp_path / "cache")}}
    run = sambench.run("edges", "sobel", "bsds500", overrides=words, run={"dir": str(tmp_path / "a")}, **quiet)
    model = build("models", "model", {"name": "sobel"})
    dataset = build("datasets", "data", {"name": "bsds500", "root": str(data)})
    for key in dataset.keys:
        write_map(model.detect(dataset.load(key).image).astype(np.float32), tmp_path / "maps", key)
    words += ["predictions.nms=toolbox", f"run.dir={tmp_path / 'b'}"]
    scored = sambench.score("edges", "bsds500", tmp_path / "maps", overrides=words, **quiet)
    assert run.metrics["ods"].value == scored.metrics["ods"].value > 0.5
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        (["model=sobel", "task.grid=4", "task.blur=3"], "task.grid and task.blur would change nothing with sobel"),
        (["model=hierarchy", "task.detector_nms=none"], "task.detector_nms would change nothing with hierarchy"),
    ],
)
def test_switches_that_change_nothing_with_a_model_are_refused(words, idle, tmp_path):
    with pytest.raises(UsageError, match=idle):
        dispatch(["run", "task=edges", "limit=1", *words, "workers=0", "progress=off", f"run.dir={tmp_path / 'run'}"])
