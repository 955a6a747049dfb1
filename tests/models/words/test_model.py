import numpy as np
import pytest
import torch

import sambench
from sambench.errors import ModelError
from sambench.models.hierarchy.model import HierarchyModel
from sambench.models.words.meanings import Meaning, meaning_of
from sambench.models.words.model import ColourWords
from sambench.types import Prompts


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("Red leaf", Meaning("red")),
        ("the largest gray pebbles", Meaning("grey", "round", "largest")),
        ("long thin object", Meaning(None, "long")),
        ("smallest violet posts", Meaning("purple", "long", "smallest")),
        ("golden retriever, brown", Meaning("golden")),
        ("a person with a hat", Meaning()),
    ],
)
def test_words_of_colour_shape_and_size_are_understood(phrase, meaning):
    assert meaning_of(phrase) == meaning


@pytest.fixture(scope="module")
def scene():
    """Grey ground with a large and a small red disc and a green bar."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:90, :120]
    image = np.full((90, 120, 3), (120, 120, 125), np.float64)
    masks = {
        "large": np.hypot(x - 30, y - 30) < 16,
        "small": np.hypot(x - 90, y - 25) < 9,
        "bar": (np.abs(y - 70) < 3) & (np.abs(x - 60) < 45),
    }
    for name, colour in (("large", (190, 50, 40)), ("small", (180, 60, 50)), ("bar", (80, 145, 60))):
        image[masks[name]] = colour
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8), masks


@pytest.fixture(scope="module")
def asked(scene):
    model = ColourWords()
    embedding = model.encode([scene[0]])[0]

    def ask(*phrases):
        return model.concepts(embedding, phrases)

    return ask


def found(answer, masks):
    """Name the masks that an answer's sure regions cover to nine tenths."""
    names = []
    for score, logits in zip(answer.scores, answer.logits, strict=True):
        if score > 0.5:
            mask = (logits > 0).numpy()
            names += [name for name, true in masks.items() if (mask & true).sum() / (mask | true).sum() > 0.9]
    return names


def test_regions_of_a_colour_are_found(scene, asked):
    red, green, blue = asked("red disc", "green bar", "blue car")
    assert sorted(found(red, scene[1])) == ["large", "small"]
    assert found(green, scene[1]) == ["bar"]
    assert red.presence > 0.5 > blue.presence
    assert red.frame.original_size == (90, 120)
    box = red.boxes_xyxy[red.logits.flatten(1).gt(0).sum(1).argmax()]
    assert np.allclose(box, (15, 15, 46, 46), atol=2)


def test_size_and_shape_choose_among_them(scene, asked):
    answers = asked("the largest red disc", "the smallest red disc", "long thin object")
    assert [found(answer, scene[1]) for answer in answers] == [["large"], ["small"], ["bar"]]
    assert [len(answer.scores) for answer in answers[:2]] == [1, 1]


def test_what_is_not_understood_is_answered_with_nothing(asked):
    (answer,) = asked("a person with a hat")
    assert (len(answer.scores), answer.logits.shape, float(answer.presence)) == (0, (0, 90, 120), 0)


def test_an_answer_depends_on_its_phrase_alone(asked):
    together, alone = asked("red disc", "green bar")[1], asked("green bar")[0]
    assert torch.equal(together.scores, alone.scores)
    assert torch.equal(together.logits, alone.logits)


def test_other_embeddings_and_clicks_are_refused(scene):
    model = ColourWords()
    with pytest.raises(ModelError, match="not made by colour_words"):
        model.concepts(HierarchyModel().encode([scene[0]])[0], ["red"])
    with pytest.raises(ModelError, match="takes phrases alone"):
        model.decode(
            model.encode([scene[0]])[0], Prompts(points_xy=torch.zeros(1, 1, 2), labels=torch.ones(1, 1)), False
        )
    assert model.fingerprint != HierarchyModel().fingerprint


@pytest.mark.slow
def test_the_embedded_scenes_give_a_number_without_any_download(tmp_path):
    run = sambench.run("concepts", "colour_words", "mini", run={"dir": str(tmp_path)}, illustrate=0, workers=0)
    assert 0.005 < run.metrics["cgF1"].value < 0.2
    assert 0.1 < run.metrics["IL_MCC"].value < 0.7
