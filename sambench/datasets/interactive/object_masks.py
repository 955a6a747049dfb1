"""Images with one object each, in a mask image of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from sambench.config.image_rules import ImageRules
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.label_maps import id_items
from sambench.datasets.formats.sources import Region, RegionSource, image_size
from sambench.datasets.images.files import read_pixels
from sambench.datasets.images.headers import opened
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.masks import rle
from sambench.types import Size

Rule = Literal["marked", "any", "half"]
"""Which pixels are the object: "marked" those of the first channel above 128, 128 itself being neither object nor
background; "any" those with a channel above 0; "half" those of the first channel above 128."""

Above = Literal[0, 128]
"""From which value on a soft mask's pixel is the object: "any" for 0, "half" for 128."""

RULES: dict[Above, Rule] = {0: "any", 128: "half"}


class ObjectMasks(RegionSource):
    """Images with a mask image of one object.

    Args:
        card: The dataset's card.
        pairs: Image and mask by sample id.
        faults: As `RegionSource.faults`.
        rule: Which pixels are the object.
    """

    def __init__(self, card: MaskCard, pairs: Mapping[str, tuple[Path, Path]], faults: list[Fault], rule: Rule) -> None:
        self.card, self.items, self.faults = card, id_items(pairs), faults
        self.rules, self.categories = f"1 object={rule}", {1: "object"}
        self._rule: Rule = rule

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Read the mask; its only region is 1."""
        (path,) = self.items[key].truths
        own, neither = object_of(colours(path, self.card, self.image_rules), self._rule)
        codes = rle.encode_masks(np.stack([own, neither]))
        return (own.shape[0], own.shape[1]), [Region(1, 1, codes[0], ignore=codes[1] if neither.any() else None)]

    def size(self, key: str) -> Size:
        """Read the size of the mask image."""
        (path,) = self.items[key].truths
        return image_size(path, self.card)


def object_of(pixels: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return the object and the pixels that count neither way.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        rule: Which pixels are the object.

    Returns:
        Two (H, W) bool masks.
    """
    first = pixels[..., 2]  # the first channel as OpenCV reads them
    if rule == "any":
        own = pixels.max(axis=2) > 0
        return own, np.zeros_like(own)
    own = first > 128
    return own, (first == 128) if rule == "marked" else np.zeros_like(own)


def colours(path: Path, card: MaskCard, rules: ImageRules) -> np.ndarray:
    """Read an image of ground truth as colours, as OpenCV does: palettes applied, black and white as 0 and 255.

    Returns:
        (H, W, 3) uint8 RGB, transparency left out.

    Raises:
        DatasetError: As `read_pixels`; or it has more than 8 bits a channel.
    """
    pixels = read_pixels(path, card, rules)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype != np.uint8:
        raise data_error(card, f"mask holds {pixels.dtype} values; 8 bits a channel are expected", path)
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        return pixels[..., :3]
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    with opened(path, card, "mask") as image:
        palette = image.getpalette("RGB") if image.mode in ("P", "PA") else None
    if palette is None:
        return np.repeat(grey[..., None], 3, axis=2)
    table = np.zeros((256, 3), np.uint8)
    rows = np.array(palette, np.uint8).reshape(-1, 3)
    table[: len(rows)] = rows
    return table[grey]
