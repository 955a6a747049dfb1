"""Boxes of a file drawn by a tiny SAM: the masks are the SAM's own for these boxes, the scores the file's."""

import json

import numpy as np
import pytest
import torch
from tiny_sams import tiny_model

from sambench.config.resolve import build
from sambench.errors import ModelError, UsageError
from sambench.models.base import Question
from sambench.models.sam.loading import load as load_sam
from sambench.models.text.boxes_then_masks import STRANGE_PAIRS, BoxesThenMasks
from sambench.prompts.concepts import ConceptPair, ConceptTruth
from sambench.types import Prompts, Sample

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
ENTRIES = [
    {"image_id": 7, "bbox": [5, 4, 20, 30], "score": 0.9},
    {"image_id": 9, "bbox": [0, 0, 60, 40], "score": 0.2},
    {"image_id": 7, "bbox": [30.5, 10, 8, 9], "score": 0.4},
]


@pytest.fixture(scope="module")
def sam_folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sam")
    tiny_model("sam").save_pretrained(path)
    return str(path)


def written(folder, entries):
    path = folder / "boxes.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


def sample(key="a", first=7):
    return Sample(key, IMAGE, ConceptTruth([ConceptPair(first, "a cat", ([],)), ConceptPair(8, "a dog", ([],))]))


def test_masks_are_those_of_the_boxes_of_the_pair(sam_folder, tmp_path):
    settings = {
        "name": "boxes_then_masks",
        "detector": written(tmp_path, ENTRIES),
        "segmenter": {"name": "sam", "checkpoint": sam_folder},
        "device": "cpu",
    }
    model, sam = build("models", "model", settings), load_sam(sam_folder, device="cpu")
    (embedding,) = model.encode([IMAGE])
    model.about(sample())
    absent, cat = model.concepts(embedding, ["a dog", "a cat"])
    boxes = torch.tensor([[5.0, 4, 25, 34], [30.5, 10, 38.5, 19]])
    expected = sam.decode(sam.encode([IMAGE])[0], Prompts(boxes_xyxy=boxes), multimask=False)
    assert torch.equal(cat.logits, expected.logits[:, 0])
    assert cat.frame == expected.frame
    assert torch.equal(cat.boxes_xyxy, boxes)
    torch.testing.assert_close(cat.scores, torch.tensor([0.9, 0.4]))
    assert cat.presence is None
    model.box_threshold = 0.4
    (sure,) = model.concepts(embedding, ["a cat"])
    torch.testing.assert_close(sure.logits, expected.logits[:1, 0], rtol=1e-4, atol=1e-4)
    assert (len(absent.scores), len(absent.logits), absent.frame.original_size) == (0, 0, (40, 60))
    assert model.fingerprint == sam.fingerprint
    assert model.refuses(Question(phrase=True)) is None
    assert model.refuses(Question(points=1)) is not None
    assert set(model.parts()) == {"encoder", "prompt_encoder", "decoder"}


def test_other_boxes_are_another_decoder(sam_folder, tmp_path):
    segmenter = {"name": "sam", "checkpoint": sam_folder}
    one = BoxesThenMasks(written(tmp_path, ENTRIES), segmenter, "cpu").provenance
    other = BoxesThenMasks(written(tmp_path, ENTRIES[:2]), segmenter, "cpu").provenance
    assert one["decoder_fingerprint"] != other["decoder_fingerprint"]
    assert (one["boxes"], other["boxes"]) == (3, 2)


def test_phrases_need_their_pairs(sam_folder, tmp_path, caplog):
    model = BoxesThenMasks(written(tmp_path, ENTRIES[:1]), {"name": "sam", "checkpoint": sam_folder}, "cpu")
    (embedding,) = model.encode([IMAGE])
    with pytest.raises(ModelError, match="was told of none for a cat"):
        model.concepts(embedding, ["a cat"])
    model.about(sample(first=1))
    for _ in range(STRANGE_PAIRS // 2):
        model.concepts(embedding, ["a cat", "a dog"])
    assert caplog.text.count("is boxes+sam of these data?") == 1
    with pytest.raises(ModelError, match="pair 8 is in several images, a and b"):
        model.about(sample("b"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bbox": [0.1, 0.2, 0.5, 0.5]}, "in shares of the image's sides"),
        ({"bbox": [1, 2, 0, 4]}, "an empty bbox"),
        ({"bbox": [1, 2, 3]}, "no bbox of four finite numbers"),
        ({"score": 1.5}, "no number from 0 to 1"),
        ({"image_id": None}, "no image_id"),
    ],
)
def test_boxes_that_would_count_for_nothing_are_told(change, message, tmp_path):
    with pytest.raises(ModelError, match=message):
        BoxesThenMasks(written(tmp_path, [ENTRIES[0] | change]), {"name": "sam"}, "cpu")


def test_what_is_no_list_of_boxes_is_told(tmp_path):
    with pytest.raises(ModelError, match="no boxes are given"):
        BoxesThenMasks(None, {"name": "sam"}, "cpu")
    with pytest.raises(ModelError, match="holds no list"):
        BoxesThenMasks(written(tmp_path, {"a": 1}), {"name": "sam"}, "cpu")
    with pytest.raises(ModelError, match="cannot be read"):
        BoxesThenMasks(str(tmp_path / "none.json"), {"name": "sam"}, "cpu")


def test_a_segmenter_without_boxes_is_refused(tmp_path):
    boxes = written(tmp_path, ENTRIES)
    with pytest.raises(UsageError, match="sobel draws no mask of a box"):
        BoxesThenMasks(boxes, {"name": "sobel"}, "cpu")
