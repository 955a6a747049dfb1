"""Resizing in one step against the reference's steps, written out with torch's interpolation."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.masks.resize import logits_at_original
from sambench.types import MaskFrame


def stepwise(logits: torch.Tensor, frame: MaskFrame) -> torch.Tensor:
    if frame.padded_size is not None:
        logits = F.interpolate(logits, frame.padded_size, mode="bilinear", align_corners=False)
        logits = logits[..., : frame.input_size[0], : frame.input_size[1]]
    return F.interpolate(logits, frame.original_size, mode="bilinear", align_corners=False)


@pytest.mark.parametrize(
    ("original", "inside"),
    [((480, 640), (768, 1024)), ((481, 321), (1024, 683)), ((1200, 1800), (683, 1024)), ((1024, 1024), (1024, 1024))],
)
def test_sam_steps(original, inside):
    logits = torch.randn(2, 3, 256, 256, generator=torch.Generator().manual_seed(1)) * 10
    frame = MaskFrame(original, (1024, 1024), inside)
    out = logits_at_original(logits, frame)
    expected = stepwise(logits, frame)
    assert out.shape == (2, 3, *original)
    # float32 sums of at most sixteen terms of size 40 in another order
    torch.testing.assert_close(out, expected, rtol=0, atol=5e-5)
    assert not ((out > 0) != (expected > 0))[expected.abs() > 1e-3].any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**31))
def test_direct_step_of_any_size(height, width, low_h, low_w, seed):
    logits = torch.randn(1, 2, low_h, low_w, generator=torch.Generator().manual_seed(seed))
    frame = MaskFrame((height, width))
    torch.testing.assert_close(logits_at_original(logits, frame), stepwise(logits, frame), rtol=0, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 32), st.integers(1, 32), st.integers(0, 2**31))
def test_padded_steps_of_any_size(height, width, in_h, in_w, seed):
    logits = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(seed))
    frame = MaskFrame((height, width), (32, 32), (in_h, in_w))
    torch.testing.assert_close(logits_at_original(logits, frame), stepwise(logits, frame), rtol=0, atol=1e-5)


def test_hand_computed_doubling():
    out = logits_at_original(torch.tensor([[0.0, 4.0]]), MaskFrame((1, 4)))
    assert out.tolist() == [[0.0, 1.0, 3.0, 4.0]]


def test_half_precision_is_resized_in_float32():
    logits = torch.randn(3, 16, 16).bfloat16()
    out = logits_at_original(logits, MaskFrame((33, 47)))
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, logits_at_original(logits.float(), MaskFrame((33, 47))))


def test_leading_dimensions_are_free():
    logits = torch.randn(2, 3, 4, 8, 8)
    frame = MaskFrame((10, 12), (32, 32), (27, 32))
    torch.testing.assert_close(logits_at_original(logits, frame)[1, 2, 3], logits_at_original(logits[1, 2, 3], frame))
