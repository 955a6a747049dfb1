"""Forks by name: their package builds the network, the file fills all of it, what is missing is named."""

import sys
import types

import pytest
import torch
from dialect_predictors import TinySam

from sambench.config import registry
from sambench.errors import ModelError, UsageError
from sambench.models.forks import FORKS, load


@pytest.fixture
def package(monkeypatch):
    """A package as segment_anything's forks are: a registry and a predictor."""
    made = types.ModuleType("tinysam")

    class Predictor(TinySam):
        def __init__(self, network):
            super().__init__()
            self.model = network

    Predictor.__module__ = "dialect_predictors"
    made.sam_model_registry = {"vit_t": lambda: torch.nn.Linear(1, 1)}
    made.SamPredictor = Predictor
    monkeypatch.setitem(sys.modules, "tinysam", made)


def saved(folder, **tensors):
    torch.save({"model": tensors}, folder / "tiny.pth")
    return str(folder / "tiny.pth")


def test_a_checkpoint_fills_the_authors_network(package, tmp_path):
    path = saved(tmp_path, weight=torch.full((1, 1), 3.0), bias=torch.zeros(1), more=torch.ones(1))
    model = load("tiny_sam", path, device="cpu", single_answer="best")
    assert model.name == "tiny_sam"
    assert model.predictor.model.weight.tolist() == [[3.0]]
    assert model.provenance["layout"] == ["1 tensors without a place left out: more"]
    assert not model.predictor.model.training
    assert model.single_answer == "best"
    assert model.provenance["checkpoint"] == path


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"weight": torch.ones(1, 1)}, "1 missing: bias"),
        ({"weight": torch.ones(1, 1), "more": torch.ones(1)}, "1 missing: bias; 1 without a place: more"),
        ({"weight": torch.ones(2, 1), "bias": torch.ones(1)}, "1 of another shape: weight"),
    ],
)
def test_another_models_file_is_refused(package, tmp_path, tensors, words):
    with pytest.raises(ModelError, match=words):
        load("tiny_sam", saved(tmp_path, **tensors), device="cpu")


def test_what_is_not_here_is_named(tmp_path):
    path = saved(tmp_path, weight=torch.ones(1))
    with pytest.raises(UsageError, match="the package of efficientvit_sam_l0 is not here") as caught:
        load("efficientvit_sam_l0", path, device="cpu")
    assert "mit-han-lab/efficientvit" in caught.value.mend
    for missing in (None, str(tmp_path / "none.pth")):
        with pytest.raises(ModelError, match="checkpoint"):
            load("efficientvit_sam_l0", missing, device="cpu")


def test_every_fork_is_a_choice_that_says_what_it_is():
    choices = registry.options("model")
    for name in FORKS:
        assert "through" in choices[name]
        assert "compared" in choices[name] or "tested by its signature alone" in choices[name]
        assert "points" in choices[name]


def test_efficientsam_and_efficienttam_are_built_from_what_their_packages_say(monkeypatch, tmp_path):
    sam = types.ModuleType("efficient_sam.efficient_sam")
    sam.build_efficient_sam = lambda encoder_patch_embed_dim, encoder_num_heads: torch.nn.Linear(
        encoder_patch_embed_dim, encoder_num_heads
    )
    monkeypatch.setitem(sys.modules, "efficient_sam", types.ModuleType("efficient_sam"))
    monkeypatch.setitem(sys.modules, sam.__name__, sam)
    network, _ = FORKS["efficient_sam_s"].build(sys.modules["efficient_sam"])
    assert (network.in_features, network.out_features) == (384, 6)
    package = types.ModuleType("efficient_track_anything")
    package.__path__ = [str(tmp_path)]
    settings = tmp_path / "configs" / "efficienttam"
    settings.mkdir(parents=True)
    (settings / "efficienttam_ti.yaml").write_text(
        "model:\n  _target_: torch.nn.Sequential\n  _args_:\n  - _target_: torch.nn.Linear\n"
        "    in_features: 5\n    out_features: 2\n"
    )
    predictor = types.ModuleType("efficient_track_anything.efficienttam_image_predictor")
    predictor.EfficientTAMImagePredictor = TinySam
    for made in (package, predictor):
        monkeypatch.setitem(sys.modules, made.__name__, made)
    network, found = FORKS["efficienttam_ti"].build(package)
    assert network[0].weight.shape == (2, 5)
    assert found is TinySam
