"""What may be given in memory, what it becomes, and what is refused."""

import types

import numpy as np
import pytest
import torch
from foreign_predictors import HIDDEN, build
from tiny_sams import tiny_model
from toys import ToyModel

from sambench.errors import UsageError
from sambench.models.base import ConceptModel, Question
from sambench.models.devices import device_of
from sambench.models.memory.callables import CallableModel
from sambench.models.memory.module import MemorySam
from sambench.models.memory.wrap import GivenModel, load, wrapped
from sambench.models.official.model import OfficialModel
from sambench.types import Embedding, Sample


def test_each_kind_is_wrapped():
    sam, predictor, toy = tiny_model("sam"), build("plain"), ToyModel()
    for given, kind in (
        (sam, MemorySam),
        (predictor, OfficialModel),
        (toy, GivenModel),
        ((len, len), CallableModel),
    ):
        model, modules = wrapped(given, title="step 3")
        assert isinstance(model, kind)
        assert model.name == "step 3"
        assert device_of(model, modules) == torch.device("cpu")
        assert modules == {MemorySam: [sam], OfficialModel: [getattr(predictor, "model", None)]}.get(kind, [])


def test_switches_reach_the_decoder():
    model, _ = wrapped(tiny_model("sam_hq"), hq_token_only=True, decode_batch_size=7)
    assert (model.provenance["hq_token_only"], model.decode_batch_size) == (True, 7)
    model, _ = wrapped(tiny_model("sam2"), dynamic_multimask=False)
    assert model.provenance["dynamic_multimask"] is False


@pytest.mark.parametrize("kind", HIDDEN)
def test_hidden_weights_make_every_evaluation_one_of_its_own(kind):
    if kind == "registered":  # its encoder shows only once an image is set
        pytest.skip("found when it runs; tests/field/test_in_memory.py")
    (one, _), (other, _) = wrapped(build(kind)), wrapped(build(kind))
    assert one.fingerprint != other.fingerprint
    assert not one.cacheable
    assert any("counts as one of another model" in note for note in one.provenance["notes"])
    assert wrapped(build("plain"))[0].fingerprint == wrapped(build("plain"))[0].fingerprint


def test_a_given_model_says_what_it_refuses():
    toy = ToyModel()
    toy.refuses = lambda question: "no boxes" if question.box else None
    model, _ = wrapped(toy)
    assert model.refuses(Question(box=True)) == "no boxes"
    assert model.refuses(Question(points=1)) is None


def test_a_given_model_is_named_by_its_weights_too():
    toy = ToyModel()
    assert wrapped(toy)[0].fingerprint == toy.fingerprint
    toy.net = torch.nn.Linear(1, 1)
    one, modules = wrapped(toy)
    assert modules == [toy.net]
    with torch.no_grad():
        toy.net.weight += 1
    assert wrapped(toy)[0].fingerprint != one.fingerprint


def test_a_given_model_of_phrases_answers_phrases():
    heard = []

    class Words(ConceptModel):
        name, fingerprint, provenance = "words", "0" * 64, types.MappingProxyType({})

        def about(self, sample):
            heard.append(sample.id)

        def encode(self, images):
            return [Embedding({}, image.shape[:2]) for image in images]

        def concepts(self, embedding, phrases):
            return [phrase.upper() for phrase in phrases]

    model, _ = wrapped(Words())
    assert isinstance(model, ConceptModel)
    (embedding,) = model.encode([np.zeros((2, 3, 3), np.uint8)])
    model.about(Sample("a", np.zeros((2, 3, 3), np.uint8), None))
    assert (model.concepts(embedding, ["a cat"]), heard) == (["A CAT"], ["a"])
    assert model.refuses(Question(phrase=True)) is None
    assert model.refuses(Question(points=1)) == "it takes phrases alone"


@pytest.mark.parametrize("given", [None, "sam_vit_b.pth", torch.nn.Linear(1, 1), (1, 2)])
def test_anything_else_is_refused(given):
    with pytest.raises(UsageError, match="cannot be scored"):
        wrapped(given)


def test_a_command_line_has_no_objects():
    with pytest.raises(UsageError, match="a model in memory"):
        load()
