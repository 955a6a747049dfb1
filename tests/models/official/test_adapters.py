"""Models with another interface are seen as predictors: told by their methods, refused where they read less."""

import types

import numpy as np
import pytest
import torch
from dialect_predictors import EfficientSam, SegmentAnything, Ultralytics, sam3_pair

from sambench.models.base import Question
from sambench.models.official.adapters import (
    EfficientSamPredictor,
    Sam3Predictor,
    UltralyticsPredictor,
    adapted,
)
from sambench.models.official.model import OfficialModel
from sambench.types import Prompts

IMAGE = np.zeros((40, 56, 3), np.uint8)
IMAGE[..., 0] = 200


def test_each_is_told_by_its_methods():
    processor, model = sam3_pair()
    assert isinstance(adapted(EfficientSam()), EfficientSamPredictor)
    assert isinstance(adapted((processor, model)), Sam3Predictor)
    assert adapted((model, processor)).model is model
    assert isinstance(adapted(Ultralytics()), UltralyticsPredictor)
    plain = SegmentAnything()
    assert adapted(plain) is plain


def test_a_model_of_ultralytics_gets_its_predictor():
    class Made(Ultralytics):
        def __init__(self, overrides):
            super().__init__()
            self.overrides = overrides

        def setup_model(self, model, verbose):
            self.model = model

    weights = torch.nn.Linear(1, 1)
    sam = types.SimpleNamespace(model=weights, task_map={"segment": {"predictor": Made}}, predictor=None)
    found = adapted(sam).predictor
    assert found.model is weights
    assert (found.overrides["conf"], found.overrides["imgsz"]) == (0.0, 1024)
    sam.predictor = Ultralytics()
    assert adapted(sam).predictor is sam.predictor


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question(points=2, mask=True), "no earlier mask"),
        (Question(points=2, background=True), "background"),
        (Question(points=7), "6 points"),
        (Question(points=5, box=True), "6 points"),
        (Question(points=6), None),
        (Question(points=4, box=True, multimask=False), None),
    ],
)
def test_efficient_sam_refuses_what_it_would_drop(question, words):
    why = OfficialModel(EfficientSam(), "dialect_predictors:made", None).refuses(question)
    assert why is None if words is None else words in why


def test_masks_below_the_confidence_are_not_dropped():
    inner = Ultralytics()
    inner.args.conf = 0.95
    model = OfficialModel(inner, "dialect_predictors:made", None)
    asked = Prompts(torch.tensor([[[20.0, 14]]]), torch.ones(1, 1, dtype=torch.int64))
    assert model.decode(model.encode([IMAGE])[0], asked, True).logits.shape[1] == 3
    assert inner.args.conf == 0.95


def test_the_first_efficient_sam_is_told_the_size_again():
    class First(EfficientSam):
        H = W = -1

        def predict_masks(
            self, image_embeddings, batched_points, batched_point_labels, multimask_output, output_h=-1, output_w=-1
        ):
            found = (image_embeddings, batched_points, batched_point_labels, multimask_output)
            return super().predict_masks(*found, self.H, self.W, output_h, output_w)

    asked = Prompts(torch.tensor([[[20.0, 14]]]), torch.ones(1, 1, dtype=torch.int64))
    first, other = (OfficialModel(kind(), "dialect_predictors:made", None) for kind in (First, EfficientSam))
    found, expected = (model.decode(model.encode([IMAGE])[0], asked, True) for model in (first, other))
    assert torch.equal(found.logits, expected.logits)
    assert (first.predictor.model.H, first.predictor.model.W) == (40, 56)
