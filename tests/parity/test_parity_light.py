"""SAM's decoder on light encoders against the authors' code: same random weights in the published sizes.

RepViT-SAM is in no package: its test runs where the folder sam/ of THU-MIG/RepViT is on the path.
"""

from importlib.metadata import version

import pytest
import reference_models as reference
import torch

pytest.importorskip("timm")

from sambench.masks.resize import logits_at_original
from sambench.models.sam.loading import load
from sambench.types import Prompts

FORKS = {
    "mobile_sam": ("mobile_sam", "vit_t"),
    "light_hq_sam": ("segment_anything_hq", "vit_tiny"),
    "repvit_sam": ("repvit_sam", "repvit"),
    "edge_sam": ("edge_sam", "edge_sam"),
}
"""Name here -> package, the network's name in its registry."""


def ask_edge_sam(predictor, asked, multimask):
    """Ask EdgeSAM for its predicted IoU, which by default it replaces with a stability score."""
    predictor_of_sam, features = predictor.predict_torch, predictor.features

    def predict(points, labels, boxes, masks, multimask, return_logits):
        number = 3 if multimask else 1
        return predictor_of_sam(
            features, points, labels, boxes, masks, number, return_logits, use_stability_score=False
        )

    predictor.predict_torch = predict
    try:
        return reference.ask_sam(predictor, asked, multimask)
    finally:
        predictor.predict_torch = predictor_of_sam


@pytest.mark.parametrize("name", FORKS)
def test_embeddings_logits_and_masks(name, tmp_path):
    package, network = FORKS[name]
    theirs = pytest.importorskip(package)
    model = reference.randomise(theirs.sam_model_registry[network](), 3)
    torch.save(model.state_dict(), tmp_path / "weights.bin")
    ours = load(tmp_path / "weights.bin", device="cpu")
    assert ours.name == name
    assert ours.provenance["timm"] == version("timm")
    predictor, ask = theirs.SamPredictor(model), ask_edge_sam if name == "edge_sam" else reference.ask_sam
    image = reference.image(90, 131)
    with torch.inference_mode():
        predictor.set_image(image)
        embedding = ours.encode([image])[0]
        assert relative(embedding.tensors["image_embedding"], predictor.features[0]) < 1e-5
        for kind in ("points", "boxes", "points+masks"):
            asked = reference.prompts(kind, 90, 131, 256)
            for multimask in (True, False):
                full, iou, low = ask(predictor, asked, multimask)
                answer = ours.decode(embedding, Prompts(**asked), multimask)
                assert answer.logits.shape == low.shape
                assert relative(answer.logits, low) < 2e-5, (kind, multimask)
                assert relative(answer.predicted_iou, iou) < 2e-5, (kind, multimask)
                resized = logits_at_original(answer.logits, answer.frame)
                assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()
                assert low.std() > 0.2, "the test's masks say nothing"


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())
