"""A predictor's own masks are scored where they are not its low-resolution logits resized, whichever mask shows it."""

import sys
import types

import numpy as np
import pytest
import torch
from foreign_predictors import SIDE, Plain, network

import sambench
from sambench.masks.resize import logits_at_original
from sambench.models.official.factories import load
from sambench.models.official.frames import as_logits
from sambench.models.official.model import OWN_MASKS
from sambench.prompts.refine import answer_boxes
from sambench.runs.summary import caption
from sambench.types import MaskFrame, Masks, Prompts

SIZE = (48, 64)


class Rings(Plain):
    """Rings around the prompts; at the image's size the holes of all masks but the first of a batch are filled.

    Args:
        form: "logits", "bool" or "uint8": what the full-size masks are.
    """

    def __init__(self, form="logits", filled=True):
        super().__init__(network(3.0))
        self.form, self.filled, self.fed = form, filled, []

    def at_original(self, low):
        low = low[..., : self.input_size[0], : self.input_size[1]]
        return torch.nn.functional.interpolate(low, self.original_size, mode="bilinear", align_corners=False)

    def predict_torch(self, point_coords, point_labels, boxes=None, mask_input=None, multimask_output=True, **_):
        self.fed.append(None if mask_input is None else tuple(mask_input.shape))
        places = point_coords if boxes is None else boxes.view(-1, 2, 2)
        centre = places.mean(1)
        y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
        distance = torch.hypot(x - centre[:, 0, None, None], y - centre[:, 1, None, None])[:, None]
        distance = distance.repeat(1, 3 if multimask_output else 1, 1, 1)
        low = 4.0 - (distance - 8.0).abs()
        full = self.at_original(low)
        if self.filled:
            inside = self.at_original(distance) < 8.0
            inside[0, 0] = False
            full[inside] = 10.0
        full = full if self.form == "logits" else (full > 0).to({"bool": torch.bool, "uint8": torch.uint8}[self.form])
        return full, torch.tensor([0.3, 0.2, 0.1])[: low.shape[1]].expand(len(low), -1), low


@pytest.fixture
def factory(monkeypatch):
    module = types.ModuleType("rings")
    module.build = Rings
    monkeypatch.setitem(sys.modules, "rings", module)
    return "rings:build"


def opened(factory, **options):
    model = load(factory, device="cpu", options=options)
    return model, model.encode([np.full((*SIZE, 3), 90, np.uint8)])[0]


def asked(*points):
    return Prompts(torch.tensor([[one] for one in points]), torch.ones(len(points), 1, dtype=torch.int64))


def pixels(masks):
    return (logits_at_original(masks.logits, masks.frame) > 0)[:, 0].sum((-2, -1)).tolist()


RING, DISC = 448 - 52, 448
"""Pixels of a ring between radii 4 and 12, and of a disc of 12: 448 pixels lie within 12 of a corner, 52 within 4."""


@pytest.mark.parametrize("form", ["logits", "bool", "uint8"])
def test_the_second_mask_tells_as_well_as_the_first(factory, form):
    model, embedding = opened(factory, form=form)
    masks = model.decode(embedding, asked((20.0, 20.0), (40.0, 24.0)), False)
    assert masks.frame == MaskFrame(SIZE)
    assert pixels(masks) == [RING, DISC]
    assert masks.feedback.shape == (2, 1, SIDE, SIDE)
    assert model.provenance["notes"] == [OWN_MASKS]


def test_later_candidates_and_later_batches_tell_too(factory):
    model, embedding = opened(factory)
    model.decode_batch_size = 1  # each is the first of its batch; its second and third candidates are filled
    masks = model.decode(embedding, asked((20.0, 20.0), (40.0, 24.0)), True)
    assert [(logits_at_original(masks.logits[0], masks.frame) > 0).sum((-2, -1)).tolist()] == [[RING, DISC, DISC]]
    single = model.decode(embedding, asked((20.0, 20.0)), False)
    assert (single.frame.padded_size, single.feedback) == ((SIDE, SIDE), None)


def test_masks_that_are_the_logits_resized_stay_low(factory):
    model, embedding = opened(factory, filled=False)
    masks = model.decode(embedding, asked((20.0, 20.0), (40.0, 24.0)), True)
    assert masks.feedback is None
    assert masks.logits.shape == (2, 3, SIDE, SIDE)
    assert pixels(masks) == [RING, RING]
    assert "notes" not in model.provenance or "own masks" not in str(model.provenance["notes"])


def test_the_low_resolution_goes_back_in(factory):
    model, embedding = opened(factory)
    boxes = torch.tensor([[10.0, 10, 30, 30], [30, 14, 50, 34]])

    class Source:
        def decode(self, embedding, prompts, multimask):
            yield model.decode(embedding, prompts, multimask)

    (answer,) = answer_boxes(Source(), embedding, boxes, 2, True, False)
    assert model.predictor.fed[-2:] == [None, (2, 1, SIDE, SIDE)]
    assert pixels(answer) == [RING, DISC]


def test_numbers_are_those_of_the_predictors_own_masks(factory, tmp_path):
    """The same masks handed over as files have the same IoU, object by object."""
    words = ["model=official", f"model.factory={factory}", "task.passes=1", "task.first_output=single"]
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "limit": 3}
    found = {}
    for filled in ("true", "false"):
        more = {"run": {"dir": str(tmp_path / filled)}, "cache": {"dir": str(tmp_path / "cache")}}
        found[filled] = sambench.run(
            "instances", overrides=[*words, f"+model.options.filled={filled}"], **settings, **more
        )
    rows = [run.rows() for run in found.values()]
    own, low = (np.concatenate([row["box_iou"] for row in one]) for one in rows)
    first = np.cumsum([0, *(len(row["box_iou"]) for row in rows[0])])[:-1]
    assert own[first] == pytest.approx(low[first])
    assert np.delete(own, first).mean() > np.delete(low, first).mean()
    assert "the predictor's own masks" in caption(found["true"])
    assert "the predictor's own masks" not in caption(found["false"])


def test_only_true_or_false_becomes_sure():
    assert as_logits(torch.tensor([True, False])).tolist() == [32.0, -32.0]
    assert as_logits(torch.tensor([1, 0], dtype=torch.uint8)).tolist() == [32.0, -32.0]
    assert as_logits(torch.tensor([0.5, -2.0], dtype=torch.float16)).tolist() == [0.5, -2.0]


def test_what_goes_back_in_follows_the_masks():
    masks = Masks(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3), MaskFrame((4, 4)), torch.arange(6.0).view(2, 3, 1, 1))
    assert masks.prompt_logits is masks.feedback
    assert masks[1:].feedback.flatten().tolist() == [3.0, 4.0, 5.0]
    assert masks.flat().feedback.shape == (6, 1, 1, 1)


@pytest.mark.slow
def test_worker_processes_tell_it_too(tmp_path):
    words = ["model=official", "model.factory=foreign_predictors:filling", "task.passes=1", "devices=[cpu,cpu]"]
    settings = {"workers": 1, "progress": "off", "illustrate": 0, "limit": 2, "run": {"dir": str(tmp_path / "run")}}
    assert "the predictor's own masks" in caption(sambench.run("instances", overrides=words, **settings))
