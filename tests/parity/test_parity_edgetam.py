"""EdgeTAM: sam2's own image path with EdgeTAM's published trunk (timm's RepViT-M1), same random weights."""

import pytest
import torch

pytest.importorskip("sam2")
pytest.importorskip("timm")

import reference_models as reference
import timm
from sam2.build_sam import build_sam2
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from sam2.sam2_image_predictor import SAM2ImagePredictor

from sambench.models.sam.loading import load
from sambench.types import Prompts


class Trunk(torch.nn.Module):
    """RepViT-M1 under the name EdgeTAM's checkpoint gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = timm.create_model("repvit_m1", features_only=True, out_indices=(0, 1, 2, 3))
        self.channel_list = self.body.feature_info.channels()[::-1]

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """Return features from fine to coarse."""
        return self.body(pixels)


def edgetam() -> torch.nn.Module:
    model = build_sam2("configs/sam2/sam2_hiera_t.yaml", None, device="cpu")
    old, trunk = model.image_encoder.neck, Trunk()
    neck = FpnNeck(
        old.position_encoding, 256, trunk.channel_list, fpn_interp_model="nearest", fpn_top_down_levels=[2, 3]
    )
    model.image_encoder = ImageEncoder(trunk, neck, scalp=1)
    return reference.randomise(model, 3, sharpness=8.0)


def test_embeddings_and_logits(tmp_path):
    model = edgetam()
    torch.save({"model": model.state_dict()}, tmp_path / "weights.bin")
    ours = load(tmp_path / "weights.bin", "edgetam", device="cpu")
    assert ours.name == "edgetam"
    predictor = SAM2ImagePredictor(model)
    image = reference.image(240, 320)
    predictor.set_image(image)
    embedding = ours.encode([image])[0]
    assert relative(embedding.tensors["image_embedding"], predictor._features["image_embed"][0]) < 2e-5
    for kind in ("points", "boxes", "points+boxes+masks"):
        asked = reference.prompts(kind, 240, 320, 256)
        for multimask in (True, False):
            _, iou, low = reference.ask_sam2(predictor, asked, multimask)
            answer = ours.decode(embedding, Prompts(**asked), multimask)
            assert relative(answer.logits.clamp(-32, 32), low) < 2e-5, (kind, multimask)
            assert relative(answer.predicted_iou, iou) < 2e-5, (kind, multimask)


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())
