"""SAM 2 against its own package sam2: same random weights in the published shapes."""

import pytest
import torch

pytest.importorskip("sam2")

import reference_models as reference
from sam2.build_sam import build_sam2
from sam2.sam2_image_predictor import SAM2ImagePredictor

from sambench.masks.resize import logits_at_original
from sambench.models.sam.checkpoints import load_checkpoint
from sambench.models.sam.loading import load
from sambench.types import Prompts


def build(config: str, dynamic: bool = True):
    model = build_sam2(f"configs/{config}.yaml", None, device="cpu", apply_postprocessing=dynamic)
    return reference.randomise(model, 2, sharpness=8.0)


@pytest.mark.parametrize("dynamic", [True, False])
def test_embeddings_logits_and_masks(tmp_path, dynamic):
    model = build("sam2.1/sam2.1_hiera_t", dynamic)
    torch.save({"model": model.state_dict()}, tmp_path / "weights.bin")
    ours = load(tmp_path / "weights.bin", "sam2", "2.1_hiera_tiny", device="cpu", dynamic_multimask=dynamic)
    predictor = SAM2ImagePredictor(model)
    image = reference.image(333, 500)
    predictor.set_image(image)
    embedding = ours.encode([image])[0]
    theirs = predictor._features
    assert relative(embedding.tensors["image_embedding"], theirs["image_embed"][0]) < 2e-5
    assert relative(embedding.tensors["high_res_0"], theirs["high_res_feats"][0][0]) < 2e-5
    assert relative(embedding.tensors["high_res_1"], theirs["high_res_feats"][1][0]) < 2e-5
    for kind in reference.KINDS:
        # The package refuses a batch of prompts that are masks alone.
        asked = reference.prompts(kind, 333, 500, 256, batch=1 if kind == "masks" else 4)
        for multimask in (True, False):
            full, iou, low = reference.ask_sam2(predictor, asked, multimask)
            answer = ours.decode(embedding, Prompts(**asked), multimask)
            assert answer.logits.shape == low.shape
            assert relative(answer.logits.clamp(-32, 32), low) < 2e-5, (kind, multimask)
            assert relative(answer.predicted_iou, iou) < 2e-5, (kind, multimask)
            resized = logits_at_original(answer.logits, answer.frame)
            assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()
            assert low.std() > 0.2, "the test's masks say nothing"


def test_an_answer_fed_back(tmp_path):
    model = reference.randomise(build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", None, device="cpu"), 2, 200.0)
    torch.save({"model": model.state_dict()}, tmp_path / "weights.bin")
    ours, predictor = load(tmp_path / "weights.bin", device="cpu"), SAM2ImagePredictor(model)
    image = reference.image(333, 500)
    predictor.set_image(image)
    asked = reference.prompts("boxes", 333, 500, 256)
    _, _, low = reference.ask_sam2(predictor, asked, False)
    embedding = ours.encode([image])[0]
    answer = ours.decode(embedding, Prompts(**asked), False)
    assert answer.logits.abs().max() > 40, "the predictor's clamp at 32 must matter here"
    _, iou, low = reference.ask_sam2(predictor, asked | {"mask_logits": low[:, 0]}, False)
    again = ours.decode(embedding, Prompts(**asked | {"mask_logits": answer.logits[:, 0]}), False)
    assert relative(again.logits.clamp(-32, 32), low) < 1e-4
    assert relative(again.predicted_iou, iou) < 2e-5


@pytest.mark.parametrize(
    ("config", "variant"),
    [
        ("sam2/sam2_hiera_t", "2_hiera_tiny"),
        ("sam2/sam2_hiera_s", "2_hiera_small"),
        ("sam2/sam2_hiera_b+", "2_hiera_base_plus"),
        ("sam2/sam2_hiera_l", "2_hiera_large"),
        ("sam2.1/sam2.1_hiera_s", "2.1_hiera_small"),
        ("sam2.1/sam2.1_hiera_b+", "2.1_hiera_base_plus"),
        ("sam2.1/sam2.1_hiera_l", "2.1_hiera_large"),
    ],
)
def test_every_published_size_is_recognised_and_fits(tmp_path, config, variant):
    model = build(config)
    torch.save({"model": model.state_dict()}, tmp_path / "weights.bin")
    loaded = load_checkpoint(tmp_path / "weights.bin")
    assert (loaded.family, loaded.variant) == ("sam2", variant)
    pixels = torch.randn(1, 3, 256, 256)
    with torch.inference_mode():
        theirs = model.forward_image(pixels)["backbone_fpn"]
        ours = loaded.model.vision_encoder(pixels).fpn_hidden_states
    assert relative(ours[2], theirs[2]) < 2e-5


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())
