"""Click models: their predictor is asked click after click, and what it remembers of each object is put back."""

import numpy as np
import pytest
import torch
from small_instances import settings, write_objects

import sambench
from sambench.errors import ModelError
from sambench.models.base import Question
from sambench.models.clicks.model import NO_QUALITY, ClickModel
from sambench.types import Prompts

SIZE = (40, 56)


class Discs:
    """RITM's predictor: discs of 10 pixels around positive clicks over the earlier answer, negative ones cut out."""

    def __init__(self):
        self.net = torch.nn.Linear(1, 1)
        self.asked = []

    def set_input_image(self, image):
        assert image.dtype == np.uint8
        self.shape, self.prev = image.shape[:2], np.zeros(image.shape[:2])

    def get_prediction(self, clicker):
        clicks = clicker.get_clicks()
        assert [click.indx for click in clicks] == list(range(len(clicks)))
        self.asked.append(len(clicks))
        row, column = clicks[-1].copy(indx=0).coords
        y, x = np.mgrid[: self.shape[0], : self.shape[1]]
        near = np.hypot(y - row, x - column) <= 10
        self.prev = np.where(near, 0.9 if clicks[-1].is_positive else 0.1, np.maximum(self.prev, 0.1))
        return self.prev

    def get_states(self):
        return {"prev": self.prev}

    def set_states(self, states):
        self.prev = states["prev"]


def prompts(*objects):
    xy = torch.tensor([[click[:2] for click in clicks] for clicks in objects], dtype=torch.float32)
    return Prompts(xy, torch.tensor([[click[2] for click in clicks] for clicks in objects]))


def test_each_object_goes_on_from_its_own_answer():
    model = ClickModel(Discs(), "discs")
    (embedding,) = model.encode([np.zeros((*SIZE, 3), np.uint8)])
    first = model.decode(embedding, prompts([(10, 10, 1)], [(40, 20, 1)]), False)
    assert first.logits.shape == (2, 1, *SIZE)
    later = model.decode(embedding, prompts([(10, 10, 1), (20, 30, 1)], [(40, 20, 1), (45, 20, 0)]), False)
    assert model.predictor.asked == [1, 1, 2, 2]
    masks = later.logits[:, 0] > 0
    assert [bool(masks[0, y, x]) for y, x in ((10, 10), (30, 20), (20, 40))] == [True, True, False]
    assert [bool(masks[1, y, x]) for y, x in ((20, 31), (20, 45), (10, 10))] == [True, False, False]
    fresh = ClickModel(Discs(), "discs")
    again = fresh.decode(embedding, prompts([(10, 10, 1), (20, 30, 1)]), False)
    assert fresh.predictor.asked == [1, 2]
    assert torch.equal(again.logits[0], later.logits[0])
    padded = Prompts(torch.tensor([[[10.0, 10], [0, 0]]]), torch.tensor([[1, -1]]))
    assert torch.equal(fresh.decode(embedding, padded, False).logits[0], first.logits[0])
    assert float(first.logits.max()) == pytest.approx(np.log(9), abs=1e-4)


def test_what_has_no_place_is_refused():
    model = ClickModel(Discs(), "discs")
    assert "no box" in model.refuses(Question(box=True, multimask=False))
    assert "single mask" in model.refuses(Question(points=1))
    assert "mask_feedback" in model.refuses(Question(points=2, multimask=False))
    assert model.refuses(Question(points=5, background=True, mask=True, multimask=False)) is None
    with pytest.raises(ModelError, match="without a click"):
        model.decode(model.encode([np.zeros((*SIZE, 3), np.uint8)])[0], Prompts(boxes_xyxy=torch.ones(1, 4)), False)
    with pytest.raises(ModelError, match="no set_input_image"):
        ClickModel(object(), "nothing")


def test_points_run(tmp_path):
    words = settings(write_objects(tmp_path / "data"), overrides=["task.first_output=single"])
    run = sambench.evaluate(ClickModel(Discs(), "discs"), **words, run={"dir": str(tmp_path / "run")})
    assert min(run.metrics[name].value for name in ("mIoU@1", "mIoU@2")) > 0.5
    assert NO_QUALITY in run.record["model"]["notes"]
