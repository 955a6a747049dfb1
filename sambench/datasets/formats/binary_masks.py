"""Images with a black and white mask image for each object."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.sources import Item, Region, RegionSource, image_size
from sambench.datasets.images.files import read_pixels
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.masks import rle
from sambench.types import Size


class BinaryMasks(RegionSource):
    """Images with one mask image an object.

    Args:
        card: The dataset's card.
        items: Images with their mask images; a region's id is the mask file's name without ending.
        category: The one category's name.
        above: Pixels above this value are the object.
        rules: As `Source.rules`.
        faults: As `Source.faults`.
    """

    def __init__(
        self, card: MaskCard, items: dict[str, Item], *, category: str, above: int, rules: str, faults: list[Fault]
    ) -> None:
        self.card, self.items, self.rules, self.faults = card, items, rules, faults
        self.categories, self._above = {1: category}, above

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Read each mask image."""
        regions: list[Region] = []
        first: Size | None = None
        for path in self.items[key].truths:
            mask = self._read(path)
            size = mask.shape[0], mask.shape[1]
            first = first or size
            if size != first:
                message = f"mask is {size[1]} x {size[0]} pixels, others of its image are {first[1]} x {first[0]}"
                raise data_error(self.card, message, path)
            regions.append(Region(path.stem, 1, rle.encode_masks(mask[None])[0]))
        if first is None:
            raise data_error(self.card, "image has no mask file", self.items[key].image)
        return first, regions

    def size(self, key: str) -> Size:
        """Read the size of the first mask image."""
        first = next(iter(self.items[key].truths), None)
        return self.regions(key)[0] if first is None else image_size(first, self.card)

    def _read(self, path: Path) -> np.ndarray:
        """Read one mask as (H, W) bool; the first channel where there are several."""
        pixels = read_pixels(path, self.card, self.image_rules)
        mask = pixels if pixels.ndim == 2 else pixels[..., 0]
        return mask if mask.dtype == bool else mask > self._above
