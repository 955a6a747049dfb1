"""OWLv2 on a tiny random model, its boxes drawn by a tiny SAM: both are what each gives by itself."""

import numpy as np
import pytest
import torch
import transformers
from tiny_sams import tiny_model
from tiny_texts import write_owlv2

from sambench.models.sam.loading import load as load_sam
from sambench.models.text.owlv2 import Owlv2
from sambench.types import Prompts

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 70, 3), dtype=np.uint8)
PHRASES = ["a cat", "Two  dogs", "sky"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    owl, sam = tmp_path_factory.mktemp("owlv2"), tmp_path_factory.mktemp("sam")
    write_owlv2(owl)
    tiny_model("sam").save_pretrained(sam)
    return owl, str(sam)


def own_boxes(folder, phrase, threshold):
    """What Owlv2ForObjectDetection and its own post-processing give of one phrase."""
    model = transformers.Owlv2ForObjectDetection.from_pretrained(folder).eval()
    images = transformers.Owlv2ImageProcessorPil.from_pretrained(folder)
    words = transformers.Owlv2Processor(images, transformers.CLIPTokenizer.from_pretrained(folder))
    inputs = words(text=[[phrase]], images=IMAGE, return_tensors="pt", max_length=16)
    with torch.inference_mode():
        outputs = model(**inputs)
    return images.post_process_object_detection(outputs, threshold, [IMAGE.shape[:2]])[0]


def test_boxes_are_those_of_transformers_and_masks_those_of_the_segmenter(folders):
    owl, sam_folder = folders
    model = Owlv2(str(owl), {"name": "sam", "checkpoint": sam_folder}, "cpu", box_threshold=0.0)
    (embedding,) = model.encode([IMAGE])
    assert embedding.tensors["owlv2"].shape == (4, 4, 32)
    every = model.concepts(embedding, PHRASES)
    sam = load_sam(sam_folder, device="cpu")
    (drawn,) = sam.encode([IMAGE])
    for phrase, answer in zip(PHRASES, every, strict=True):
        own = own_boxes(owl, phrase, 0.0)
        torch.testing.assert_close(answer.scores, own["scores"], rtol=0, atol=1e-5)
        torch.testing.assert_close(answer.boxes_xyxy, own["boxes"], rtol=0, atol=1e-3)
        masks = sam.decode(drawn, Prompts(boxes_xyxy=answer.boxes_xyxy), multimask=False)
        assert torch.equal(answer.logits, masks.logits[:, 0])
        assert answer.frame == masks.frame
    assert (every[0].scores - every[1].scores).abs().max() > 1e-3
    cut = float(every[0].scores.median())
    model.box_threshold = cut
    few = model.concepts(embedding, PHRASES[:1])[0]
    own = own_boxes(owl, PHRASES[0], cut)
    assert 0 < len(few.scores) == len(own["scores"]) < 16
    assert model.concepts(embedding, []) == []


def test_names_tell_everything_the_answers_depend_on(folders):
    owl, sam_folder = folders
    segmenter = {"name": "sam", "checkpoint": sam_folder}
    plain, asked = Owlv2(str(owl), segmenter, "cpu"), Owlv2(str(owl), segmenter, "cpu", template="a photo of a {}")
    assert plain.name == "owlv2+sam"
    assert plain.fingerprint == asked.fingerprint
    assert plain.provenance["decoder_fingerprint"] != asked.provenance["decoder_fingerprint"]
    assert set(plain.libraries) == {"numpy", "scipy", "transformers"}
    (embedding,) = plain.encode([IMAGE])
    plain.box_threshold = asked.box_threshold = 0.0
    same = plain.concepts(embedding, ["a photo of a cat"])[0]
    assert torch.equal(asked.concepts(embedding, ["cat"])[0].scores, same.scores)
    half = Owlv2(str(owl), segmenter, "cpu", dtype="bf16")
    (low,) = half.encode([IMAGE])
    assert {part.dtype for part in low.tensors.values()} == {torch.bfloat16}
    assert half.fingerprint != plain.fingerprint
    half.box_threshold = 0.0
    assert (half.concepts(low, ["a photo of a cat"])[0].scores - same.scores).abs().max() < 0.05
    assert set(half.parts()) == {"encoder", "prompt_encoder", "decoder"}
