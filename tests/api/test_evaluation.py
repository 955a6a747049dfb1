"""`sambench.evaluate`: the rows of a command, the loop left as it was, and nothing stale."""

import random

import numpy as np
import pytest
import torch
from foreign_predictors import build
from small_instances import settings, write_objects
from tiny_sams import tiny_model

import sambench
from sambench.errors import UsageError


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    return write_objects(tmp_path_factory.mktemp("objects"), images=6)


def test_rows_are_those_of_the_command_and_the_loop_goes_on(objects, tmp_path):
    module = tiny_model("sam").train()
    module.mask_decoder.iou_token.weight.requires_grad_(False)
    (module.mask_decoder.mask_tokens.weight.sum()).backward()
    gradient = module.mask_decoder.mask_tokens.weight.grad.clone()
    states = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    run = sambench.evaluate(module, **settings(objects, run={"dir": str(tmp_path / "memory")}))
    assert random.getstate() == states[0]
    assert (np.random.get_state()[1] == states[1]).all()
    assert torch.equal(torch.get_rng_state(), states[2])
    assert all(part.training for part in module.modules())
    assert torch.equal(module.mask_decoder.mask_tokens.weight.grad, gradient)
    assert not module.mask_decoder.iou_token.weight.requires_grad
    assert torch.is_grad_enabled()
    module.save_pretrained(tmp_path / "saved")
    words = settings(objects, run={"dir": str(tmp_path / "command")}, workers=0, progress="off")
    words["overrides"].append(f"model.checkpoint={tmp_path / 'saved'}")
    stored = sambench.run(model="sam", **words)
    assert len(run.rows()) == 24  # six images, two objects, two clicks
    assert run.rows() == stored.rows()
    differences = np.array([one.found.difference for one in sambench.gate(stored, run).judgements])
    assert set(differences[~np.isnan(differences)]) == {0.0}  # NaN: undefined on both sides
    assert run.record["model"]["checkpoint"] == "in memory"
    assert run.record["cache"] is None


def test_other_weights_are_another_run(objects, tmp_path):
    predictor = build("plain", 3.0)
    there = settings(objects, run={"results": str(tmp_path)})
    first = sambench.evaluate(predictor, **there)
    assert predictor.features is None
    assert sambench.evaluate(predictor, **there).folder == first.folder
    with torch.no_grad():
        predictor.model.weight *= 3
    second = sambench.evaluate(predictor, **there)
    assert second.folder != first.folder
    assert second.metrics["mIoU@1"].value != first.metrics["mIoU@1"].value


def test_two_functions(objects, tmp_path):
    def encode(image):
        return image.shape[:2]

    def decode(size, prompts, multimask):
        count = 3 if multimask else 1
        return torch.ones(len(prompts), count, *size), torch.ones(len(prompts), count)

    run = sambench.evaluate((encode, decode), **settings(objects, run={"dir": str(tmp_path / "run")}))
    expected = np.mean([area for n in range(6) for area in (18 * 22, 20 * (25 - n))]) / (40 * 56)
    assert run.metrics["mIoU@1"].value == pytest.approx(expected, abs=1e-3)
    assert any("counts as one of another model" in note for note in run.record["model"]["notes"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"device": "cpu"}, "where and as it is"),
        ({"dtype": "bf16"}, "where and as it is"),
        ({"overrides": ["model=sam"]}, "names another"),
        ({"predictions": "somewhere"}, "in this process"),
        ({"executor": {"name": "ray"}}, "in this process"),
    ],
)
def test_what_says_where_a_model_runs_is_refused(more, words):
    with pytest.raises(UsageError, match=words):
        sambench.evaluate(build("plain"), task="points", **more)


def test_the_model_is_put_back_when_a_run_fails(objects, tmp_path):
    predictor = build("plain")
    predictor.model.train()
    predictor.predict_torch = lambda *_, **__: 1 / 0
    with pytest.raises(ZeroDivisionError):
        sambench.evaluate(predictor, **settings(objects, run={"dir": str(tmp_path / "run")}))
    assert predictor.model.training
