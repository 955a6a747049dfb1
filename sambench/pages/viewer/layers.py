"""Layers of an image as the page lays them over each other: the image, and PNG files of few colours on nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import binary_erosion

TRUTH, MASK = (25, 190, 80), (40, 120, 255)
RIGHT, FALSE, MISSED = (40, 120, 255), (235, 40, 40), (250, 185, 10)
"""RGB of an object and a mask, and of a mask's pixels that are right, false and missed."""

THUMBNAIL = 160
"""Longer side of a small picture, in pixels."""

Colour = tuple[int, int, int]


@dataclass
class Scene:
    """An image with all that can be laid over it.

    Attributes:
        content: What the page is told of it: plain texts, numbers, lists and tables, with names of pictures.
        pictures: Name of a file -> what makes its bytes.
    """

    content: dict[str, Any]
    pictures: dict[str, Callable[[], bytes]] = field(default_factory=dict)

    def add(self, name: str, draw: Callable[[], bytes]) -> str:
        """Add a picture; returns its name."""
        self.pictures[name] = draw
        return name


def jpeg(image: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 RGB as a JPEG file without colour subsampling."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def thumbnail(image: np.ndarray) -> bytes:
    """Return a small picture of (H, W, 3) uint8 RGB as a JPEG file."""
    small = Image.fromarray(image)
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def outlined(mask: np.ndarray, colour: Colour = TRUTH) -> bytes:
    """Draw the border of an (H, W) bool mask, two pixels wide inside it, dark beside it so that it shows anywhere."""
    inner = binary_erosion(mask, iterations=2)
    around = inner & ~binary_erosion(mask, iterations=3)
    drawn = np.where(mask & ~inner, 1, np.where(around, 2, 0))
    return indexed(drawn, [(*colour, 255), (0, 0, 0, 130)])


def filled(mask: np.ndarray, colour: Colour = MASK) -> bytes:
    """Draw an (H, W) bool mask, half transparent."""
    return indexed(mask.astype(np.uint8), [(*colour, 140)])


def judged(mask: np.ndarray, truth: np.ndarray) -> bytes:
    """Draw where an (H, W) bool mask is right, false, and misses its object."""
    drawn = np.where(mask & truth, 1, np.where(mask, 2, np.where(truth, 3, 0)))
    return indexed(drawn, [(*RIGHT, 110), (*FALSE, 190), (*MISSED, 190)])


def numbered(masks: Sequence[np.ndarray], colours: np.ndarray, border: bool) -> bytes:
    """Draw N masks, each in a colour of its own, smaller ones on top; or their borders.

    Args:
        masks: N (H, W) bool.
        colours: (K, 3) colours in turn.
        border: Whether borders alone are drawn, opaque.
    """
    opaque = 255 if border else 130
    palette = [(int(red), int(green), int(blue), opaque) for red, green, blue in colours]
    drawn = np.zeros(masks[0].shape if masks else (1, 1), np.uint8)
    for index in sorted(range(len(masks)), key=lambda one: -int(masks[one].sum())):
        mask = masks[index]
        drawn[mask & ~binary_erosion(mask, iterations=2) if border else mask] = 1 + index % len(palette)
    return indexed(drawn, palette)


def strengths(values: np.ndarray, colour: Colour) -> bytes:
    """Draw an (H, W) float map in [0, 1] in one colour, the more opaque the stronger."""
    levels = (np.clip(values, 0, 1) * 255).round().astype(np.uint8)
    return indexed(levels, [(*colour, alpha) for alpha in range(1, 256)])


def indexed(indices: np.ndarray, palette: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Return a PNG file of few colours.

    Args:
        indices: (H, W) integer, 0 where nothing is drawn, else 1 + the index in the palette.
        palette: At most 255 colours as RGBA.
    """
    image = Image.fromarray(indices.astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, *(part for colour in palette for part in colour[:3])])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=bytes([0, *(colour[3] for colour in palette)]), compress_level=4)
    return buffer.getvalue()


def plain(value: float | None) -> float | None:
    """Return a number as JSON takes it: nothing for NaN and infinity."""
    return None if value is None or not np.isfinite(value) else float(value)


def plain_values(values: Mapping[str, float]) -> dict[str, float]:
    """Return the defined ones of named numbers."""
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}
