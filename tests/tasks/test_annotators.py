"""Task annotators end to end, through the command's own way, on files as data sets have them."""

import os
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_runs import finished_run
from PIL import Image
from sambench.tasks.annotators import AnnotatorsTask
from toys import write_bsds

import sambench
from sambench.api.calls import compose
from sambench.datasets.edges.bsds500 import Bsds500
from sambench.engine.building import with_only_model
from sambench.errors import DatasetError, PredictionError, UsageError
from sambench.metrics.boundary.counts import counts_of_maps
from sambench.metrics.boundary.scores import recall_precision_f
from sambench.models.base import Question, check_questions
from sambench.models.humans import Humans
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec
from sambench.types import Metric


def agree(root, folder, data="bsds500", words=(), **more):
    settings = {"workers": 0, "progress": "off", "run": {"dir": str(folder)}, **more}
    return sambench.run("annotators", data=data, overrides=[f"data.root={root}", *words], **settings)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), 10, annotators=3)


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    return agree(root, tmp_path_factory.mktemp("run") / "run")


def test_a_run_asks_no_model(run):
    assert (run.record.model.name, run.record.config.model.name) == ("humans", "humans")
    assert run.record.cache is None
    metrics = run.metrics
    assert list(metrics)[:4] == ["boundary_f", "boundary_recall", "boundary_precision", "cover"]
    assert not metrics["voi"].higher_is_better
    assert 0 < metrics["segment_iou"].value < metrics["segment_best"].value <= 1
    assert metrics["boundary_f"].ci95[0] <= metrics["boundary_f"].value <= metrics["boundary_f"].ci95[1]


def test_boundary_f_is_the_benchmarks_rule_for_humans(run, root):
    """Written out as its loop is: every annotator against the rest, four sums, one F."""
    total = np.zeros(4)
    for sample in Bsds500(root):
        drawn = sample.target.boundaries
        for place, one in enumerate(drawn):
            total += counts_of_maps([one], drawn[:place] + drawn[place + 1 :])[0]
    assert run.metrics["boundary_f"].value == pytest.approx(recall_precision_f(total)[2])


def test_it_goes_on_where_it_was_ended_and_can_be_gated(run, root, tmp_path):
    whole = agree(root, tmp_path / "again", words=["task.max_dist=0.0075"])
    assert whole.rows() == run.rows()
    judged = sambench.gate(run, whole, replicates=100)
    assert judged.exit_code == 0
    assert {one.found.difference for one in judged.judgements} == {0.0}


def test_other_models_and_predictions_are_refused(root, tmp_path):
    asked = SimpleNamespace(task={"name": "annotators"}, predictions=SimpleNamespace(path=None))
    with pytest.raises(UsageError, match="prompts no model, but model=sam"):
        with_only_model(SimpleNamespace(**vars(asked), model={"name": "sam"}))
    with pytest.raises(PredictionError, match="no format"):
        sambench.score("annotators", "bsds500", tmp_path, overrides=[f"data.root={root}"])


def test_annotators_answer_no_prompt():
    with pytest.raises(UsageError, match="humans cannot answer"):
        check_questions(Humans(), [Question(points=1)])
    (nothing,) = Humans().encode([np.zeros((4, 5, 3), np.uint8)])
    assert (nothing.tensors, nothing.original_size) == ({}, (4, 5))
    with pytest.raises(UsageError, match="answer no prompt"):
        Humans().decode(nothing, None, True)


def write_maps(folder, annotators):
    """Write two photographs and boundary maps in a folder an annotator."""
    for index, count in enumerate(annotators):
        for name in ("images", *(f"groundTruth/{who}" for who in range(count))):
            (folder / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30)).save(folder / "images" / f"{index}.png")
        for who in range(count):
            lines = np.zeros((30, 40), np.uint8)
            lines[:, 10 + 15 * (who == 1)] = 255
            Image.fromarray(lines).save(folder / "groundTruth" / str(who) / f"{index}.png")
    return folder


def test_own_data_with_a_folder_an_annotator(tmp_path):
    """Of three annotators the first and the third agree: 2 of 6 pairs, 2 of 3 lines."""
    run = agree(write_maps(tmp_path / "data", [3, 1]), tmp_path / "run", "own")
    assert list(run.metrics) == ["boundary_f", "boundary_recall", "boundary_precision"]
    assert run.metrics["boundary_f"].value == pytest.approx(2 * (1 / 3) * (2 / 3))
    assert run.metrics["boundary_f"].n == 1
    assert run.metrics["boundary_f"].note.startswith("1 of 2 images have one annotator")
    with pytest.raises(DatasetError, match="none of 1 image"):
        agree(write_maps(tmp_path / "alone", [1]), tmp_path / "run_alone", "own")


def test_humans_stand_in_the_tables(run, tmp_path):
    metrics = {"boundary_f": Metric(0.79, (0.78, 0.8), 200, reference="annotators/F")}
    whole = finished_run(tmp_path / "whole", "annotators", metrics, "humans", card={"title": "BSDS500", "own": False})
    part = finished_run(tmp_path / "part", "annotators", metrics, "humans", data={"samples": 7}, max_dist=0.02)
    table, _ = build_table(table_spec("annotators"), [whole])
    assert table["method"].tolist() == ["Human (2011) [1]", "humans", "minus Human (2011)"]
    assert table["F"].tolist() == [".80", ".790 [.780, .800]", "-.010"]
    edges, notes = build_table(table_spec("edges"), [], [whole, part, run])  # the last is of toys, one's own data
    found = edges[edges["method"].str.startswith("humans")]
    assert found["ODS"].tolist() == found["OIS"].tolist() == [".790 [.780, .800]"] * 2
    assert found["AP"].tolist() == ["", ""]
    told = [notes[int(method.rpartition("[")[2][:-1]) - 1] for method in found["method"]]
    assert told[0].endswith("each annotator against the others")
    assert "only 7 of 200 images" in told[1]
    assert "max_dist=0.02" in told[1]


def test_preset_is_what_the_switches_default_to():
    task = compose(["task=annotators"])["task"]
    assert {task.pop("name"), task.pop("preset")} == {"annotators", "paper"}
    assert task == asdict(AnnotatorsTask())


@pytest.mark.skipif("SAMBENCH_TEST_DATA" not in os.environ, reason="needs BSDS500")
def test_real_annotators_agree_as_measured(tmp_path):
    root = Path(os.environ["SAMBENCH_TEST_DATA"]) / "BSDS500"
    run = agree(root, tmp_path / "run", limit=1)
    assert run.rows()[0]["annotators"] == 5
    assert 0.6 < run.metrics["boundary_f"].value < 0.9
