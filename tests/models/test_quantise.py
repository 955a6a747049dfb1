"""Fewer bits for an image encoder: near the original, named in the fingerprint, refused where they cannot be had."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from tiny_sams import tiny_model

from sambench.errors import UsageError
from sambench.models.quantise import quantise_encoder
from sambench.models.sam.loading import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sam")
    tiny_model("sam").save_pretrained(path)
    return str(path)


def image():
    return np.random.default_rng(0).integers(0, 256, (37, 61, 3), dtype=np.uint8)


KINDS = {"bf16": 2e-2, "int8_dynamic": 2e-1, "int8_weight": 2e-1}


@pytest.mark.parametrize("kind", KINDS)
def test_an_embedding_of_fewer_bits_is_near_and_is_another_model(folder, kind):
    if kind != "bf16" and find_spec("torchao") is None:
        pytest.skip("torchao is not installed")
    exact, coarse = load(folder, device="cpu"), load(folder, device="cpu", quantize=kind)
    one, two = (model.encode([image()])[0].tensors["image_embedding"] for model in (exact, coarse))
    error = float((one - two).norm() / one.norm())
    assert 1e-4 < error < KINDS[kind]
    assert exact.fingerprint != coarse.fingerprint
    assert "quantised" in coarse.provenance
    assert "quantised" not in exact.provenance


def test_rounding_changes_the_encoder_alone(folder):
    exact, coarse = load(folder, device="cpu"), load(folder, device="cpu", quantize="bf16")
    for name, tensor in exact.model.mask_decoder.state_dict().items():
        assert torch.equal(tensor, coarse.model.mask_decoder.state_dict()[name])
    for tensor in coarse.encoder.parameters():
        assert torch.equal(tensor, tensor.to(torch.bfloat16).to(tensor.dtype))


@pytest.mark.skipif(find_spec("torchao") is not None, reason="torchao is installed")
def test_a_missing_torchao_is_told_with_its_extra():
    with pytest.raises(UsageError, match="need the package torchao") as error:
        quantise_encoder(torch.nn.Linear(2, 2), "int8_weight")
    assert "sambench[quantize]" in error.value.mend
