"""Text prompts, from phrases to figures, on scenes whose figures can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from phrase_scenes import SIZE, ColourFinder, Scenes, drawn, rectangle
from sambench.tasks.concepts import ConceptsTask

from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import ModelError, PredictionError, UsageError
from sambench.models.hierarchy.model import HierarchyModel
from sambench.prompts.concepts import ConceptAnswer, ConceptPrediction, PhraseDetections


def ran(task, model, data=None):
    """Rows and metrics of a run."""
    data = data or Scenes()
    task = task.for_dataset(data)
    predictor = Predictor(model, None, Stages())
    samples = [data.load(key) for key in data.keys]
    rows = [row for sample in samples for row in task.score(sample, task.predict(sample, predictor))]
    return rows, task.summarize(rows)


def values(metrics, *names):
    return [pytest.approx(metrics[name].value, abs=1e-12) for name in names]


def test_perfect_answers_score_one_by_the_papers_formulas_and_less_with_epsilons():
    rows, metrics = ran(ConceptsTask(), ColourFinder())
    assert len(rows) == metrics["pairs"].value == 8  # the ninth is not exhaustive
    assert metrics["positive_pairs"].value == 3
    assert values(metrics, "cgF1_exact", "pmF1_exact", "IL_MCC_exact", "positive_macro_F1_exact") == [1, 1, 1, 1]
    recall = 4 / (4 + 1e-4)
    official = 2 * recall * recall / (2 * recall + 1e-4)
    mcc = 3 * 5 / (3 * 5 + 1e-6)
    assert values(metrics, "pmF1", "IL_MCC", "cgF1") == [official, mcc, official * mcc]
    assert metrics["cgF1"].bounds == (-1, 1)
    assert metrics["IL_FPR"].higher_is_better is False


def test_a_blind_model_loses_what_it_does_not_see():
    _, metrics = ran(ConceptsTask(epsilons="none", positive_macro="all"), ColourFinder(blind="red"))
    # Two of four objects found, nothing wrong; of three positive pairs one is missed, five negative ones are right.
    mcc = (2 * 5 - 0) / np.sqrt(2 * 3 * 5 * 6)
    assert values(metrics, "pmF1", "IL_MCC", "cgF1") == [2 / 3, mcc, 2 / 3 * mcc]
    assert values(metrics, "positive_macro_F1", "recall", "IL_recall", "IL_FPR") == [2 / 3, 1 / 2, 2 / 3, 0]
    assert "cgF1_exact" not in metrics


def test_of_two_annotators_the_one_that_agrees_counts():
    rows, _ = ran(ConceptsTask(), ColourFinder())
    green = next(row for row in rows if row["phrase"] == "a green thing" and row["sample_id"] == "im0")
    assert (green["annotator"], green["objects"], green["present"]) == (0, 1, True)
    rows, metrics = ran(ConceptsTask(), ColourFinder(blind="green"))
    green = next(row for row in rows if row["phrase"] == "a green thing" and row["sample_id"] == "im0")
    assert (green["annotator"], green["objects"], green["present"]) == (1, 0, False)
    assert metrics["positive_pairs"].value == 2


def test_boxes_are_the_models_own():
    _, metrics = ran(ConceptsTask(iou_type="bbox"), ColourFinder())
    assert values(metrics, "cgF1_exact") == [1]


def test_presence_is_told_by_the_model():
    rows, metrics = ran(ConceptsTask(), ColourFinder())
    assert {round(row["confidence"], 6) for row in rows} == {0.95, 0.05}
    assert metrics["presence_ECE"].value == pytest.approx(0.05, abs=1e-6)
    assert metrics["presence_Brier"].value == pytest.approx(0.0025, abs=1e-6)


def test_a_sweep_counts_at_other_scores():
    task = ConceptsTask(keep_above=0.1, sweep=(0.15, 0.95))
    _, metrics = ran(task, ColourFinder())
    plain = ConceptsTask(keep_above=0.1, min_score=0.15)
    _, lower = ran(plain, ColourFinder())
    assert metrics["cgF1@score0.15"].value == lower["cgF1"].value < metrics["cgF1"].value
    assert metrics["cgF1@score0.95"].value == 0
    assert lower["IL_MCC"].note == "0, as something is predicted for every pair"


def test_what_is_not_kept_cannot_count():
    with pytest.raises(UsageError, match=r"from 0\.2 on are to count, but only those above 0\.3 are kept"):
        ConceptsTask(min_score=0.2)


def test_subsets_are_averaged_as_they_are():
    _, metrics = ran(ConceptsTask(), ColourFinder(blind="blue"), Scenes(("a", "b")))
    # Subset a has the first and third image, b the second, in which blue alone is there.
    assert metrics["b cgF1"].value == 0
    assert metrics["cgF1"].value == pytest.approx(metrics["a cgF1"].value / 2)
    assert metrics["cgF1"].strata.keys() <= {"a", "b"}


def test_resampled_figures_are_those_of_the_chosen_images():
    task = ConceptsTask(sweep=(0.95,)).for_dataset(Scenes())
    rows, metrics = ran(task, ColourFinder(blind="red"))
    compact = task.compact(rows)
    assert "phrase" not in compact[0]
    once = task.replicates(compact, ["im0", "im1", "im2"], np.ones((1, 3), np.int64))
    counts = ("pairs", "positive_pairs")
    assert {name: float(one[0]) for name, one in once.items()} == {
        name: one.value for name, one in metrics.items() if name not in counts
    }
    twice = task.replicates(rows, ["im0", "im1", "im2"], np.array([[2, 0, 1]]))
    again = [row for row in rows for _ in range({"im0": 2, "im1": 0, "im2": 1}[row["sample_id"]])]
    expected = task.replicates(again, ["im0", "im1", "im2"], np.ones((1, 3), np.int64))
    assert {name: float(one[0]) for name, one in twice.items()} == {
        name: pytest.approx(float(one[0]), nan_ok=True) for name, one in expected.items()
    }
    assert task.image_quality([row for row in rows if row["sample_id"] == "im0"]) == pytest.approx(2 / 3)


def test_phrases_are_asked_one_by_one_or_together():
    model = ColourFinder()
    ran(ConceptsTask(), model)
    assert {len(batch) for batch in model.asked} == {1}
    model = ColourFinder()
    ran(ConceptsTask(phrases_at_once=2), model)
    assert [len(batch) for batch in model.asked] == [2, 1, 2, 1, 2]


class Broken(ColourFinder):
    def _answer(self, pixels, phrase):
        found = super()._answer(pixels, phrase)
        logits = found.logits.clone()
        logits[0, 0, 0] = float("nan")
        return replace(found, logits=logits)


def test_nan_is_told_or_counted_as_empty():
    data = Scenes()
    with pytest.raises(ModelError, match="1 of the model's 3 answers to a phrase are NaN") as raised:
        ran(ConceptsTask(), Broken(), data)
    assert raised.value.where == "sample im0, phrase 'a red thing'"
    predictor = Predictor(Broken(), None, Stages(), nan="zero")
    found = ConceptsTask(nan="zero").predict(data.load("im0"), predictor)
    assert len(found.answers[0]) == 1  # the other red thing
    assert predictor.guard.counts["im0"]["masks"] == 3


class Silent(ColourFinder):
    def concepts(self, embedding, phrases):
        return []


def test_a_model_must_answer_every_phrase():
    with pytest.raises(ModelError, match="answered 1 phrases with 0 answers"):
        ran(ConceptsTask(), Silent())
    with pytest.raises(ModelError, match="hierarchy takes no text"):
        next(Predictor(HierarchyModel(), None, Stages()).concepts(None, ["a"]))


def test_boxes_alone_are_scored_as_boxes():
    sample = Scenes().load("im1")
    box = np.array([[30 / 60, 10 / 40, 20 / 60, 20 / 40]])
    prediction = ConceptPrediction({12: PhraseDetections(np.array([0.9]), None, box)})
    task = ConceptsTask(iou_type="bbox").for_dataset(Scenes())
    assert task.score(sample, prediction)[2]["tp"] == [1] * 10
    with pytest.raises(PredictionError, match="pair 12 hold boxes and no masks"):
        ConceptsTask().for_dataset(Scenes()).score(sample, prediction)


def test_a_picture_shows_what_was_drawn_and_found(tmp_path):
    from PIL import Image

    sample = Scenes().load("im0")
    task = ConceptsTask()
    task.illustrate(sample, task.predict(sample, Predictor(ColourFinder(), None, Stages())), tmp_path)
    picture = np.asarray(Image.open(tmp_path / "im0.png"))
    assert picture.shape == (3 * (SIZE[0] + 18), 2 * SIZE[1], 3)


def test_crowds_and_answers_have_the_forms_that_are_stated():
    assert drawn(rectangle(0, 0, 2, 2), crowd=True)[0].iscrowd
    answer = ColourFinder()._answer(Scenes().load("im0").image, "red")
    assert isinstance(answer, ConceptAnswer)
    assert torch.equal(answer.boxes_xyxy[0], torch.tensor([2.0, 2, 12, 12]))
