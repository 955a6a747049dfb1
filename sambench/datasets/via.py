"""Polygons of the VGG Image Annotator, versions 1 (regions are a dict) and 2 (regions are a list)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sambench.datasets.cards import MaskCard
from sambench.datasets.drawing import draw_segmentation
from sambench.datasets.image_files import drawn_size
from sambench.datasets.layout import Fault, Folders
from sambench.datasets.reading import data_error
from sambench.datasets.sources import Item, Region, Source, read_json
from sambench.types import Size


class ViaFile(NamedTuple):
    """One annotation file, the folder of its images, and what is put before their names to give sample ids."""

    annotations: Path
    images: Path
    prefix: str


class ViaMasks(Source):
    """Images with closed polygons or polylines; sizes are the images' own, as the files give none.

    Corners are taken as pixels from the image's corner and drawn by COCO's rule. VIA runs in a browser, which shows an
    image turned by its EXIF orientation.

    Args:
        card: The dataset's card.
        files: The annotation files.
        category: Gives a category's name from a region's attributes.
        rules: As `Source.rules`.

    Raises:
        DatasetError: A file is no VIA file, or names an image twice.
    """

    drawn = "turned"

    def __init__(
        self, card: MaskCard, files: Sequence[ViaFile], category: Callable[[Mapping[str, Any]], str], *, rules: str
    ) -> None:
        self.card, self.rules, self._category = card, rules, category
        self.shared = tuple(file.annotations for file in files)
        self.items, self.faults = {}, []
        self._regions: dict[str, list[tuple[str, Any]]] = {}
        folders = Folders()
        for file in files:
            for name, regions in _entries(file.annotations, card):
                key = file.prefix + Path(name).stem
                if key in self.items:
                    raise data_error(card, f"image {name} is there twice", file.annotations)
                path = folders.find(file.images / name)
                if path is None:
                    self.faults.append(Fault(str(file.images / name), "image is missing"))
                self.items[key] = Item(path or file.images / name)
                self._regions[key] = regions
        names = {category(_attributes(region)) for regions in self._regions.values() for _, region in regions}
        self._numbers = {name: number for number, name in enumerate(sorted(names), 1)}
        self.categories = {number: name for name, number in self._numbers.items()}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Close and fill each region; its id is its number or name in the file."""
        size = self.size(key)
        drawn = []
        for name, region in self._regions[key]:
            code, note = draw_segmentation(_polygon(region), size)
            shape = _shape(region).get("name")
            if code is None and shape not in ("polygon", "polyline"):
                note = f"its shape {shape!r} is no polygon"
            drawn.append(Region(name, self._numbers[self._category(_attributes(region))], code, note))
        return size, drawn

    def size(self, key: str) -> Size:
        """Read the image's own size, as a browser shows it."""
        return drawn_size(self.items[key].image, self.card, self.image_rules, self.drawn)


def _entries(path: Path, card: MaskCard) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Read file name and named regions of every image of a VIA file."""
    content = read_json(path, card)
    content = content.get("_via_img_metadata", content) if isinstance(content, dict) else content
    if not isinstance(content, dict):
        raise data_error(
            card, f"annotation file should hold an object by image, holds a {type(content).__name__}", path
        )
    entries = []
    for key, image in content.items():
        regions = image.get("regions") if isinstance(image, dict) else None
        if not isinstance(regions, dict | list) or not isinstance(image.get("filename"), str):
            raise data_error(card, "entry lacks `filename` or `regions`, as VIA writes them", f"{path}, {key}")
        named = regions.items() if isinstance(regions, dict) else enumerate(regions)
        entries.append((image["filename"], [(str(name), region) for name, region in named]))
    return entries


def _shape(region: Any) -> Mapping[str, Any]:
    found = region.get("shape_attributes") if isinstance(region, dict) else None
    return found if isinstance(found, dict) else {}


def _attributes(region: Any) -> Mapping[str, Any]:
    found = region.get("region_attributes") if isinstance(region, dict) else None
    return found if isinstance(found, dict) else {}


def _polygon(region: Any) -> list[list[Any]]:
    """Return a region's corners as one COCO polygon; none where x and y do not pair up."""
    shape = _shape(region)
    xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        return []
    return [[value for point in zip(xs, ys, strict=True) for value in point]]
