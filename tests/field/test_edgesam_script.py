"""Boxes by the preset named after EdgeSAM give the number of its own script, as the golden beside it keeps it."""

import json
from pathlib import Path

import pytest
import torch
from scripted_masks import SIZE, box_logits, write_set

import sambench
from sambench.types import MaskFrame, Masks

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "edgesam.json").read_text())
FRAME = MaskFrame(SIZE, padded_size=(1024, 1024), input_size=(768, 1024))


def decode(embedding, prompts, multimask):
    """Answer boxes in SAM's padded frame, at a quarter of its resolution; the preset asks for one mask."""
    assert not multimask
    logits = torch.from_numpy(box_logits(prompts.boxes_xyxy * (1024 / max(SIZE))))
    return Masks(logits, torch.ones(len(prompts), 1), FRAME)


def test_boxes(tmp_path):
    write_set(tmp_path)
    words = ["task/instances=edgesam", f"data.annotations={tmp_path}/instances.json", f"data.images={tmp_path}/images"]
    run = sambench.evaluate(
        (lambda image: None, decode), "instances", "coco", words, run={"dir": str(tmp_path / "run")}
    )
    assert sum(len(row["box_iou"]) for row in run.rows()) == GOLDEN["objects"]
    assert 100 * run.metrics["box_mIoU"].value == pytest.approx(GOLDEN["box"], abs=1e-5)  # its sums are in float32
