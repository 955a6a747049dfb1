"""Id images (one value an object): reading them unconverted, and their regions as run-length codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from pycocotools import mask as coco_mask

from sambench.config.image_rules import ImageRules
from sambench.datasets.base import DatasetCard
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.sources import Item, Region, RegionSource, image_size
from sambench.datasets.images.files import read_pixels
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.errors import listing
from sambench.masks.rle import Rle
from sambench.types import Size

Colours = Literal["first", "code", "refuse"]
"""What an id image with colour channels means: "first" reads red, "code" makes one id a colour, "refuse" neither."""

Meaning = Callable[[int], int | None]
"""Gives the category of a value of an id image, or None where it is no object."""


def read_ids(
    path: Path,
    card: DatasetCard,
    colours: Colours = "first",
    rules: ImageRules = ImageRules(),  # noqa: B008
) -> np.ndarray:
    """Read an id image as its values are stored: palette indices, 8 or 16-bit values, never converted colours.

    Args:
        path: The file, of a format that keeps values.
        card: The dataset, for messages.
        colours: What three or four channels mean. With "code" an image whose channels are equal is grey, and another's
            ids are red * 65536 + green * 256 + blue.
        rules: How large a file may be.

    Returns:
        (H, W) int32 ids.

    Raises:
        DatasetError: The file cannot be read, holds no whole or rounded numbers, or channels where these are refused.
    """
    pixels = read_pixels(path, card, rules, exact=True)
    if pixels.dtype.kind not in "uib":
        raise data_error(card, f"id image holds {pixels.dtype} values; whole numbers are expected", path)
    values = pixels.astype(np.int32)
    if values.ndim == 2:
        return values
    channels = values.shape[2]
    if channels == 2:  # Grey or index with transparency.
        return np.ascontiguousarray(values[..., 0])
    if colours == "refuse":
        raise data_error(card, f"id image has {channels} channels; one is expected", path)
    red, green, blue = (values[..., channel] for channel in range(3))
    if colours == "first" or (np.array_equal(red, green) and np.array_equal(red, blue)):
        return np.ascontiguousarray(red)
    return red * 65536 + green * 256 + blue


def label_rles(ids: np.ndarray) -> dict[int, Rle]:
    """Compress every value's region of an id image in one pass over its runs.

    Args:
        ids: (H, W) integer.

    Returns:
        Run-length code by value, in rising order; exactly what compressing each `ids == value` gives.
    """
    flat = ids.ravel(order="F")
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    ends = np.concatenate((starts[1:], [flat.size]))
    labels = flat[starts]
    order = np.argsort(labels, kind="stable")
    values, first = np.unique(labels[order], return_index=True)
    bounds = [*first.tolist(), len(order)]
    return {
        int(value): _code(starts[order[a:b]], ends[order[a:b]], ids.shape)
        for value, a, b in zip(values, bounds[:-1], bounds[1:], strict=True)
    }


def _code(starts: np.ndarray, ends: np.ndarray, shape: tuple[int, ...]) -> Rle:
    """Compress a mask given by its runs [start, end) down the columns."""
    height, width = shape
    runs = np.empty(2 * len(starts) + 1, np.uint32)
    runs[0], runs[1::2] = starts[0], ends - starts
    runs[2:-1:2], runs[-1] = starts[1:] - ends[:-1], height * width - ends[-1]
    counts = runs if runs[-1] else runs[:-1]
    return dict(coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width))


class IdImages(RegionSource):
    """Images with an id image each.

    Args:
        card: The dataset's card.
        items: Images with one id image each.
        meaning: The category of a value, or None where it is no object.
        rules: As `Source.rules`.
        categories: Names by category.
        faults: As `Source.faults`.
        colours: As `read_ids`.
        void: The value of pixels around all objects that count neither way, or None.
        read: Reads an id image, where `read_ids` is not meant.
        most: Objects an image can have; more tell that these are no ids (a JPEG's ringing, a photograph).
    """

    def __init__(
        self,
        card: MaskCard,
        items: dict[str, Item],
        meaning: Meaning,
        *,
        rules: str,
        categories: Mapping[int, str],
        faults: list[Fault],
        colours: Colours = "first",
        void: int | None = None,
        read: Callable[[Path, MaskCard, ImageRules], np.ndarray] | None = None,
        most: int = 20_000,
    ) -> None:
        self.card, self.items, self.rules, self.faults = card, items, rules, faults
        self.categories = dict(categories)
        self._meaning, self._most, self._void = meaning, most, void
        self._ids = read or (lambda path, own, rules: read_ids(path, own, colours, rules))

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each value that is an object; its id is the value."""
        (path,) = self.items[key].truths
        ids = self._ids(path, self.card, self.image_rules)
        codes = label_rles(ids)
        void = None if self._void is None else codes.pop(self._void, None)
        meant = {value: self._meaning(value) for value in codes}
        objects = [value for value, category in meant.items() if category is not None]
        if len(objects) > self._most:
            held_ids = listing([str(value) for value in objects])
            what = f"id image holds {len(objects)} different ids, at most {self._most} are expected: {held_ids}"
            raise data_error(self.card, what, path)
        regions = [
            Region(value, category, codes[value], ignore=void)
            for value, category in meant.items()
            if category is not None
        ]
        return (ids.shape[0], ids.shape[1]), regions

    def size(self, key: str) -> Size:
        """Read the size of the id image."""
        (path,) = self.items[key].truths
        return image_size(path, self.card)


def id_items(pairs: Mapping[str, tuple[Path, Path]]) -> dict[str, Item]:
    """Turn pairs of image and id image into items."""
    return {key: Item(image, (truth,)) for key, (image, truth) in pairs.items()}


def nonzero(category: int = 1) -> Meaning:
    """Return the meaning of id images whose every value but 0 is an object."""
    return lambda value: category if value > 0 else None
