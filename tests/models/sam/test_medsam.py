"""MedSAM's recipe, written again from its description over transformers' own modules, and what it refuses."""

import numpy as np
import pytest
import skimage.transform
import torch
from small_instances import settings, write_objects
from tiny_sams import tiny_model

import sambench
from sambench.errors import ModelError, UsageError
from sambench.masks.resize import logits_at_original
from sambench.models.base import Question
from sambench.models.sam.medsam import load
from sambench.types import Prompts

SIZE = (37, 61)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Return transformers' tiny SAM, ours of the same folder, and the folder."""
    folder = tmp_path_factory.mktemp("medsam")
    theirs = tiny_model("sam")
    theirs.save_pretrained(folder)
    return theirs, load(str(folder), device="cpu"), folder


def scan(seed=0):
    """Return an image whose values span 20 to 140, as a scan's that was not stretched to 8 bits."""
    return np.random.default_rng(seed).integers(20, 141, (*SIZE, 3), dtype=np.uint8)


def as_published(model, image, boxes, side):
    """Return probabilities at the image's size: resized cubic to a square, range to 0..1, boxes by width and height."""
    height, width = image.shape[:2]
    square = skimage.transform.resize(image, (side, side), order=3, preserve_range=True, anti_aliasing=True)
    square = np.floor(square)
    square = (square - square.min()) / (square.max() - square.min())
    assert (square.min(), square.max()) == (0, 1)
    pixels = torch.tensor(square.transpose(2, 0, 1)[None], dtype=torch.float32)
    scaled = boxes.numpy() * np.array([side / width, side / height] * 2)
    with torch.no_grad():
        answer = model(
            pixel_values=pixels, input_boxes=torch.tensor(scaled, dtype=torch.float32)[None], multimask_output=False
        )
    probability = torch.sigmoid(answer.pred_masks[0])
    return torch.nn.functional.interpolate(probability, SIZE, mode="bilinear", align_corners=False), answer.iou_scores


def test_masks_are_those_of_the_published_recipe(both):
    theirs, ours, _ = both
    boxes = torch.tensor([[5.0, 4.0, 40.0, 30.0], [20.0, 1.0, 60.0, 36.0], [0.0, 10.0, 33.0, 20.0]])
    image = scan()
    probability, iou = as_published(theirs, image, boxes, 64)
    answer = ours.decode(ours.encode([image])[0], Prompts(boxes_xyxy=boxes), multimask=False)
    found = logits_at_original(answer.logits, answer.frame)
    assert found.shape == probability.shape == (3, 1, *SIZE)
    torch.testing.assert_close(found + 0.5, probability, rtol=0, atol=2e-5)
    assert not ((found > 0) != (probability > 0.5))[(probability - 0.5).abs() > 1e-4].any()
    assert 0.01 < (probability > 0.5).float().mean() < 0.99
    torch.testing.assert_close(answer.predicted_iou, iou[0], rtol=0, atol=2e-5)
    torch.testing.assert_close(answer.feedback.sigmoid() - 0.5, answer.logits)
    assert "scikit-image cubic" in ours.provenance["preprocessing"]


def test_an_image_of_one_colour_is_zero(both):
    pixels = both[1].preprocessing.pixels(np.full((*SIZE, 3), 90, np.uint8))
    assert pixels.shape == (3, 64, 64)
    assert not pixels.any()


def test_boxes_alone_are_answered(both, tmp_path):
    _, ours, folder = both
    assert ours.refuses(Question(box=True, multimask=False)) is None
    for question in (Question(points=1, multimask=False), Question(box=True), Question(box=True, mask=True)):
        assert "MedSAM" in ours.refuses(question)
    embedding = ours.encode([scan()])[0]
    with pytest.raises(ValueError, match="boxes alone"):
        ours.decode(embedding, Prompts(torch.ones(1, 1, 2), torch.ones(1, 1, dtype=torch.int64)), False)
    data, words = write_objects(tmp_path / "data"), [f"model.checkpoint={folder}", "task.first_output=single"]
    asked = settings(data, task="instances", overrides=[*words, "task.passes=1"], model="medsam")
    run = sambench.run(**asked, run={"dir": str(tmp_path / "run")}, workers=0)
    assert run.record["model"]["name"] == "medsam"
    assert run.record["counts"]["samples"] == 2
    with pytest.raises(UsageError, match="medsam cannot answer"):
        sambench.run(**settings(data, overrides=words, model="medsam", workers=0))
    with pytest.raises(ModelError, match="no checkpoint"):
        load(None)
