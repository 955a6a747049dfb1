"""Grounding DINO on a tiny random model, its boxes drawn by a tiny SAM: both are what each gives by itself."""

import numpy as np
import pytest
import torch
import transformers
from tiny_sams import tiny_model
from tiny_texts import write_grounding_dino

from sambench.errors import ModelError
from sambench.models.sam.loading import load as load_sam
from sambench.models.text.grounding_dino import GroundingDino
from sambench.prompts.concepts import ConceptTruth
from sambench.types import Prompts, Sample

PHRASES = ["a cat", "Two  dogs"]


def image(seed=0, size=(40, 70)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def sample(pixels):
    return Sample("a", pixels, ConceptTruth([]))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    dino, sam = tmp_path_factory.mktemp("dino"), tmp_path_factory.mktemp("sam")
    write_grounding_dino(dino)
    tiny_model("sam").save_pretrained(sam)
    return dino, str(sam)


def own_boxes(folder, phrase, pixels, threshold):
    """What GroundingDinoForObjectDetection and its own post-processing give of one phrase."""
    model = transformers.GroundingDinoForObjectDetection.from_pretrained(folder).eval()
    images = transformers.GroundingDinoImageProcessorPil.from_pretrained(folder)
    words = transformers.GroundingDinoProcessor(images, transformers.BertTokenizer.from_pretrained(folder))
    inputs = words(text=[[phrase]], images=pixels, return_tensors="pt")
    with torch.inference_mode():
        outputs = model(**inputs)
    size = [pixels.shape[:2]]
    return words.post_process_grounded_object_detection(outputs, inputs["input_ids"], threshold, 0.25, size)[0]


def test_boxes_are_those_of_transformers_and_masks_those_of_the_segmenter(folders):
    dino, sam_folder = folders
    model = GroundingDino(str(dino), {"name": "sam", "checkpoint": sam_folder}, "cpu", box_threshold=0.0)
    sam, runs = load_sam(sam_folder, device="cpu"), []
    model.model.model.backbone.given.register_forward_hook(lambda *_: runs.append(1))
    assert model.fingerprint == sam.fingerprint
    for seed, size in ((0, (40, 70)), (1, (60, 30))):
        pixels = image(seed, size)
        (embedding,), (drawn,) = model.encode([pixels]), sam.encode([pixels])
        model.about(sample(pixels))
        answers = [*model.concepts(embedding, PHRASES), *model.concepts(embedding, PHRASES[:1])]
        for phrase, answer in zip([*PHRASES, PHRASES[0]], answers, strict=True):
            own = own_boxes(dino, phrase, pixels, 0.0)
            assert len(own["scores"]) == 10
            torch.testing.assert_close(answer.scores, own["scores"], rtol=0, atol=1e-5)
            torch.testing.assert_close(answer.boxes_xyxy, own["boxes"], rtol=0, atol=1e-3)
            masks = sam.decode(drawn, Prompts(boxes_xyxy=answer.boxes_xyxy), multimask=False)
            assert torch.equal(answer.logits, masks.logits[:, 0])
        assert (answers[0].scores - answers[1].scores).abs().max() > 1e-4
    assert len(runs) == 2  # once an image, whatever the number of phrases


def test_only_sure_boxes_are_drawn(folders):
    dino, sam_folder = folders
    model = GroundingDino(str(dino), {"name": "sam", "checkpoint": sam_folder}, "cpu", box_threshold=1.0)
    (embedding,) = model.encode([image()])
    model.about(sample(image()))
    assert len(model.concepts(embedding, ["a cat"])[0].scores) == 0
    assert set(model.parts()) == {"encoder", "prompt_encoder", "decoder"}


def test_the_image_must_be_told_and_long_phrases_are_cut(folders, caplog):
    dino, sam_folder = folders
    model = GroundingDino(str(dino), {"name": "sam", "checkpoint": sam_folder}, "cpu", box_threshold=0.0)
    (embedding,) = model.encode([image()])
    with pytest.raises(ModelError, match="was not told of it"):
        model.concepts(embedding, ["a cat"])
    model.about(sample(image(1, (50, 50))))
    with pytest.raises(ModelError, match="was not told of it"):
        model.concepts(embedding, ["a cat"])
    model.about(sample(image()))
    long = "abc " * 8
    cut, same = model.concepts(embedding, [long + "x", long + "y"])
    assert torch.equal(cut.scores, same.scores)
    assert caplog.text.count("are cut") == 1
    assert model.provenance["notes"] == ["phrases of more than 24 tokens are cut"]
