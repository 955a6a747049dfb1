"""Masks of small random models against the numbers of the authors' automatic mask generators, to six digits.

`tests/parity/make_generator_goldens.py` made them with segment_anything's, SAM-HQ's, MobileSAM's and sam2's own code.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from seeded_weights import seeded

from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import GeneratorSettings
from sambench.masks.mask_sources import ModelMasks
from sambench.models.sam.loading import load

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "generators.json").read_text())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Return what loads the model of a golden's weights, once each."""
    models = {}

    def of(weights, raised):
        if weights not in models:
            tensors = hiera_tiny() if weights == "sam2" else small(weights)
            decoder = "sam_mask_decoder" if weights == "sam2" else "mask_decoder"
            tensors[f"{decoder}.iou_prediction_head.layers.2.bias"] += raised
            path = tmp_path_factory.mktemp("goldens") / "weights.bin"
            torch.save(tensors, path)
            models[weights] = load(path, weights, device="cpu")
        return models[weights]

    return of


def small(weights):
    held = np.load(GOLDEN / f"{weights}_small.npz")
    return {name[8:]: torch.from_numpy(held[name]).float() for name in held if name.startswith("weights/")}


def hiera_tiny():
    return seeded(json.loads((GOLDEN / "original_names.json").read_text())["sam2 2.1_hiera_tiny"], 2)


def image(height, width, seed):
    """Return the image of `reference_models.image` in tests/parity."""
    rng = np.random.default_rng(seed)
    waves = np.sin(np.arange(height)[:, None, None] / 17 + np.arange(3)) * np.cos(np.arange(width)[None, :, None] / 23)
    return (127 + 90 * waves + rng.normal(0, 15, (height, width, 3))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=f"{case['generator']}-{case['size'][0]}-{number}",
            marks=[pytest.mark.slow] if case["weights"] == "sam2" else [],
        )
        for number, case in enumerate(CASES)
    ],
)
def test_every_mask_has_the_authors_numbers(loaded, case):
    model = loaded(case["weights"], case["raised"])
    settings = GeneratorSettings(**case["settings"])
    ours = AutomaticMaskGenerator(ModelMasks(model), settings).generate(image(*case["size"], case["seed"]))
    expected = np.array(case["masks"])
    assert len(ours) == len(expected) > 2
    boxes, crops = (
        np.concatenate([one[:, :2], one[:, 2:] - one[:, :2]], 1) for one in (ours.boxes_xyxy, ours.crop_boxes_xyxy)
    )
    found = [ours.predicted_iou, ours.stability, ours.areas, *boxes.T, *ours.points_xy.T, *crops.T]
    np.testing.assert_allclose(np.array(found).T, expected, rtol=0, atol=1.5e-6)
