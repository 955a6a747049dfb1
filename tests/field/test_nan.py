"""A model that answers NaN is told with sample, prompt and stage, or its masks count as empty and are counted."""

import json

import numpy as np
import pytest
import torch
from broken_models import NanModel
from toys import ToyModel

import sambench
from sambench.cli import dispatch
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import ModelError
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import GeneratorSettings
from sambench.masks.mask_sources import ModelMasks
from sambench.masks.nan_guard import sound
from sambench.masks.undefined import undefined_in
from sambench.runs.summary import nan_note
from sambench.types import MaskFrame, Masks, Prompts, Sample

SMALL = {
    "edges": ["task.grid=3", "task.thresholds=5"],
    "proposals": ["task.points_per_side=3"],
    "points": ["task.clicks=[1,2]"],
    "instances": [],
}
STAGES = {"embedding": ["hole"], "logits": ["hole"], "predicted_iou": ["hole", "plus", "minus"]}
QUIET = {"progress": "off", "device": "cpu", "illustrate": 0, "limit": 2, "cache": {"enabled": False}}


def run(task, folder, stage="fine", value="hole", workers=0, overrides=(), **more):
    words = ["model.name=broken_models:NanModel", f"+model.stage={stage}", f"+model.value={value}", *SMALL[task]]
    settings = QUIET | more
    return sambench.run(task, overrides=[*words, *overrides], run={"dir": str(folder)}, workers=workers, **settings)


@pytest.mark.parametrize("task", SMALL)
@pytest.mark.parametrize(("stage", "value"), [(stage, value) for stage in STAGES for value in STAGES[stage]])
def test_what_holds_no_number_is_told(tmp_path, task, stage, value):
    with pytest.raises(ModelError) as caught:
        run(task, tmp_path / "run", stage, value)
    place = caught.value.where
    assert place.startswith("sample ")
    assert f"stage {stage}" in place
    assert "task.nan=zero" in caught.value.mend
    if stage != "embedding":
        assert "prompt " in place
        assert ("box " if task == "instances" else "point ") in place


def test_the_first_prompt_is_named_in_image_pixels():
    model = NanModel("logits")
    predictor = Predictor(model, None, Stages(), prompt_batch=2)
    embedding = predictor.embed(Sample("the one", np.full((20, 30, 3), 9, np.uint8), None))
    points = torch.tensor([[[3.0, 4]], [[5, 6]], [[7.5, 8]]])
    asked = predictor.decode(embedding, Prompts(points, torch.ones(3, 1, dtype=torch.int64)), True)
    with pytest.raises(ModelError) as caught:
        next(asked)
    assert caught.value.where == "sample the one, prompt 2 of 3 (point 5, 6), stage logits"
    both = Prompts(points, torch.tensor([[1], [1], [0]]), torch.tensor([[1.0, 2, 3, 4]]).repeat(3, 1))
    with pytest.raises(ModelError) as caught:
        list(Predictor(NanModel("predicted_iou"), None, Stages()).decode(embedding, both, True))
    assert "prompt 3 of 3 (background point 7.5, 8; box 1, 2, 3, 4), stage predicted_iou" in caught.value.where


def test_an_embedding_that_overflows_in_the_cache_is_told_as_the_embedding(tmp_path):
    """Half precision ends at 65504: an embedding of 1e6 comes back infinite, and its masks NaN."""

    class Large(ToyModel):
        def encode(self, images):
            return [type(one)({"grey": one.tensors["grey"] + 1e6}, one.original_size) for one in super().encode(images)]

        def decode(self, embedding, prompts, multimask):
            embedding.tensors["grey"] = embedding.tensors["grey"].float()
            masks = super().decode(embedding, prompts, multimask)
            return type(masks)(masks.logits - masks.logits, torch.full_like(masks.predicted_iou, 0.5), masks.frame)

    from sambench.engine.cache.local import EmbeddingCache

    predictor = Predictor(Large(), EmbeddingCache(tmp_path, dtype="fp16"), Stages())
    embedding = predictor.embed(Sample("x", np.full((20, 30, 3), 9, np.uint8), None))
    with pytest.raises(ModelError, match="embedding of the image is not finite") as caught:
        list(predictor.decode(embedding, Prompts(torch.tensor([[[3.0, 4]]]), torch.tensor([[1]])), True))
    assert caught.value.where == "sample x, prompt 1 of 1 (point 3, 4), stage embedding"


@pytest.mark.parametrize("task", SMALL)
@pytest.mark.parametrize("stage", ["logits", "predicted_iou"])
def test_zero_goes_on_and_counts(tmp_path, task, stage):
    made = run(task, tmp_path / "run", stage, overrides=["task.nan=zero"])
    nan = made.record["nan"]
    assert nan["images"] == nan["of_images"] == 2
    assert nan["masks"] == nan["prompts"] > 0
    assert all(metric.value is not None for metric in made.metrics.values())
    fine = run(task, tmp_path / "fine", overrides=["task.nan=zero"]).record["nan"]
    assert fine == {"embeddings": 0, "masks": 0, "prompts": 0, "images": 0, "of_images": 2}
    assert "nan" not in run(task, tmp_path / "plain").record


def test_zero_is_told_wherever_the_numbers_stand(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("instances", "results/instances/a", "logits", overrides=["task.nan=zero", "task.passes=1"])
    nan = json.loads((tmp_path / "results/instances/a/run.json").read_text())["nan"]
    assert nan == {"embeddings": 0, "masks": 2, "prompts": 2, "images": 2, "of_images": 2}
    words = "2 masks of 2 images were NaN and count as empty (task.nan=zero)"
    quiet = ["workers=0", "progress=off", "illustrate=0", "limit=2"]
    capsys.readouterr()
    assert dispatch(["table", "instances"]) == 0
    assert words in capsys.readouterr().out
    saved = "predictions=results/instances/a/predictions"
    assert dispatch(["score", "task=instances", saved, "run.dir=again", *quiet]) == 0
    assert words in capsys.readouterr().out


def test_a_mask_that_is_nan_is_an_empty_one(tmp_path):
    """The last object's mask of three is empty: its IoU is 0 and that of the others what it was."""
    words = ["task.passes=1", "task.first_output=single"]
    fine = run("instances", tmp_path / "fine", overrides=words).rows()
    zero = run("instances", tmp_path / "zero", "logits", overrides=[*words, "task.nan=zero"]).rows()
    for before, after in zip(fine, zero, strict=True):
        assert before["box_iou"][-1] > 0
        assert after["box_iou"] == [*before["box_iou"][:-1], 0.0]


def test_embeddings_of_nan_are_counted_and_never_cached(tmp_path):
    from sambench.engine.cache.local import EmbeddingCache

    cache = EmbeddingCache(tmp_path)
    predictor = Predictor(NanModel("embedding"), cache, Stages(), nan="zero")
    samples = [Sample(name, np.full((20, 30, 3), grey, np.uint8), None) for name, grey in (("a", 9), ("b", 90))]
    predictor.prepare(samples)
    assert not list(cache.entries())
    assert {name: dict(counts) for name, counts in predictor.guard.counts.items()} == {
        "a": {"embeddings": 1},
        "b": {"embeddings": 1},
    }


def test_worker_processes_count_the_same(tmp_path):
    here = run("points", tmp_path / "here", "logits", overrides=["task.nan=zero"])
    words = ["task.nan=zero", "devices=[cpu,cpu]"]
    there = run("points", tmp_path / "there", "logits", overrides=words, workers=1)
    assert there.record["nan"] == here.record["nan"]
    assert there.rows() == here.rows()


@pytest.mark.slow
def test_worker_processes_tell_it_too(tmp_path):
    with pytest.raises(ModelError, match="logits are NaN"):
        run("points", tmp_path / "error", "logits", overrides=["devices=[cpu,cpu]"], workers=1)


def test_images_done_before_an_interruption_are_said_to_be_uncounted(tmp_path, monkeypatch):
    encode, images = NanModel.encode, []

    def interrupted(self, given):
        images.extend(given)
        if len(images) == 2:
            raise KeyboardInterrupt
        return encode(self, given)

    monkeypatch.setattr(NanModel, "encode", interrupted)
    words = ["task.nan=zero", "task.passes=1"]
    with pytest.raises(KeyboardInterrupt):
        run("instances", tmp_path / "run", "logits", overrides=words)
    made = run("instances", tmp_path / "run", "logits", overrides=words)
    assert made.record["nan"] == {"embeddings": 0, "masks": 1, "prompts": 1, "images": 1, "of_images": 1}
    assert "1 masks of 1 images were NaN" in nan_note(made)
    assert "the 1 images done before the run was interrupted are not counted" in nan_note(made)


def test_infinite_logits_say_what_a_pixel_is(tmp_path):
    """Resized, inf * 0 and inf - inf would be NaN: logits of +-inf make the very masks that those of +-100 make."""
    words = ["model.name=broken_models:SharpModel", *SMALL["points"]]
    settings = QUIET | {"workers": 0}
    found = [
        sambench.run(
            "points", overrides=[*words, f"+model.height={height}"], run={"dir": str(tmp_path / height)}, **settings
        )
        for height in ("100", "inf")
    ]
    assert found[0].metrics["mIoU@1"].value > 0.1
    assert found[1].rows() == found[0].rows()


def test_a_bare_model_in_the_generator_is_watched_too():
    image = np.full((24, 36, 3), 120, np.uint8)
    settings = GeneratorSettings(points_per_side=2)
    with pytest.raises(ModelError, match="logits are NaN"):
        AutomaticMaskGenerator(ModelMasks(NanModel("logits")), settings).generate(image)
    with pytest.raises(ModelError, match="not finite"):
        AutomaticMaskGenerator(ModelMasks(NanModel("predicted_iou", "minus")), settings).generate(image)


def test_large_logits_are_no_fault():
    """A sum beyond the largest number says nothing about its terms."""
    logits = torch.full((1, 1, 64, 64), 3.0e38)
    masks = Masks(logits, torch.ones(1, 1), MaskFrame((64, 64)))
    assert not sound(masks)
    found, undefined = undefined_in(masks)
    assert undefined is None
    assert torch.equal(found.logits, logits)
