"""Features of one checkpoint never serve another: weights are found wherever they are, or nothing is cached."""

import sys
import types

import numpy as np
import pytest
import torch
from foreign_predictors import HIDDEN, KINDS, HandsOn, Plain, network
from toys import write_bsds

import sambench
from sambench.cli import dispatch
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.models.official.factories import load
from sambench.models.official.held import HeldModules
from sambench.models.official.weights import weights_sha256
from sambench.runs.summary import caption
from sambench.types import Prompts, Sample

FACTORY = "foreign_predictors:build"
POINT = Prompts(torch.tensor([[[20.0, 14.0]]]), torch.ones(1, 1, dtype=torch.int64))
SAMPLES = [Sample(f"grey {grey}", np.full((48, 60, 3), grey, np.uint8), None) for grey in (0, 255)]


@pytest.fixture
def checkpoints(tmp_path):
    """Two checkpoints, the texts of two radii."""
    for name, radius in (("small", "3.0"), ("large", "6.0")):
        (tmp_path / name).write_text(radius)
    return [str(tmp_path / name) for name in ("small", "large")]


def model_of(kind, checkpoint):
    return load(FACTORY, checkpoint, device="cpu", options={"kind": kind})


def answers(model, cache):
    """Return each sample's logits, all embeddings being made or fetched before the first prompt."""
    predictor = Predictor(model, cache, Stages())
    predictor.prepare(SAMPLES)
    return torch.cat([next(predictor.decode(predictor.embed(sample), POINT, True)).logits for sample in SAMPLES])


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_found_wherever_they_are(kind, tmp_path, checkpoints):
    small, large = checkpoints
    names = [model_of(kind, one).fingerprint for one in (small, small, large)]
    assert names[0] == names[1] != names[2]
    cache = EmbeddingCache(tmp_path / "cache")
    expected = [answers(model_of(kind, one), None) for one in checkpoints]
    found = [answers(model_of(kind, one), cache) for one in (small, large, small)]
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])
    assert torch.equal(found[2], expected[0])
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found[0][0], found[0][1]), "the features of the image that was asked for"
    assert cache.counts.hits == 2


@pytest.mark.parametrize("kind", HIDDEN)
def test_where_they_are_not_found_nothing_is_kept(kind, tmp_path, checkpoints, caplog):
    cache = EmbeddingCache(tmp_path / "cache")
    found = [answers(model_of(kind, one), cache) for one in checkpoints]
    assert not list(cache.entries())
    assert not torch.equal(found[0], found[1])
    assert "the predictor's weights are not known" in caplog.text


def test_unknown_weights_are_told_apart_by_the_file_of_the_checkpoint(checkpoints):
    small, again, large = (model_of("opaque", one) for one in (checkpoints[0], checkpoints[0], checkpoints[1]))
    assert small.fingerprint == again.fingerprint != large.fingerprint
    assert "not told apart" not in small.provenance["notes"][0]
    assert "two checkpoints of it are not told apart" in model_of("opaque", None).provenance["notes"][0]


def test_other_options_are_another_model():
    plain = [load(FACTORY, device="cpu", options={"kind": "opaque", "radius": radius}) for radius in (3.0, 6.0)]
    assert plain[0].fingerprint != plain[1].fingerprint


@pytest.mark.parametrize("kind", HIDDEN)
def test_the_record_and_the_table_tell(kind, tmp_path, checkpoints, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["model=official", f"model.factory={FACTORY}", f"+model.options.kind={kind}"]
    words += [f"model.checkpoint={checkpoints[0]}", "task.grid=2", "task.thresholds=5"]
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0}
    data = {"data": "bsds500", "run": {"dir": "results/edges/a"}}
    run = sambench.run("edges", overrides=[*words, f"data.root={write_bsds(tmp_path, 1)}"], **settings, **data)
    (note,) = sambench.load_run("results/edges/a").record["model"]["notes"]
    assert "so its embeddings are not cached" in note
    assert note in caption(run)
    capsys.readouterr()
    assert dispatch(["table", "edges"]) == 0
    assert note in capsys.readouterr().out


class Session:
    """An object of compiled code, as far as Python can see: no attributes, no slots."""


class HoldsSession(Plain):
    """Its decoder is a module, its encoder a session."""

    def __init__(self, model, session):
        super().__init__(model)
        self.session = session


def test_what_cannot_be_looked_into_may_hold_weights(monkeypatch):
    import pyarrow

    opaque = pyarrow.compute.field("x")  # stands for an ONNX session: a package's compiled object
    found = HeldModules(HoldsSession(network(3.0), opaque))
    assert found.has_weights
    assert found.opaque
    assert weights_sha256(HoldsSession(network(3.0), opaque)) is None
    assert weights_sha256(HoldsSession(network(3.0), Session())) is not None


@pytest.mark.filterwarnings("ignore")
def test_everything_that_changes_an_answer_is_in_the_hash():
    """Buffers outside the state dict, quantised and scripted modules: none of them is passed over or breaks."""
    buffered = []
    for mean in (0.1, 0.2):
        model = network(3.0)
        model.register_buffer("pixel_mean", torch.tensor([mean]), persistent=False)
        buffered.append(weights_sha256(Plain(model)))
    assert buffered[0] != buffered[1]
    quantised = [
        weights_sha256(Plain(torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(network(radius)))))
        for radius in (3.0, 3.0, 6.0)
    ]
    assert quantised[0] == quantised[1] != quantised[2]
    assert None not in quantised
    scripted = []
    for factor in (1.0, 2.0):

        class Scaled(torch.nn.Module):
            def __init__(self, factor):
                super().__init__()
                self.inner, self.factor = network(3.0), factor

            def forward(self, x):
                return self.inner(x) * self.factor

        scripted.append(weights_sha256(Plain(torch.jit.trace(Scaled(factor), torch.ones(1, 1)))))
    assert scripted[0] != scripted[1]


def test_features_put_back_go_where_they_are_read():
    """A wrapper hands on reads and keeps writes: what is put back must reach the predictor inside."""
    model = load(FACTORY, device="cpu", options={"kind": "hands_on"})
    first, second = model.encode([sample.image for sample in SAMPLES])
    assert set(first.tensors) == {"features", "input_size"}
    one, other = (model.decode(embedding, POINT, True).logits for embedding in (first, second))
    assert not torch.equal(one, other)


def test_state_that_is_not_known_is_not_put_back(monkeypatch):
    """A predictor that keeps another array of its image is asked with the image set anew."""

    class Extra(Plain):
        def set_image(self, image):
            super().set_image(image)
            self.brightness = torch.full((1,), float(image.mean()) / 255)

        def predict_torch(self, *args, **more):
            return [part + self.brightness for part in super().predict_torch(*args, **more)]

    module = types.ModuleType("extras")
    module.build = lambda: Extra(network(3.0))
    monkeypatch.setitem(sys.modules, "extras", module)
    model = load("extras:build", device="cpu")
    embeddings = model.encode([sample.image for sample in SAMPLES])
    assert set(embeddings[0].tensors) == {"image"}
    got = [model.decode(embedding, POINT, True).logits for embedding in embeddings]
    again = model.decode(model.encode([SAMPLES[0].image])[0], POINT, True).logits
    assert torch.equal(got[0], again)


def test_a_wrapper_of_a_wrapper_is_named_by_its_weights():
    inner = Plain(network(3.0))
    assert weights_sha256(HandsOn(HandsOn(inner))) != weights_sha256(HandsOn(HandsOn(Plain(network(6.0)))))
