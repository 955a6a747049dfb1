"""Folders of PNG masks as segment_anything's `amg.py` writes them by default: the same figures as those of the run."""

import csv
import gzip
import json

import numpy as np
import pytest
from PIL import Image

import sambench
from sambench.errors import PredictionError
from sambench.masks import rle
from sambench.predictions.mask_folders import mask_lines, with_masks

COLUMNS = [
    "id",
    "area",
    "bbox_x0",
    "bbox_y0",
    "bbox_w",
    "bbox_h",
    "point_input_x",
    "point_input_y",
    "predicted_iou",
    "stability_score",
    "crop_box_x0",
    "crop_box_y0",
    "crop_box_w",
    "crop_box_h",
]


def write_masks(folder, masks, estimates):
    """Write an image's folder: (N, H, W) bool masks, (N, 2) predicted IoU and stability score."""
    folder.mkdir(parents=True)
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for index, (mask, (iou, stability)) in enumerate(zip(masks, estimates, strict=True)):
            Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{index}.png")
            table.writerow([index, mask.sum(), 0, 0, 1, 1, 3.5, 4.5, iou, stability, 0, 0, 9, 9])


@pytest.fixture
def folder(tmp_path):
    masks = np.zeros((3, 4, 5), bool)
    masks[0, 1:3, 1:4] = masks[1, 0, 0] = True
    write_masks(tmp_path / "image", masks, [(0.9, 0.8), (0.7, 0.95), (0.5, 0.5)])
    return tmp_path / "image"


def test_masks_stand_beside_their_lines(folder):
    entries = with_masks(mask_lines(folder / "metadata.csv"), folder, (4, 5))
    assert [(one["id"], one["predicted_iou"], one["stability_score"]) for one in entries] == [
        ("0", 0.9, 0.8), ("1", 0.7, 0.95), ("2", 0.5, 0.5),
    ]  # fmt: skip
    areas = rle.areas([rle.from_segmentation(one["segmentation"], (4, 5)) for one in entries])
    assert areas.tolist() == [6, 1, 0]


def renamed(folder):
    (folder / "1.png").rename(folder / "7.png")


def listed_twice(folder):
    text = (folder / "metadata.csv").read_text()
    (folder / "metadata.csv").write_text(text + text.splitlines()[1] + "\n")


def grey(folder):
    Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5)).save(folder / "1.png")


def turned(folder):
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(folder / "1.png")


def cut(folder):
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:40])


def without_header(folder):
    (folder / "metadata.csv").write_text("0,12,0.9\n")


def outside(folder):
    (folder / "metadata.csv").write_text("id,predicted_iou\n../0,0.9\n")


def in_words(folder):
    (folder / "metadata.csv").write_text("id,predicted_iou\n0,high\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (renamed, r"1 mask\(s\) are listed but not there: 1.png"),
        (lambda folder: (folder / "3.png").write_bytes(b""), r"1 mask\(s\) are there but not listed: 3.png"),
        (listed_twice, r"1 mask\(s\) are listed twice: 0.png"),
        (grey, "no mask: it holds 20 values"),
        (turned, "the mask has 4 x 5 pixels, its image 5 x 4"),
        (cut, "the mask cannot be read"),
        (without_header, "no column id"),
        (outside, "line 2 has no whole number in column id"),
        (in_words, "line 2 is no row of numbers"),
    ],
)
def test_what_does_not_fit_is_told(folder, change, told):
    change(folder)
    with pytest.raises(PredictionError, match=told) as caught:
        with_masks(mask_lines(folder / "metadata.csv"), folder, (4, 5))
    assert str(folder) in str(caught.value.where)
    assert caught.value.mend


def test_a_generators_folders_score_as_the_run_itself(mini, tmp_path):
    words = [f"+data.cache_dir={mini.parents[1]}", "limit=2", "task.points_per_side=6", "task.max_dets=[1,10,100]"]
    words += ["illustrate=0", "workers=0", "progress=off"]
    run = sambench.run("proposals", data="mini", overrides=[*words, f"run.dir={tmp_path / 'run'}"])
    for path in sorted(run.predictions.rglob("*.json.gz")):
        entries = json.loads(gzip.decompress(path.read_bytes()))
        size = entries[0]["segmentation"]["size"]
        masks = rle.decode_masks([rle.from_segmentation(one["segmentation"], size) for one in entries], size)
        estimates = [(one["predicted_iou"], one["stability_score"]) for one in entries]
        write_masks(tmp_path / "amg" / path.name.removesuffix(".json.gz"), masks, estimates)
    scored = sambench.score("proposals", "mini", tmp_path / "amg", overrides=[*words, f"run.dir={tmp_path / 'scored'}"])
    known = {name: metric.value for name, metric in run.metrics.items() if metric.value == metric.value}
    assert {name: scored.metrics[name].value for name in known} == known
    notes = scored.record.model.notes
    assert any("masks without a score are ranked by task.rank=iou_and_stability" in note for note in notes)
    mask = next((tmp_path / "amg").glob("*/0.png"))
    Image.fromarray(np.zeros_like(np.asarray(Image.open(mask)))).save(mask)
    other = sambench.score("proposals", "mini", tmp_path / "amg", overrides=[*words, f"run.dir={tmp_path / 'other'}"])
    assert other.record.model.fingerprint != scored.record.model.fingerprint
