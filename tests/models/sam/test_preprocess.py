"""Model input and coordinates by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sambench.models.sam.preprocess import LongestSide, Square, longest_side_size, stack_pixels
from sambench.types import MaskFrame


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 640), (768, 1024)),
        ((640, 480), (1024, 768)),
        ((321, 481), (683, 1024)),  # 683.4
        ((1200, 1800), (683, 1024)),  # 682.67
        ((3, 2048), (2, 1024)),  # 1.5 is rounded up
        ((1, 4096), (0, 1024)),  # .25 is rounded down, as the reference does
    ],
)
def test_longest_side(size, expected):
    assert longest_side_size(*size, 1024) == expected


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_longest_side_is_exact(height, width):
    new = longest_side_size(height, width, 1024)
    assert max(new) == 1024
    assert abs(min(new) - min(height, width) * 1024 / max(height, width)) <= 0.5


def test_sam_pixels_are_normalised_resized_and_padded():
    image = np.zeros((24, 32, 3), np.uint8)
    image[:] = (10, 20, 30)
    pixels = LongestSide(64).pixels(image)
    assert pixels.shape == (3, 64, 64)
    expected = (torch.tensor([10.0, 20, 30]) - torch.tensor([123.675, 116.28, 103.53])) / torch.tensor(
        [58.395, 57.12, 57.375]
    )
    assert torch.allclose(pixels[:, :48], expected.view(3, 1, 1).expand(3, 48, 64))
    assert (pixels[:, 48:] == 0).all()


def test_sam_resamples_8_bit_pixels():
    image = np.random.default_rng(0).integers(0, 256, (100, 70, 3), dtype=np.uint8)
    resized = np.asarray(Image.fromarray(image).resize((45, 64), Image.Resampling.BILINEAR))
    pixels = LongestSide(64, (0.0,) * 3, (1.0,) * 3).pixels(image)[:, :, :45]
    assert np.array_equal(pixels.permute(1, 2, 0).numpy(), resized.astype(np.float32))


def test_square_pixels_keep_fractions():
    image = np.zeros((2, 4, 3), np.uint8)
    image[:, 2:] = 255
    pixels = Square(2, (0.0,) * 3, (1.0,) * 3).pixels(image)
    # antialiased bilinear at half the width: three input pixels weigh 3 : 3 : 1
    assert torch.allclose(pixels[0, 0], torch.tensor([1 / 7, 6 / 7]), atol=1e-6)


def test_coordinates_and_frames():
    sam, square = LongestSide(1024), Square(1024)
    xy = torch.tensor([[[0.0, 0.0], [640.0, 480.0], [320.0, 120.0]]])
    assert sam.to_model(xy, (480, 640)).tolist() == [[[0, 0], [1024, 768], [512, 192]]]
    assert square.to_model(xy, (480, 640)).tolist() == [[[0, 0], [1024, 1024], [512, 256]]]
    assert sam.frame((480, 640)) == MaskFrame((480, 640), (1024, 1024), (768, 1024))
    assert square.frame((480, 640)) == MaskFrame((480, 640))


def test_descriptions_tell_what_changes_pixels():
    kinds = [LongestSide(1024), LongestSide(512), Square(1024), Square(1024, mean=(0.5, 0.5, 0.5))]
    assert len({kind.describe() for kind in kinds}) == 4


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_other_arrays_are_refused(image):
    for kind in (LongestSide(64), Square(64)):
        with pytest.raises(ValueError, match="uint8 RGB"):
            stack_pixels(kind, [image])
