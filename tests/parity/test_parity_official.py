"""The adapter on the reference predictors themselves: the same answers, with their features stored and put back."""

import pytest
import torch

pytest.importorskip("segment_anything")
pytest.importorskip("segment_anything_hq")
pytest.importorskip("sam2")

import reference_models as reference
from safetensors.torch import load_file, save_file
from sam2.build_sam import build_sam2
from sam2.sam2_image_predictor import SAM2ImagePredictor
from segment_anything import SamPredictor
from segment_anything_hq import SamPredictor as SamHQPredictor

from sambench.masks.resize import logits_at_original
from sambench.models.official.model import OfficialModel
from sambench.types import Embedding, Prompts


def sam2():
    model = build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", None, device="cpu")
    return SAM2ImagePredictor(reference.randomise(model, 2, sharpness=40.0))


BUILDERS = {
    "sam": (lambda: SamPredictor(reference.small_sam()), reference.ask_sam, 32),
    "sam_hq": (lambda: SamHQPredictor(reference.small_sam_hq()), reference.ask_sam, 32),
    "sam2": (sam2, reference.ask_sam2, 256),
}


@pytest.mark.parametrize("kind", BUILDERS)
def test_same_answers_from_stored_features(kind, tmp_path):
    build, ask, side = BUILDERS[kind]
    model = OfficialModel(build(), f"reference_models:{kind}", None)
    image, other = reference.image(90, 131), reference.image(64, 64, seed=1)
    embedding = model.encode([image])[0]
    save_file(embedding.tensors, tmp_path / "e.safetensors")
    kinds = [reference.prompts(prompts, 90, 131, side) for prompts in ("points", "boxes", "points+boxes+masks")]
    model.predictor.set_image(image)
    theirs = [
        (asked, multimask, ask(model.predictor, asked, multimask)) for asked in kinds for multimask in (True, False)
    ]
    for asked, multimask, (full, iou, _) in theirs:
        model.encode([other])
        stored = Embedding(load_file(tmp_path / "e.safetensors"), (90, 131))
        masks = model.decode(stored, Prompts(**asked), multimask)
        torch.testing.assert_close(masks.predicted_iou, iou, rtol=1e-4, atol=1e-5)  # stored features are contiguous
        resized = logits_at_original(masks.logits, masks.frame)
        assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()
        assert 0 < (full > 0).float().mean() < 1
