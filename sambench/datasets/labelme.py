"""Polygons of LabelMe, one JSON file an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sambench.datasets.cards import MaskCard
from sambench.datasets.drawing import draw_segmentation
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.datasets.sources import Item, Region, Source, read_json
from sambench.types import Size


class LabelMeMasks(Source):
    """Images with a LabelMe file each; corners are pixels from the image's corner, drawn by COCO's rule.

    LabelMe shows, and draws on, the image turned by its EXIF orientation.

    Args:
        card: The dataset's card.
        items: Images with their JSON file.
        rules: As `Source.rules`.
        faults: As `Source.faults`.

    Raises:
        DatasetError: A file does not hold what LabelMe writes.
    """

    drawn = "turned"

    def __init__(self, card: MaskCard, items: dict[str, Item], *, rules: str, faults: list[Fault]) -> None:
        self.card, self.items, self.rules, self.faults = card, items, rules, faults
        self.categories = {1: "object"}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Fill each polygon; its id is its place in the file, as labels need not be known."""
        (path,) = self.items[key].truths
        content = read_json(path, self.card)
        try:
            size = int(content["imageHeight"]), int(content["imageWidth"])
            shapes = [(str(shape.get("shape_type") or "polygon"), _polygon(shape)) for shape in content["shapes"]]
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            what = f"this is no LabelMe file (imageHeight, imageWidth, shapes): {type(error).__name__}: {error}"
            raise data_error(self.card, what, path) from error
        regions = []
        for number, (kind, polygon) in enumerate(shapes):
            code, note = draw_segmentation([polygon], size) if kind == "polygon" else (None, f"a {kind} is no polygon")
            regions.append(Region(number, 1, code, note))
        return size, regions


def _polygon(shape: Mapping[str, Any]) -> list[float]:
    return [float(value) for x, y in shape["points"] for value in (x, y)]
