"""The presets named after EfficientViT-SAM give the numbers of its own script, as the golden beside them keeps them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scripted_masks import answers, write_set

import sambench

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "efficientvit_sam.json").read_text())
SIZES = {"all": "", "small": "s", "medium": "m", "large": "l"}


def decode(embedding, prompts, multimask):
    """Answer every prompt by the rule; masks become logits of 1 and -1 at the image's size."""
    assert multimask
    masks, scores = [], []
    for index in range(len(prompts)):
        points = None if prompts.points_xy is None else prompts.points_xy[index]
        labels = None if prompts.labels is None else prompts.labels[index]
        box = None if prompts.boxes_xyxy is None else prompts.boxes_xyxy[index]
        found, confidence = answers(points, labels, box)
        masks.append(np.where(found, 1.0, -1.0))
        scores.append(confidence)
    return torch.tensor(np.array(masks), dtype=torch.float32), torch.tensor(np.array(scores))


def metrics(task, folder):
    words = [f"task/{task}=efficientvit", f"data.annotations={folder}/instances.json", f"data.images={folder}/images"]
    run = sambench.evaluate((lambda image: None, decode), task, "coco", words, run={"dir": str(folder / task)})
    return {name: 100 * metric.value for name, metric in run.metrics.items() if metric.value is not None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("set")
    write_set(made)
    return made


def test_boxes(folder):
    found = metrics("instances", folder)
    # Its unions are larger by 1e-7 pixels: at most 4e-6 percent points of an object of 3 pixels, 1e-7 of these means.
    for size, letter in SIZES.items():
        assert found[f"box_mIoU{letter}"] == pytest.approx(GOLDEN["box"][size], abs=1e-6)


def test_clicks(folder):
    found = metrics("points", folder)
    for clicks in (1, 3, 5):
        for size, letter in SIZES.items():
            assert found[f"mIoU{letter}@{clicks}"] == pytest.approx(GOLDEN[f"{clicks} clicks"][size], abs=1e-6)
