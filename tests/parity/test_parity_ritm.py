"""RITM's network and predictor from its authors' package: click after click the same map, zoom and flip included."""

import numpy as np
import pytest
import reference_models as reference
import torch

pytest.importorskip("ritm_annotation")

from ritm_annotation.inference.clicker import Click, Clicker
from ritm_annotation.inference.predictors import get_predictor
from ritm_annotation.model.is_hrnet_model import HRNetModel

from sambench.models.clicks.load import ritm
from sambench.types import Prompts

CLICKS = [(60, 70, True), (100, 40, False), (90, 100, True), (30, 30, False)]
SMALL = {"width": 18, "ocr_width": 48, "small": True, "with_aux_output": True, "use_leaky_relu": True}
CHOICES = {"use_rgb_conv": False, "use_disks": True, "norm_radius": 5, "with_prev_mask": True}


@pytest.fixture(scope="module")
def net():
    """RITM's HRNet18s with random weights whose normalisations have seen images, so that maps are neither 0 nor 1."""
    torch.manual_seed(0)
    made = HRNetModel(**SMALL, **CHOICES)
    for parameter in made.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=(2 / parameter[0].numel()) ** 0.5)
    made.train()
    with torch.no_grad():
        for seed in range(4):
            image = torch.from_numpy(reference.image(96, 128, seed)).permute(2, 0, 1)[None].repeat(2, 1, 1, 1) / 255
            points = torch.tensor([[[40.0, 50, 0], [-1, -1, -1]]]).repeat(2, 1, 1)
            made(torch.cat([image, torch.zeros_like(image[:, :1])], 1), points)
    return made.eval()


@pytest.mark.parametrize(("flip", "zoom"), [(True, True), (False, False)])
def test_the_same_maps_click_after_click(net, flip, zoom, tmp_path):
    torch.save({"config": net._config, "state_dict": net.state_dict()}, tmp_path / "h18s.pth")
    model = ritm(
        str(tmp_path / "h18s.pth"), device="cpu", flip=flip, zoom=zoom, zoom_size=128, package="ritm_annotation"
    )
    zooming = {"target_size": 128, "skip_clicks": 1} if zoom else None
    own = get_predictor(net, "NoBRS", torch.device("cpu"), with_flip=flip, zoom_in_params=zooming)
    image, clicker = reference.image(150, 200), Clicker()
    own.set_input_image(image)
    (embedding,) = model.encode([image])
    for number, (x, y, positive) in enumerate(CLICKS, 1):
        clicker.add_click(Click(is_positive=positive, coords=(y, x)))
        with torch.no_grad():
            theirs = own.get_prediction(clicker)
        xy = torch.tensor([[[float(x), float(y)] for x, y, _ in CLICKS[:number]]])
        labels = torch.tensor([[int(good) for *_, good in CLICKS[:number]]])
        ours = model.decode(embedding, Prompts(xy, labels), False).logits[0, 0].sigmoid().numpy()
        np.testing.assert_allclose(ours, theirs, atol=2e-6)
        assert theirs.std() > 0.01
