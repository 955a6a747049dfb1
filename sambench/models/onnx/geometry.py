"""Frames of coordinates of exports: SAM's and SAM 2's, the image's own pixels, and SAM-Med2D's square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)
from torch import Tensor

from sambench.models.onnx.contracts import Contract
from sambench.models.sam.preprocess import LongestSide, Square
from sambench.types import MaskFrame, Size

TRACKER_SIDE = 1008
"""Side of SAM 3's tracker, which is normalised otherwise than SAM 2 and EdgeTAM."""

HALF = (0.5, 0.5, 0.5)


class Geometry(Protocol):
    """From image pixels to the model's, and back."""

    def describe(self) -> str:
        """Return what the pixels depend on."""

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return the float32 model input of an (H, W, 3) uint8 RGB image, without the batch's side."""

    def to_model(self, xy: Tensor, original_size: Size) -> Tensor:
        """Scale (..., 2) image pixel coordinates to the model's frame."""

    def frame(self, original_size: Size) -> MaskFrame:
        """Return how low-resolution logits map back."""


@dataclass(frozen=True)
class OwnPixels:
    """EfficientSAM's: the graph takes the image as it is, RGB from 0 to 1, and points in its pixels."""

    def describe(self) -> str:
        """Return what the pixels depend on."""
        return "the image at its own size, RGB 0 to 1; the graph stretches and normalises it"

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return (3, H, W)."""
        return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float() / 255

    def to_model(self, xy: Tensor, original_size: Size) -> Tensor:
        """Return the coordinates as they are."""
        return xy.float()

    def frame(self, original_size: Size) -> MaskFrame:
        """Return how logits map back: to the image at once."""
        return MaskFrame(original_size)


@dataclass(frozen=True)
class Stretched:
    """SAM-Med2D's: normalised, then stretched to a square by the nearest pixel; logits go back by way of the square.

    Attributes:
        size: Side of the square.
    """

    size: int = 256
    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    std: tuple[float, ...] = (58.395, 57.12, 57.375)

    def describe(self) -> str:
        """Return what the pixels depend on."""
        return f"square {self.size} by the nearest pixel, mean {self.mean}, std {self.std}"

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return (3, size, size)."""
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float()
        pixels = (pixels - torch.tensor(self.mean).view(3, 1, 1)) / torch.tensor(self.std).view(3, 1, 1)
        return F.interpolate(pixels[None], (self.size, self.size), mode="nearest")[0]

    def to_model(self, xy: Tensor, original_size: Size) -> Tensor:
        """Scale each axis by itself."""
        height, width = original_size
        return xy.float() * torch.tensor([self.size / width, self.size / height], device=xy.device)

    def frame(self, original_size: Size) -> MaskFrame:
        """Return how logits map back: to the square, of which nothing is cut off, and to the image."""
        return MaskFrame(original_size, (self.size, self.size), (self.size, self.size))


def geometry_of(contract: Contract, side: int, family: str | None = None) -> Geometry:
    """Return the frame of a contract's coordinates and its pixels.

    Args:
        contract: Whose.
        side: Of the model's padded or stretched square.
        family: Of the model that was exported, where the file tells; SAM 3's tracker is known by its side otherwise.
    """
    if contract == "efficientsam":
        return OwnPixels()
    if contract == "med2d":
        return Stretched(side)
    if contract in ("sam2", "hf2"):
        tracker = family == "sam3_tracker" or (family is None and side == TRACKER_SIDE)
        return Square(side, mean=HALF, std=HALF) if tracker else Square(side)
    return LongestSide(side)
