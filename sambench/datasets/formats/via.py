"""Regions of the VGG Image Annotator: JSON of version 1 (regions are a dict) and 2 (a list), or its CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.drawing import draw_ellipse, draw_segmentation
from sambench.datasets.formats.sources import Item, Region, RegionSource, read_json
from sambench.datasets.formats.via_csv import read_via_csv
from sambench.datasets.images.orientation import drawn_size
from sambench.datasets.layout import Fault, Folders, sample_ids
from sambench.datasets.reading import data_error
from sambench.masks.rle import Rle
from sambench.types import Size


class ViaFile(NamedTuple):
    """One annotation file, the folder of its images, and what is put before their names to give sample ids."""

    annotations: Path
    images: Path
    prefix: str


class ViaMasks(RegionSource):
    """Images with regions that VIA writes: polygons and polylines, which are closed, rectangles, circles and ellipses.

    Sizes are the images' own, as the files give none.

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
        placed = [(file, *entry) for file in files for entry in _entries(file.annotations, card)]
        names = [file.prefix + name for file, name, _ in placed]
        counts = Counter(names)
        for key, name, (file, inner, regions) in zip(sample_ids(names), names, placed, strict=True):
            if counts[name] > 1:
                raise data_error(card, f"image {inner} is there twice", file.annotations)
            path = folders.find(file.images / inner)
            if path is None:
                self.faults.append(Fault(str(file.images / inner), "image is missing"))
            self.items[key] = Item(path or file.images / inner)
            self._regions[key] = regions
        labels = {category(_attributes(region)) for regions in self._regions.values() for _, region in regions}
        self._numbers = {name: number for number, name in enumerate(sorted(labels), 1)}
        self.categories = {number: name for name, number in self._numbers.items()}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Close and fill each region; its id is its number or name in the file."""
        size = self.size(key)
        drawn = []
        for name, region in self._regions[key]:
            code, note = _draw(_shape(region), size)
            drawn.append(Region(name, self._numbers[self._category(_attributes(region))], code, note))
        return size, drawn

    def size(self, key: str) -> Size:
        """Read the image's own size, as a browser shows it."""
        return drawn_size(self.items[key].image, self.card, self.image_rules, self.drawn)


def _entries(path: Path, card: MaskCard) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Read file name and named regions of every image of a VIA file."""
    content = read_via_csv(path, card) if path.suffix.lower() == ".csv" else read_json(path, card)
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
    attributes = region.get("shape_attributes") if isinstance(region, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _attributes(region: Any) -> Mapping[str, Any]:
    attributes = region.get("region_attributes") if isinstance(region, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def region_label(attributes: Mapping[str, Any]) -> str:
    """Name a region by the attribute that people use for it, or by its only one."""
    known = [name for name in ("label", "class", "name", "type", "object", "category") if name in attributes]
    names = known or (list(attributes) if len(attributes) == 1 else [])
    label = attributes[names[0]] if names else None
    return label.strip() if isinstance(label, str) and label.strip() else "object"


def _draw(shape: Mapping[str, Any], size: Size) -> tuple[Rle | None, str]:
    """Draw a region's shape; its numbers are pixels from the image's corner, an ellipse's `theta` is in radians."""
    kind = shape.get("name")
    if kind in ("polygon", "polyline"):
        return draw_segmentation(_polygon(shape), size)
    try:
        if kind == "rect":
            x, y, width, height = (float(shape[side]) for side in ("x", "y", "width", "height"))
            return draw_segmentation([[x, y, x + width, y, x + width, y + height, x, y + height]], size)
        if kind in ("circle", "ellipse"):
            radii = ("r", "r") if kind == "circle" else ("rx", "ry")
            cx, cy, rx, ry = (float(shape[number]) for number in ("cx", "cy", *radii))
            return draw_ellipse((cx, cy), (rx, ry), size, float(shape.get("theta", 0)))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return None, f"its {kind} cannot be read: {type(error).__name__}: {error}"
    return None, f"a {kind} has no area" if kind == "point" else f"its shape {kind!r} is not known"


def _polygon(shape: Mapping[str, Any]) -> list[list[Any]]:
    """Return a shape's corners as one COCO polygon; none where x and y do not pair up."""
    xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        return []
    return [[value for point in zip(xs, ys, strict=True) for value in point]]
