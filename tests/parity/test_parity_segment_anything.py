"""SAM against segment_anything: same random weights, small configuration and the real ViT-B shape."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("segment_anything")

import reference_models as reference
from segment_anything import SamPredictor, sam_model_registry
from transformers import SamConfig, SamModel

from sambench.masks.resize import logits_at_original
from sambench.models.sam.checkpoints import recognise
from sambench.models.sam.convert_sam import convert_sam, sam_config
from sambench.models.sam.loading import load
from sambench.types import Prompts

SIZES = {"small": [(90, 131), (131, 90), (64, 64), (200, 311)], "vit_b": [(480, 640)]}


@pytest.fixture(scope="module", params=["small", "vit_b"])
def pair(request, tmp_path_factory):
    """Return a predictor and our model of the same file."""
    model = reference.small_sam() if request.param == "small" else reference.randomise(sam_model_registry["vit_b"](), 1)
    path = tmp_path_factory.mktemp("sam") / "weights.bin"
    torch.save(model.state_dict(), path)
    ours = load(path, family="sam", variant="vit_b" if request.param == "vit_b" else None, device="cpu")
    return request.param, SamPredictor(model), ours


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())


def test_embeddings_logits_and_masks(pair):
    kind, predictor, ours = pair
    for height, width in SIZES[kind]:
        image = reference.image(height, width)
        predictor.set_image(image)
        embedding = ours.encode([image])[0]
        assert relative(embedding.tensors["image_embedding"], predictor.features[0]) < 2e-5
        side = predictor.features.shape[-1] * 4
        for prompt_kind in reference.KINDS:
            asked = reference.prompts(prompt_kind, height, width, side)
            for multimask in (True, False):
                full, iou, low = reference.ask_sam(predictor, asked, multimask)
                answer = ours.decode(embedding, Prompts(**asked), multimask)
                assert answer.logits.shape == low.shape
                assert relative(answer.logits, low) < 2e-5, (kind, prompt_kind, multimask)
                assert relative(answer.predicted_iou, iou) < 2e-5, (kind, prompt_kind, multimask)
                resized = logits_at_original(answer.logits, answer.frame)
                assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()
                assert low.std() > 0.2, "the test's masks say nothing"


def test_many_points_at_once(pair):
    kind, predictor, ours = pair
    if kind != "small":
        pytest.skip("the small configuration shows it")
    image = reference.image(90, 131)
    predictor.set_image(image)
    embedding = ours.encode([image])[0]
    asked = reference.prompts("points", 90, 131, 32, batch=37)
    _, iou, low = reference.ask_sam(predictor, asked, True)
    answer = ours.decode(embedding, Prompts(**asked), True)
    assert relative(answer.logits, low) < 2e-5
    assert relative(answer.predicted_iou, iou) < 2e-5


def test_pixels_equal_the_reference(pair):
    _, predictor, ours = pair
    size = predictor.model.image_encoder.img_size
    for height, width in [(90, 131), (333, 500), (1200, 1801), (size, size), (7, 900)]:
        image = np.ascontiguousarray(reference.image(height, width))
        theirs = torch.as_tensor(predictor.transform.apply_image(image)).permute(2, 0, 1)[None].contiguous()
        theirs = predictor.model.preprocess(theirs)[0]
        assert torch.equal(ours.preprocessing.pixels(image), theirs)


@pytest.mark.parametrize("size", ["vit_b", "vit_l", "vit_h"])
def test_every_published_size_is_recognised_and_fits(size):
    with torch.device("meta"):
        tensors = sam_model_registry[size]().state_dict()
    assert recognise(tensors, Path("weights.bin")) == ("sam", size)
    with torch.device("meta"):
        model = SamModel(SamConfig(**sam_config(tensors)))
    converted = convert_sam(tensors)
    assert {n: t.shape for n, t in model.state_dict().items()} == {n: t.shape for n, t in converted.items()}
