"""SAM and SAM-HQ against answers of segment_anything and segment_anything_hq kept in tests/golden."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sambench.masks.resize import logits_at_original
from sambench.models.sam.loading import load
from sambench.types import Prompts

GOLDEN = Path(__file__).parents[2] / "golden"
KINDS = ("points", "boxes", "masks", "points+boxes+masks")


@pytest.fixture(scope="module", params=["sam", "sam_hq"])
def golden(request, tmp_path_factory):
    """Return a golden file and our model of its weights, loaded from an original checkpoint."""
    held = np.load(GOLDEN / f"{request.param}_small.npz")
    weights = {
        key.removeprefix("weights/"): torch.from_numpy(held[key]).float() for key in held if key.startswith("weights/")
    }
    path = tmp_path_factory.mktemp("golden") / "any_name.bin"
    torch.save(weights, path)
    return held, load(path, family=request.param, device="cpu")


def close(ours: torch.Tensor, theirs: np.ndarray) -> None:
    """Agree to 2e-5 of the largest value: float32 sums in another order (1e-4 is what is promised)."""
    assert tuple(ours.shape) == theirs.shape
    assert np.abs(ours.numpy() - theirs).max() < 2e-5 * np.abs(theirs).max()


def asked(held, kind: str) -> Prompts:
    parts = {"points_xy": "points", "labels": "points", "boxes_xyxy": "boxes", "mask_logits": "masks"}
    return Prompts(**{name: torch.from_numpy(held[name]) for name, word in parts.items() if word in kind})


def test_embedding(golden):
    held, model = golden
    close(model.encode([held["image"]])[0].tensors["image_embedding"], held["embedding"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("multimask", [True, False])
def test_answers(golden, kind, multimask):
    held, model = golden
    key = f"{kind}/{'multi' if multimask else 'single'}"
    embedding = model.encode([held["image"]])[0]
    masks = model.decode(embedding, asked(held, kind), multimask)
    close(masks.logits, held[f"{key}/logits"])
    close(masks.predicted_iou, held[f"{key}/iou"])
    if f"{key}/masks" in held:
        full = logits_at_original(masks.logits, masks.frame) > 0
        shape = full.shape
        expected, unsure = (
            np.unpackbits(held[f"{key}/{name}"])[: full.numel()].reshape(shape).astype(bool)
            for name in ("masks", "unsure")
        )
        assert ((full.numpy() == expected) | unsure).all()
        assert 0 < expected.mean() < 1


@pytest.mark.slow
def test_compiled_and_channels_last_encoder(golden, tmp_path):
    held, model = golden
    tensors = {k.removeprefix("weights/"): torch.from_numpy(held[k]).float() for k in held if "weights/" in k}
    torch.save(tensors, tmp_path / "any_name.bin")  # torch.save writes the file's name into its bytes
    compiled = load(tmp_path / "any_name.bin", device="cpu", compile=True, channels_last=True)
    assert compiled.fingerprint == model.fingerprint
    close(compiled.encode([held["image"]])[0].tensors["image_embedding"], held["embedding"])
