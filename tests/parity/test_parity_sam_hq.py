"""SAM-HQ against segment_anything_hq: same random weights in a small configuration."""

import pytest
import torch

pytest.importorskip("segment_anything_hq")

import reference_models as reference
from segment_anything_hq import SamPredictor

from sambench.masks.resize import logits_at_original
from sambench.models.sam.loading import load
from sambench.types import Prompts


@pytest.mark.parametrize("hq_token_only", [False, True])
def test_embeddings_logits_and_masks(tmp_path, hq_token_only):
    model = reference.small_sam_hq()
    torch.save(model.state_dict(), tmp_path / "weights.bin")
    ours = load(tmp_path / "weights.bin", family="sam_hq", device="cpu", hq_token_only=hq_token_only)
    predictor = SamPredictor(model)
    for height, width in [(90, 131), (131, 90)]:
        image = reference.image(height, width)
        predictor.set_image(image)
        embedding = ours.encode([image])[0]
        assert relative(embedding.tensors["image_embedding"], predictor.features[0]) < 2e-5
        for kind in reference.KINDS:
            asked = reference.prompts(kind, height, width, 32)
            for multimask in (True, False):
                full, iou, low = reference.ask_sam(predictor, asked, multimask, hq_token_only=hq_token_only)
                answer = ours.decode(embedding, Prompts(**asked), multimask)
                assert answer.logits.shape == low.shape == (4, 1, 32, 32)
                assert relative(answer.logits, low) < 2e-5, (kind, multimask)
                assert relative(answer.predicted_iou, iou) < 2e-5, (kind, multimask)
                resized = logits_at_original(answer.logits, answer.frame)
                assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())
