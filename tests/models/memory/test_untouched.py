"""A training loop finds everything as it was: modes, random numbers, gradients, rounding, the predictor's image."""

import random

import numpy as np
import pytest
import torch

from sambench.models.memory.untouched import flushes_denormals, same_attributes, same_random_numbers, untouched


def draws():
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def seed():
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_put_back(fails):
    inner = torch.nn.Dropout().eval()
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), inner).train()
    inner.eval()
    seed()
    expected = draws()
    seed()
    torch.set_flush_denormal(False)
    try:
        with same_random_numbers(), untouched([module], torch.device("cpu")), torch.autocast("cpu", enabled=True):
            assert not module.training
            assert not torch.is_grad_enabled()
            draws()
            torch.set_flush_denormal(True)
            if fails:
                raise KeyError("in the middle")
    except KeyError:
        assert fails
    assert (module.training, inner.training) == (True, False)
    assert torch.is_grad_enabled()
    assert not flushes_denormals()
    assert draws() == expected


def test_autocast_of_the_caller_is_off():
    with torch.autocast("cpu", dtype=torch.bfloat16), untouched([], torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_flushing_is_told():
    torch.set_flush_denormal(True)
    assert flushes_denormals()
    with untouched([], torch.device("cpu")):
        torch.set_flush_denormal(False)
    assert flushes_denormals()
    torch.set_flush_denormal(False)
    assert not flushes_denormals()


def test_attributes_are_put_back():
    class Thing:
        pass

    thing = Thing()
    thing.features = 1
    with same_attributes(thing):
        thing.features, thing.more = 2, 3
    assert vars(thing) == {"features": 1}
