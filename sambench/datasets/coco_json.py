"""Instance annotations in COCO's JSON: read once, packed tightly, checked as a whole."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sambench.datasets.base import DatasetCard
from sambench.datasets.reading import data_error
from sambench.datasets.sources import read_json
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.types import Annotation, Size

_KINDS = 6
"""Different problems that one message tells."""


class Entry(NamedTuple):
    """An annotation as the file gives it; polygons are packed into arrays, which take a quarter of the memory."""

    id: Any
    image_id: Any
    category_id: Any
    segmentation: Any
    bbox: Any
    area: Any
    iscrowd: Any


class ImageEntry(NamedTuple):
    """An image as the file gives it.

    Attributes:
        id: Its id in the file.
        size: (height, width) in pixels.
        file_name: Name in the images folder, or "" (LVIS v1 gives none).
        coco_url: Address at COCO, or "".
        neg_category_ids: Categories verified to be absent (LVIS).
        not_exhaustive_category_ids: Categories not fully annotated here (LVIS).
    """

    id: int | str
    size: Size
    file_name: str
    coco_url: str
    neg_category_ids: list[int]
    not_exhaustive_category_ids: list[int]


@dataclass
class InstanceFile:
    """The contents of an instance annotation file.

    Attributes:
        path: The file.
        images: Every image by its id, in the file's order.
        categories: The file's own records: `id`, `name`, and `frequency` in LVIS.
        annotations: Annotations by image id, in the file's order; images without any are left out.
    """

    path: Path
    images: dict[int | str, ImageEntry]
    categories: list[dict[str, Any]]
    annotations: dict[int | str, list[Entry]] = field(default_factory=dict)


def read_instances(path: Path, card: DatasetCard) -> InstanceFile:
    """Read an `instances_*.json` or `lvis_*.json` file.

    Raises:
        DatasetError: The file is missing, is no JSON (line and column are told), lacks a part, or its parts
            contradict each other; what is wrong is counted and named.
    """
    content = _parse(path, card)
    problems = Problems(path)
    images: dict[int | str, ImageEntry] = {}
    for number, record in enumerate(content["images"]):
        entry = _image_entry(record)
        if entry is None:
            problems.add("images lack an id, or a height and width above 0", _name(record, number))
        elif entry.id in images:
            problems.add("images use the id of an earlier one", entry.id)
        else:
            images[entry.id] = entry
    names = Counter(_id(record) for record in content["categories"])
    for name, count in names.items():
        if name is None or count > 1:
            problems.add("categories lack an id of their own", name)
    found = InstanceFile(path, images, content["categories"])
    seen = set()
    for number, entry in enumerate(content["annotations"]):
        if not isinstance(entry, Entry) or not all(isinstance(part, int | str) for part in entry[:3]):
            problems.add("annotations lack id, image_id or category_id", _name(entry, number))
        elif entry.id in seen:
            problems.add("annotations use the id of an earlier one", entry.id)
        elif entry.image_id not in images:
            problems.add("annotations are of images that are not in `images`", entry.id)
        elif entry.category_id not in names:
            problems.add("annotations are of categories that are not in `categories`", entry.id)
        else:
            seen.add(entry.id)
            found.annotations.setdefault(entry.image_id, []).append(entry)
    problems.raise_any()
    return found


def check_segmentations(file: InstanceFile, image_ids: Iterable[int | str]) -> None:
    """Look at every segmentation of the given images, so that a broken one is told before hours of work.

    Raises:
        DatasetError: Segmentations are broken or do not fit their image; they are counted and named.
    """
    problems = Problems(file.path)
    for image_id in image_ids:
        for entry in file.annotations.get(image_id, ()):
            try:
                rle.check_segmentation(entry.segmentation, file.images[image_id].size)
                if entry.area is not None and not float(entry.area) >= 0:
                    problems.add("annotations have no area from 0 on", entry.id)
            except ValueError as error:
                problems.add(f"annotations cannot be drawn: {error}", entry.id)
            except TypeError:
                problems.add("annotations have an area that is no number", entry.id)
    problems.raise_any()


def annotation(entry: Entry, size: Size) -> Annotation:
    """Draw an annotation of an image of `size` (height, width)."""
    code = rle.from_segmentation(entry.segmentation, size)
    area = float(rle.areas([code])[0]) if entry.area is None else float(entry.area)
    box = None if entry.bbox is None else tuple(float(side) for side in entry.bbox)
    return Annotation(entry.id, entry.category_id, code, area, bool(entry.iscrowd), box)  # type: ignore[arg-type]


class Problems:
    """What is wrong with a file, gathered to be told at once.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._named: dict[str, list[str]] = {}

    def add(self, what: str, name: object) -> None:
        """Note one thing, by its id or place."""
        self._named.setdefault(what, []).append(str(name))

    def raise_any(self) -> None:
        """Raise one DatasetError of all that was noted."""
        if self._named:
            told = [f"{len(names)} {what}: {listing(names)}" for what, names in self._named.items()]
            if len(told) > _KINDS:
                told[_KINDS:] = [f"and {len(told) - _KINDS} other kinds of problems"]
            mend = "download the file again, or mend these entries if it is your own"
            raise DatasetError("annotation file contradicts itself: " + "; ".join(told), where=self.path, mend=mend)


def _parse(path: Path, card: DatasetCard) -> dict[str, Any]:
    content = read_json(path, card, hook=_packed)
    parts = "images", "annotations", "categories"
    absent = [part for part in parts if not isinstance(content, dict) or not isinstance(content.get(part), list)]
    if absent:
        raise data_error(card, f"annotation file has no list of {listing(absent)}", path)
    return content  # type: ignore[no-any-return]


def _packed(record: dict[str, Any]) -> Any:
    """Turn an annotation into an Entry as soon as it is parsed, lest all of a file's numbers live as objects."""
    if "image_id" not in record or "category_id" not in record:
        return record
    segmentation = record.get("segmentation")
    try:
        if isinstance(segmentation, list):
            segmentation = [array("d", polygon) for polygon in segmentation]
        elif isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), list):
            segmentation = {**segmentation, "counts": array("q", segmentation["counts"])}
    except (TypeError, OverflowError):
        pass  # Kept as it is: `check_segmentations` says what is wrong with it.
    return Entry(
        record.get("id"),
        record["image_id"],
        record["category_id"],
        segmentation,
        record.get("bbox"),
        record.get("area"),
        record.get("iscrowd", 0),
    )


def _image_entry(record: Any) -> ImageEntry | None:
    try:
        size = int(record["height"]), int(record["width"])
        if min(size) < 1 or _id(record) is None:
            return None
        return ImageEntry(
            record["id"],
            size,
            str(record.get("file_name") or ""),
            str(record.get("coco_url") or ""),
            list(record.get("neg_category_ids") or ()),
            list(record.get("not_exhaustive_category_ids") or ()),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _id(record: Any) -> int | str | None:
    found = getattr(record, "id", None) if not isinstance(record, dict) else record.get("id")
    return found if isinstance(found, int | str) else None


def _name(record: Any, number: int) -> object:
    found = _id(record)
    return f"number {number}" if found is None else found
