"""Instance annotations in COCO's JSON: read once, packed tightly, checked as a whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.coco_fields import (
    AnnotationEntry,
    ImageEntry,
    annotation_entry,
    area_fault,
    as_one_category,
    box_fault,
    category_entry,
    identity,
    image_entry,
    packed,
)
from sambench.datasets.formats.sources import read_json
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.types import Annotation, Size

log = logging.getLogger("sambench.datasets")

_KINDS = 6
"""Different problems that one message tells."""


@dataclass
class InstanceFile:
    """The contents of an instance annotation file.

    Attributes:
        path: The file.
        images: Every image by its id, in the file's order.
        categories: The file's own records: `id`, `name`, and `frequency` in LVIS.
        annotations: Annotations by image id, in the file's order; images without any are left out.
        classless: Whether the file tells no categories, so that all objects were made one.
    """

    path: Path
    images: dict[int | str, ImageEntry]
    categories: list[dict[str, Any]]
    annotations: dict[int | str, list[AnnotationEntry]] = field(default_factory=dict)
    classless: bool = False


def read_instances(path: Path, card: DatasetCard) -> InstanceFile:
    """Read an `instances_*.json` or `lvis_*.json` file; without categories its objects are of one, "object".

    Raises:
        DatasetError: The file is missing, is no JSON (line and column are told), lacks a part, or its parts
            contradict each other; what is wrong is counted and named.
    """
    content = _parse(path, card)
    classless = as_one_category(content)
    problems = Problems(path)
    images: dict[int | str, ImageEntry] = {}
    refused: set[Any] = set()
    for number, record in enumerate(content["images"]):
        entry = image_entry(record)
        if isinstance(entry, str):
            problems.add(entry, _name(record, number))
            refused.add(_name(record, number))
        elif entry.id in images:
            problems.add("images use the id of an earlier one", entry.id)
        else:
            images[entry.id] = entry
    _refuse_mixed("image", images, problems)
    categories: dict[int | str, dict[str, Any]] = {}
    for number, record in enumerate(content["categories"]):
        category = category_entry(record)
        if isinstance(category, str):
            problems.add(category, _name(record, number))
        elif category["id"] in categories:
            problems.add("categories lack an id of their own", category["id"])
        else:
            categories[category["id"]] = category
    file = InstanceFile(path, images, list(categories.values()), classless=classless)
    known = categories.keys() | {_name(record, 0) for record in content["categories"]}
    _sort_in(file, content.pop("annotations"), images.keys() | refused, known, problems)
    problems.raise_any()
    return file


def settle(
    file: InstanceFile, image_ids: Iterable[int | str], boxes_only: bool = False, allow_damaged: bool = False
) -> list[str]:
    """Look at every annotation of the given images, so that a broken one is told before hours of work.

    Annotations without a mask are taken out of the file's contents.

    Args:
        file: The contents.
        image_ids: The images.
        boxes_only: Keep annotations of which there is a box alone, as boxes are scored.
        allow_damaged: Take out masks that cannot be drawn too, instead of refusing them.

    Returns:
        What a reader of the numbers must know: how many were taken out and why.

    Raises:
        DatasetError: Annotations are broken or do not fit their image (counted and named), or all have a box alone.
    """
    problems, taken, lenient = Problems(file.path), Problems(file.path), Problems(file.path)
    kept = groups = boxes = 0
    for image_id in image_ids:
        entries: list[AnnotationEntry] = []
        for entry in file.annotations.get(image_id, ()):
            for wrong in filter(None, (box_fault(entry.bbox), area_fault(entry.area))):
                problems.add(wrong, entry.id)
            if entry.segmentation is None and (not boxes_only or entry.bbox is None):
                boxes += isinstance(entry.bbox, list) and len(entry.bbox) == 4 and 0 not in entry.bbox[2:]
                taken.add("annotations without a mask" + " or box" * boxes_only, entry.id)
                continue
            if (fault := mask_fault(entry, file.images[image_id].size)) is not None:
                (taken if allow_damaged else problems).add(
                    "damaged masks" if allow_damaged else f"annotations cannot be drawn: {fault}", entry.id
                )
                continue
            if entry.note:
                lenient.add(f"annotations were read leniently: {entry.note}", entry.id)
            entries.append(entry)
            groups += entry.iscrowd
        kept += len(entries)
        file.annotations[image_id] = entries
    problems.raise_any(damaged="cannot be drawn")
    if boxes and not kept:
        what = f"the annotations are boxes without masks ({boxes} of them); masks are scored with masks"
        raise DatasetError(what, where=file.path, mend="score the boxes: task.iou_type=bbox")
    notes = [note.replace(":", f" of {kept + taken.count()} left out:", 1) for note in taken.messages()]
    if kept and groups == kept:
        notes.append(
            f"all {kept} annotations are groups (iscrowd 1), which are no objects; where they are, as in masks that"
            " CVAT exports, set iscrowd to 0"
        )
    for note in [*lenient.messages(), *notes]:
        log.warning("%s: %s", file.path.name, note)
    return notes


def mask_fault(entry: AnnotationEntry, size: Size) -> str | None:
    """Say why an annotation's mask cannot be drawn in an image of (height, width); None where there is no reason."""
    if entry.segmentation is None:
        return None
    try:
        rle.check_segmentation(entry.segmentation, size)
    except ValueError as error:
        return str(error)
    return None


def annotation(entry: AnnotationEntry, size: Size) -> Annotation:
    """Draw an annotation of an image of `size` (height, width); one of a box alone has a mask without pixels."""
    box = None if entry.bbox is None else tuple(float(side) for side in entry.bbox)
    code = rle.empty(size) if entry.segmentation is None else rle.from_segmentation(entry.segmentation, size)
    area = entry.area
    if area is None:
        area = box[2] * box[3] if entry.segmentation is None and box is not None else rle.areas([code])[0]
    return Annotation(entry.id, entry.category_id, code, float(area), bool(entry.iscrowd), box)  # type: ignore[arg-type]


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

    def count(self) -> int:
        """Return how many things were noted."""
        return sum(map(len, self._named.values()))

    def messages(self) -> list[str]:
        """Return one line a kind: how many, what, which."""
        return [f"{len(names)} {what}: {listing(names)}" for what, names in self._named.items()]

    def raise_any(self, damaged: str | None = None) -> None:
        """Raise one DatasetError of all that was noted; kinds that hold the words `damaged` may be allowed."""
        if messages := self.messages():
            mend = "download the file again, or mend these entries if it is your own"
            if damaged is not None and all(damaged in what for what in self._named):
                mend += "; data.allow_damaged=true leaves them out and says so wherever the numbers stand"
            if len(messages) > _KINDS:
                messages[_KINDS:] = [f"and {len(messages) - _KINDS} other kinds of problems"]
            raise DatasetError("annotation file contradicts itself: " + "; ".join(messages), where=self.path, mend=mend)


def _sort_in(
    file: InstanceFile, records: list[Any], images: Iterable[Any], categories: Iterable[Any], problems: Problems
) -> None:
    """Give every image its annotations; those of images and categories that were refused are not told once more."""
    seen: set[int | str] = set()
    for number, record in enumerate(records):
        entry = annotation_entry(record)
        if isinstance(entry, str):
            problems.add(entry, _name(record, number))
        elif entry.id in seen:
            problems.add("annotations use the id of an earlier one", entry.id)
        elif entry.image_id not in images:
            problems.add("annotations are of images that are not in `images`", entry.id)
        elif entry.category_id not in categories:
            problems.add("annotations are of categories that are not in `categories`", entry.id)
        else:
            seen.add(entry.id)
            file.annotations.setdefault(entry.image_id, []).append(entry)
    _refuse_mixed("annotation", seen, problems)


def _refuse_mixed(what: str, ids: Iterable[int | str], problems: Problems) -> None:
    """Refuse ids of which some are numbers and some texts, which no table and no evaluator keeps apart."""
    texts = [one for one in ids if isinstance(one, str)]
    numbers = [one for one in ids if not isinstance(one, str)]
    if texts and numbers:
        for one in texts if len(texts) <= len(numbers) else numbers:
            problems.add(f"{what} ids are {'texts' if isinstance(one, str) else 'numbers'} where others are not", one)


def _parse(path: Path, card: DatasetCard) -> dict[str, Any]:
    content = read_json(path, card, hook=packed)
    kinds = {"images": list, "annotations": list, "categories": list | None}
    absent = [
        part for part, kind in kinds.items() if not isinstance(content, dict) or not isinstance(content.get(part), kind)
    ]
    if absent:
        raise data_error(card, f"annotation file has no list of {listing(absent)}", path)
    return content


def _name(record: Any, number: int) -> object:
    entry_id = identity(record.get("id") if isinstance(record, dict) else getattr(record, "id", None))
    return f"number {number}" if entry_id is None else entry_id
