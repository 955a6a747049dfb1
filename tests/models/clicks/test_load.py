"""Authors' checkpoints go through the authors' package, whose classes alone a configuration may name."""

import sys

import pytest
import torch

from sambench.errors import ModelError, UsageError
from sambench.models.clicks.load import ritm, simpleclick

PACKAGE = {
    "isegm/__init__.py": "",
    "isegm/utils/__init__.py": "",
    "isegm/utils/serialization.py": """
import torch
def load_model(config, eval_ritm, **kwargs):
    net = torch.nn.Linear(config["params"]["width"]["value"], 1)
    net.eval_ritm = eval_ritm
    return net
""",
    "isegm/inference/__init__.py": "",
    "isegm/inference/predictors.py": """
class BasePredictor:
    def __init__(self, net, **choices):
        self.net, self.choices = net, choices
    def set_input_image(self, image): pass
    def get_prediction(self, clicker): pass
def get_predictor(net, brs_mode, device, prob_thresh=0.49, with_flip=True, zoom_in_params=dict()):
    assert brs_mode == "NoBRS" and not net.weight.requires_grad and not net.training
    return BasePredictor(net, flip=with_flip, zoom=zoom_in_params)
""",
}
CONFIG = {
    "class": "isegm.model.is_hrnet_model.HRNetModel",
    "params": {
        "width": {"type": "builtin", "value": 2, "specified": True},
        "norm_layer": {"type": "class", "value": "torch.nn.modules.batchnorm.BatchNorm2d", "specified": False},
    },
}
STATE = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in PACKAGE.items():
        file = tmp_path / "src" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "src")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "isegm"]:
        del sys.modules[name]


def saved(folder, config=CONFIG, state=STATE):
    torch.save({"config": config, "state_dict": state}, folder / "h32.pth")
    return str(folder / "h32.pth")


def test_checkpoints_go_through_the_authors_package(package, tmp_path):
    model = ritm(saved(tmp_path), device="cpu", flip=False)
    assert model.name == "ritm_h32"
    assert torch.equal(model.predictor.net.weight, STATE["weight"])
    assert model.predictor.net.eval_ritm is True
    assert model.predictor.choices == {"flip": False, "zoom": {"target_size": 400, "skip_clicks": 1}}
    assert ritm(saved(tmp_path), device="cpu", zoom=False).predictor.choices["zoom"] is None
    other = simpleclick(saved(tmp_path), device="cpu")
    assert other.predictor.net.eval_ritm is False
    assert other.predictor.choices == {"flip": True, "zoom": {"target_size": (448, 448), "skip_clicks": -1}}
    assert other.fingerprint != model.fingerprint
    assert model.provenance["package"] == "isegm"
    with pytest.raises(UsageError, match="images of one size"):
        simpleclick(saved(tmp_path), zoom=False)


@pytest.mark.parametrize(
    ("config", "state", "words"),
    [
        (CONFIG | {"class": "os.system"}, STATE, "os.system, which is no class of the authors"),
        (CONFIG | {"params": {"x": {"type": "class", "value": "subprocess.Popen"}}}, STATE, "subprocess.Popen"),
        (CONFIG, {"weight": STATE["weight"]}, "1 are missing, 0 have no place"),
        (CONFIG, STATE | {"more": STATE["bias"]}, "0 are missing, 1 have no place"),
    ],
)
def test_what_is_not_the_authors_is_refused(package, tmp_path, config, state, words):
    with pytest.raises(ModelError, match=words):
        ritm(saved(tmp_path, config, state), device="cpu")


def test_files_that_are_none(package, tmp_path):
    torch.save(STATE, tmp_path / "plain.pth")
    with pytest.raises(ModelError, match="no configuration beside its tensors"):
        ritm(str(tmp_path / "plain.pth"), device="cpu")
    (tmp_path / "page.pth").write_text("<html>")
    with pytest.raises(ModelError, match="cannot be read"):
        ritm(str(tmp_path / "page.pth"), device="cpu")
    for missing in (None, str(tmp_path / "none.pth")):
        with pytest.raises(ModelError, match=r"checkpoint"):
            ritm(missing, device="cpu")


def test_a_package_that_is_not_here_is_named(tmp_path):
    with pytest.raises(UsageError, match="no_such_package: No module") as caught:
        ritm(saved(tmp_path), device="cpu", package="no_such_package")
    assert "pip install" in caught.value.mend
