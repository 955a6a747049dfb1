"""From an image to the pixels a model of the SAM family reads, and from image pixels to its frame of coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)
from PIL import Image
from torch import Tensor

from sambench.types import MaskFrame, Size


def longest_side_size(height: int, width: int, longest: int) -> Size:
    """Return the size of an image scaled so that its longest side is `longest`.

    The shorter side is rounded half up, as `ResizeLongestSide.get_preprocess_shape` of segment_anything does.
    """
    scale = longest * 1.0 / max(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)


@dataclass(frozen=True)
class LongestSide:
    """SAM's preprocessing: longest side to `size` (8-bit antialiased bilinear), normalise, pad right and below.

    Source: `ResizeLongestSide.apply_image` and `Sam.preprocess` of segment_anything. The resampling is Pillow's on
    uint8 pixels, so its rounding to 8 bits is part of the model's input.

    Attributes:
        size: Side of the square model input in pixels.
        mean: Per RGB channel, on the 0-255 scale.
        std: Per RGB channel, on the 0-255 scale.
    """

    size: int
    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    std: tuple[float, ...] = (58.395, 57.12, 57.375)

    def describe(self) -> str:
        """Return what the pixels depend on, for the fingerprint and for `run.json`."""
        return (
            f"longest side {self.size}, Pillow bilinear antialiased uint8, mean {self.mean}, std {self.std}, zero pad"
        )

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return the (3, size, size) float32 model input of an (H, W, 3) uint8 RGB image."""
        height, width = longest_side_size(*checked_size(image), self.size)
        resized = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(resized)).permute(2, 0, 1).contiguous()
        pixels = (pixels - torch.tensor(self.mean).view(3, 1, 1)) / torch.tensor(self.std).view(3, 1, 1)
        return F.pad(pixels, (0, self.size - width, 0, self.size - height))

    def to_model(self, xy: Tensor, original_size: Size) -> Tensor:
        """Scale (..., 2) image pixel coordinates to the model's frame (before its own half-pixel shift)."""
        height, width = original_size
        new_height, new_width = longest_side_size(height, width, self.size)
        return xy.float() * torch.tensor([new_width / width, new_height / height], device=xy.device)

    def frame(self, original_size: Size) -> MaskFrame:
        """Return how logits map back: to the padded square, without the padding, to the image."""
        return MaskFrame(original_size, (self.size, self.size), longest_side_size(*original_size, self.size))


@dataclass(frozen=True)
class Square:
    """SAM 2's preprocessing: the whole image to a square (float antialiased bilinear), then normalise.

    Source: `SAM2Transforms` of sam2 (ToTensor, Resize, Normalize with torchvision's antialiased tensor resize); SAM 3's
    tracker does the same with mean and standard deviation .5.

    Attributes:
        size: Side of the square model input in pixels.
        mean: Per RGB channel, on the 0-1 scale.
        std: Per RGB channel, on the 0-1 scale.
    """

    size: int
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def describe(self) -> str:
        """Return what the pixels depend on, for the fingerprint and for `run.json`."""
        return f"square {self.size}, torch bilinear antialiased float32, mean {self.mean}, std {self.std}"

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return the (3, size, size) float32 model input of an (H, W, 3) uint8 RGB image."""
        checked_size(image)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float() / 255
        pixels = F.interpolate(
            pixels[None], (self.size, self.size), mode="bilinear", align_corners=False, antialias=True
        )[0]
        return (pixels - torch.tensor(self.mean).view(3, 1, 1)) / torch.tensor(self.std).view(3, 1, 1)

    def to_model(self, xy: Tensor, original_size: Size) -> Tensor:
        """Scale (..., 2) image pixel coordinates to the model's frame (before its own half-pixel shift)."""
        height, width = original_size
        return xy.float() / torch.tensor([width, height], device=xy.device) * self.size

    def frame(self, original_size: Size) -> MaskFrame:
        """Return how logits map back: to the image at once."""
        return MaskFrame(original_size)


Preprocessing = LongestSide | Square


def preprocessing_of(family: str, config: Any) -> Preprocessing:
    """Return the reference's preprocessing for a family's configuration."""
    size = config.prompt_encoder_config.image_size
    size = int(size if isinstance(size, int) else size[0])
    if family in ("sam", "sam_hq"):
        return LongestSide(size)
    if family == "sam3_tracker":
        return Square(size, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    return Square(size)


def stack_pixels(preprocessing: Preprocessing, images: Sequence[np.ndarray]) -> Tensor:
    """Return the (N, 3, size, size) float32 model input of images of any sizes."""
    return torch.stack([preprocessing.pixels(image) for image in images])


def checked_size(image: np.ndarray) -> Size:
    """Return (height, width) of an (H, W, 3) uint8 image, or raise ValueError."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"an image is (H, W, 3) uint8 RGB, got {image.shape} {image.dtype}")
    return image.shape[0], image.shape[1]
