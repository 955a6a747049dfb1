"""SA-Co's annotation files: JSON as COCO's, but that each entry of `images` is a pair of an image and a phrase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.coco_fields import AnnotationEntry, annotation_entry, box_fault, identity, packed
from sambench.datasets.formats.coco_json import Problems, mask_fault
from sambench.datasets.formats.sources import read_json
from sambench.datasets.reading import data_error
from sambench.errors import listing
from sambench.files.json_text import Hook, whole
from sambench.masks import rle
from sambench.masks.run_lengths.checks import check_size
from sambench.types import Annotation, Size

_FLAGS: dict[Any, bool] = {0: False, 1: True, "0": False, "1": True, None: True}
"""What `is_instance_exhaustive` may be; True and 1.0 are equal to 1. Where it is left out, all objects are drawn."""

_WIDEST = 1.5
"""Boxes that reach further are in pixels; those in shares of the image's sides end at 1."""

_PAIR_KEYS = {"text_input", "file_name", "is_instance_exhaustive"}


class PairEntry(NamedTuple):
    """A pair as the file gives it.

    Attributes:
        id: Its id, which predictions name as `image_id`.
        phrase: The file's `text_input`.
        file_name: The image below the images' folder; many pairs have one.
        size: (height, width) of the image in pixels.
        exhaustive: Whether this file's annotator drew all objects.
    """

    id: int | str
    phrase: str
    file_name: str
    size: Size
    exhaustive: bool


class Fault(NamedTuple):
    """A pair that cannot be read."""

    id: Any
    what: str


@dataclass
class PairFile:
    """The contents of one annotator's file.

    Attributes:
        path: The file.
        pairs: Every pair by its id, in the file's order.
        annotations: Annotations by pair id, in the file's order; pairs without any, the negative ones, are left out.
    """

    path: Path
    pairs: dict[int | str, PairEntry]
    annotations: dict[int | str, list[AnnotationEntry]] = field(default_factory=dict)


def read_pairs(path: Path, card: DatasetCard) -> PairFile:
    """Read an annotation file; masks are looked at by `check_masks`, when it is known which are wanted.

    Raises:
        DatasetError: The file is missing, is no JSON (line and column are told), lacks a part, or its parts contradict
            each other; what is wrong is counted and named.
    """
    content = read_json(path, card, hook=_packer())
    parts = ("images", "annotations")
    absent = [part for part in parts if not isinstance(content, dict) or not isinstance(content.get(part), list)]
    if absent:
        raise data_error(card, f"annotation file has no list of {listing(absent)}", path)
    problems, file = Problems(path), PairFile(path, {})
    refused: set[Any] = set()
    for number, entry in enumerate(content.pop("images")):
        if not isinstance(entry, PairEntry):
            fault = entry if isinstance(entry, Fault) else Fault(None, "pairs have no text_input")
            problems.add(fault.what, f"number {number}" if fault.id is None else fault.id)
            refused.add(fault.id)
        elif entry.id in file.pairs:
            problems.add("pairs use the id of an earlier one", entry.id)
        else:
            file.pairs[entry.id] = entry
    _sort_in(file, content.pop("annotations"), refused, problems)
    problems.raise_any()
    if not file.pairs:
        raise data_error(card, "annotation file has no pair in `images`", path)
    return file


def check_masks(file: PairFile, ids: Iterable[int | str]) -> None:
    """Look at every mask of the given pairs, so that a broken one is told before hours of work.

    Raises:
        DatasetError: Some cannot be drawn in their images; each kind is counted and named.
    """
    problems = Problems(file.path)
    for pair in ids:
        size = file.pairs[pair].size
        for entry in file.annotations.get(pair, ()):
            if (fault := mask_fault(entry, size)) is not None:
                problems.add(f"annotations cannot be drawn: {fault}", entry.id)
    problems.raise_any()


def annotation_of(entry: AnnotationEntry, size: Size) -> Annotation:
    """Draw an annotation in its image of (height, width); its box is turned from shares of the sides to pixels."""
    code = rle.from_segmentation(entry.segmentation, size)
    box = None
    if entry.bbox is not None:
        left, top, width, height = (float(side) for side in entry.bbox)
        box = left * size[1], top * size[0], width * size[1], height * size[0]
    return Annotation(entry.id, entry.category_id, code, float(rle.areas([code])[0]), bool(entry.iscrowd), box)


def same_pairs(files: Sequence[PairFile]) -> None:
    """Refuse files of several annotators that are not about the same pairs.

    Raises:
        DatasetError: A pair is in one file alone, or is another image or phrase in another file; each kind is counted.
    """
    first = files[0]
    for other in files[1:]:
        problems = Problems(other.path)
        for missing in first.pairs.keys() - other.pairs.keys():
            problems.add(f"pairs of {first.path.name} are not in this file", missing)
        for strange in other.pairs.keys() - first.pairs.keys():
            problems.add(f"pairs are not in {first.path.name}", strange)
        for pair, entry in other.pairs.items():
            if pair in first.pairs and entry[1:4] != first.pairs[pair][1:4]:
                problems.add(f"pairs have another phrase, image or size in {first.path.name}", pair)
        problems.raise_any()


def _packer() -> Hook:
    """Return what packs the objects of a file as soon as they are parsed, one text of each kind for all pairs."""
    texts: dict[str, str] = {}
    sizes: dict[Size, Size] = {}

    def pack(record: dict[str, Any]) -> Any:
        if "image_id" in record:
            if "iscrowd" not in record and "is_crowd" in record:
                record["iscrowd"] = record["is_crowd"]
            return packed(record)
        return record if _PAIR_KEYS.isdisjoint(record) else _pair(record, texts, sizes)

    return pack


def _pair(record: dict[str, Any], texts: dict[str, str], sizes: dict[Size, Size]) -> PairEntry | Fault:
    pair_id, phrase, name = identity(record.get("id")), record.get("text_input"), record.get("file_name")
    if pair_id is None:
        return Fault(None, "pairs lack an id that is a text or a whole number of 64 bits")
    if not isinstance(phrase, str) or not phrase.strip():
        return Fault(pair_id, "pairs have no text_input")
    if not isinstance(name, str) or not name or name.endswith("/"):
        return Fault(pair_id, "pairs have no file_name")
    height, width = whole(record.get("height")), whole(record.get("width"))
    if height is None or width is None or min(height, width) < 1:
        return Fault(pair_id, "pairs lack a height and width above 0")
    flag = record.get("is_instance_exhaustive")
    if not isinstance(flag, int | float | str | None) or flag not in _FLAGS:
        return Fault(pair_id, "pairs have an is_instance_exhaustive that is not 0 or 1")
    if (size := sizes.get((height, width))) is None:
        try:
            check_size((height, width))
        except ValueError as error:
            return Fault(pair_id, f"images cannot be this large: {error}")
        size = sizes[height, width] = height, width
    return PairEntry(pair_id, texts.setdefault(phrase, phrase), texts.setdefault(name, name), size, _FLAGS[flag])


def _sort_in(file: PairFile, records: Iterable[Any], refused: set[Any], problems: Problems) -> None:
    """Give every pair its annotations; those of pairs that were refused are not told once more."""
    seen: set[int | str] = set()
    for number, record in enumerate(records):
        if isinstance(record, AnnotationEntry) and record.category_id is None:
            record = record._replace(category_id=1)
        entry = annotation_entry(record)
        if isinstance(entry, str):
            problems.add(entry, f"number {number}")
        elif entry.id in seen:
            problems.add("annotations use the id of an earlier one", entry.id)
        elif entry.image_id not in file.pairs and entry.image_id not in refused:
            problems.add("annotations are of pairs that are not in `images`", entry.id)
        elif entry.segmentation is None:
            problems.add("annotations have no mask", entry.id)
        elif (fault := _box_fault(entry.bbox)) is not None:
            problems.add(fault, entry.id)
        else:
            seen.add(entry.id)
            file.annotations.setdefault(entry.image_id, []).append(entry)


def _box_fault(box: Any) -> str | None:
    if (fault := box_fault(box)) is not None or box is None:
        return fault
    pixels = max(box[0] + box[2], box[1] + box[3]) > _WIDEST
    return "annotations have a bbox in pixels; x and width should be divided by the image's width" if pixels else None
