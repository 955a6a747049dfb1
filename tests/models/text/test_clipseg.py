"""CLIPSeg on a tiny random model: its map is transformers' own, and instances are its connected parts."""

import numpy as np
import pytest
import torch
import transformers
from tiny_texts import write_clipseg

from sambench.config.resolve import build
from sambench.errors import ModelError, UsageError
from sambench.masks.resize import logits_at_original
from sambench.models.text.clipseg import ELSEWHERE, ClipSeg

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 70, 3), dtype=np.uint8)
PHRASES = ["a cat", "Two  dogs", "sky"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("clipseg")
    write_clipseg(path)
    return path


def own_maps(folder, phrases):
    """What CLIPSegForImageSegmentation answers by its own processor, one phrase at a time."""
    model = transformers.CLIPSegForImageSegmentation.from_pretrained(folder).eval()
    images = transformers.ViTImageProcessorPil.from_pretrained(folder)
    words = transformers.CLIPSegProcessor(images, transformers.CLIPTokenizer.from_pretrained(folder))
    with torch.inference_mode():
        return [model(**words(text=[text], images=[IMAGE], return_tensors="pt")).logits[-1] for text in phrases]


def test_maps_are_those_of_transformers(folder):
    model = ClipSeg(str(folder), "cpu")
    (embedding,) = model.encode([IMAGE])
    assert embedding.tensors["layers"].shape == (3, 17, 32)
    answers = model.concepts(embedding, PHRASES)
    for answer, own in zip(answers, own_maps(folder, PHRASES), strict=True):
        torch.testing.assert_close(answer.semantic, own.reshape(64, 64), rtol=1e-4, atol=1e-4)
        assert answer.presence is None
        masks = logits_at_original(answer.logits[:, None], answer.frame)
        assert masks.shape[-2:] == IMAGE.shape[:2]
    assert (answers[0].semantic - answers[1].semantic).abs().max() > 1e-2


def test_instances_are_the_connected_parts_above_the_threshold(folder):
    model = ClipSeg(str(folder), "cpu", threshold=0.6)
    semantic = torch.full((64, 64), -3.0)
    semantic[2:5, 2:5] = 2.0
    semantic[5, 5] = 1.0  # touches by its corner
    semantic[20:30, 20:40] = 3.0
    semantic[50, 50] = 0.3  # a probability of .574
    model.model.decoder.forward = lambda layers, texts: type("Maps", (), {"logits": semantic[None]})
    (embedding,) = model.encode([IMAGE])
    (answer,) = model.concepts(embedding, ["a cat"])
    areas = (answer.logits > 0).flatten(1).sum(1).tolist()
    assert areas == [10, 200]
    expected = [(9 * torch.tensor(2.0).sigmoid() + torch.tensor(1.0).sigmoid()) / 10, torch.tensor(3.0).sigmoid()]
    torch.testing.assert_close(answer.scores, torch.stack(expected))
    assert answer.logits[0, 25, 25] == ELSEWHERE
    torch.testing.assert_close(answer.logits[0, 2, 2], torch.tensor(2 - np.log(0.6 / 0.4), dtype=torch.float32))
    model.instances = "whole"
    (whole,) = model.concepts(embedding, ["a cat"])
    assert (whole.logits > 0).sum() == 210
    semantic[:] = -3.0
    (nothing,) = model.concepts(embedding, ["a cat"])
    assert nothing.logits.shape == (0, 64, 64)
    assert nothing.scores.shape == (0,)
    assert model.concepts(embedding, []) == []


def test_half_precision_and_wrong_settings(folder, tmp_path):
    half, exact = ClipSeg(str(folder), "cpu", "bf16"), ClipSeg(str(folder), "cpu", encode_batch_size=2)
    (embedding,) = half.encode([IMAGE])
    assert embedding.tensors["layers"].dtype == torch.bfloat16
    found, own = half.concepts(embedding, ["sky"]), exact.concepts(exact.encode([IMAGE, IMAGE])[1], ["sky"])
    assert (found[0].semantic - own[0].semantic).abs().max() < 0.2 * own[0].semantic.abs().max()
    assert half.fingerprint != exact.fingerprint
    assert set(half.parts()) == {"encoder", "prompt_encoder", "decoder"}
    settings = {"name": "clipseg", "checkpoint": str(folder), "device": "cpu"}
    with pytest.raises(UsageError, match="one of components, whole"):
        build("models", "model", settings | {"instances": "parts"})
    with pytest.raises(ModelError, match="does not exist"):
        ClipSeg(str(tmp_path / "none"), "cpu")
    with pytest.raises(ModelError, match="no checkpoint is given"):
        ClipSeg(None, "cpu")


def test_a_folder_that_does_not_say_how_images_are_prepared_is_refused(folder, tmp_path):
    for file in folder.iterdir():
        if file.name != "preprocessor_config.json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="does not say how images are prepared") as caught:
        ClipSeg(str(tmp_path), "cpu")
    assert "preprocessor_config.json" in str(caught.value)
