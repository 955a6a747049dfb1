"""How low-resolution logits map to the image is found by trying the ways that are known."""

import types

import pytest
import torch

from sambench.errors import ModelError
from sambench.masks.resize import logits_at_original
from sambench.models.official.frames import SURE, as_logits, differ, fitting, frames_of
from sambench.types import MaskFrame

SIZE = (40, 56)
PREDICTOR = types.SimpleNamespace(input_size=(46, 64), transform=types.SimpleNamespace(target_length=64))


def low(seed=0):
    return torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_the_square_is_looked_for_where_forks_keep_it():
    padded, direct, stretched = frames_of(PREDICTOR, SIZE)
    assert padded == MaskFrame(SIZE, (64, 64), (46, 64))
    assert (direct, stretched) == (MaskFrame(SIZE), MaskFrame(SIZE, (64, 64), (64, 64)))
    model = types.SimpleNamespace(image_size=(64, 32))
    assert frames_of(types.SimpleNamespace(input_size=(46, 64), model=model), SIZE)[0] == padded
    encoder = types.SimpleNamespace(image_encoder=types.SimpleNamespace(img_size=64))
    assert frames_of(types.SimpleNamespace(model=encoder), SIZE) == [direct, stretched]
    assert frames_of(types.SimpleNamespace(), SIZE) == [direct]


@pytest.mark.parametrize("place", range(3))
def test_the_frame_that_gives_every_answer_is_taken(place):
    frames = frames_of(PREDICTOR, SIZE)
    answers = [(logits_at_original(one, frames[place]) > 0, one) for one in (low(0), low(1))]
    assert fitting(answers, frames, "") == frames[place]
    empty = (torch.zeros(2, 3, *SIZE, dtype=torch.bool), torch.full((2, 3, 16, 16), -1.0))
    assert fitting([empty, *answers], frames, "") == frames[place]
    filled = (torch.ones(2, 3, *SIZE, dtype=torch.bool), low(1))
    assert fitting([*answers, filled], frames, "") is None


def test_rounding_is_no_difference():
    frame, logits = MaskFrame(SIZE), torch.full((1, 1, 16, 16), 1e-3)
    assert not differ(torch.full((1, 1, *SIZE), -1e-3), logits, frame, "")
    assert differ(torch.full((1, 1, *SIZE), -1e-3), logits + 0.1, frame, "")
    with pytest.raises(ModelError, match="for an image of"):
        differ(torch.zeros(1, 1, 9, 9), logits, frame, "")


def test_true_and_false_are_sure():
    assert as_logits(torch.tensor([True, False])).tolist() == [SURE, -SURE]
    assert as_logits(torch.tensor([0.5], dtype=torch.float16)).dtype == torch.float32
