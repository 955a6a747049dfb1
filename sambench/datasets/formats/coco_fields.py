"""The fields of COCO's JSON, each read as what people write there: ids, sizes, flags, polygons, boxes."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sambench.files.json_text import number, whole
from sambench.masks.run_lengths.checks import check_size
from sambench.types import Size

SHORT = "pieces of fewer than three points are left out of its polygons"

_NO_IDS = "{} have ids that are no texts and no whole numbers of 64 bits"

_OF_ANNOTATIONS = ("category_id", "segmentation", "bbox")

_FLAGS: dict[Any, int] = {0: 0, 1: 1, "0": 0, "1": 1, None: 0, "false": 0, "true": 1}
"""What `iscrowd` may be; False, True, 0.0 and 1.0 are equal to 0 and 1."""


class AnnotationEntry(NamedTuple):
    """An annotation as the file gives it; polygons are packed into arrays, which take a quarter of the memory.

    Attributes:
        id, image_id, category_id, bbox, area, iscrowd: The file's.
        segmentation: Polygons or a run-length code, or None where the annotation has no mask.
        note: What had to be read leniently, or nothing.
    """

    id: Any
    image_id: Any
    category_id: Any
    segmentation: Any
    bbox: Any
    area: Any
    iscrowd: Any
    note: str = ""


class ImageEntry(NamedTuple):
    """An image as the file gives it.

    Attributes:
        id: Its id in the file.
        size: (height, width) in pixels.
        file_name: Name in the images folder with "/" between folders, or "" (LVIS v1 gives none).
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


LocateImage = Callable[[ImageEntry], tuple[str, Path]]
"""Gives an image's path below the root, which becomes its sample id, and the file itself."""


def identity(value: Any) -> int | str | None:
    """Return an id as a text or a whole number of 64 bits, 7.0 as 7, or None where it is neither."""
    if isinstance(value, str):
        return value
    return value if type(value) is int and abs(value) < 1 << 62 else whole(value)


def nested_polygons(segmentation: Any) -> Any:
    """Return a mask with the outer list of its polygons, which some writers leave out around a single one."""
    flat = isinstance(segmentation, list) and segmentation and not isinstance(segmentation[0], list | dict | str)
    return [segmentation] if flat else segmentation


def packed(record: dict[str, Any]) -> Any:
    """Turn an annotation into an Entry as soon as it is parsed, lest all of a file's numbers live as objects."""
    if "image_id" not in record or record.keys().isdisjoint(_OF_ANNOTATIONS):
        return record
    segmentation, note = record.get("segmentation") or None, ""
    try:
        if isinstance(segmentation, list):
            segmentation = [array("d", polygon) for polygon in nested_polygons(segmentation)]
            drawn = [polygon for polygon in segmentation if len(polygon) % 2 or len(polygon) >= 6]
            if not any(map(len, segmentation)):
                segmentation = None
            elif 0 < len(drawn) < len(segmentation):
                segmentation, note = drawn, SHORT
        elif isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), list):
            segmentation = {**segmentation, "counts": array("q", segmentation["counts"])}
    except (TypeError, OverflowError):
        pass  # Kept as it is: whoever draws it says what is wrong with it.
    return AnnotationEntry(
        record.get("id"),
        record["image_id"],
        record.get("category_id"),
        segmentation,
        record.get("bbox"),
        record.get("area"),
        record.get("iscrowd", 0),
        note,
    )


def as_one_category(content: dict[str, Any]) -> bool:
    """Make all objects of a file that tells no categories, or no object's, the one category "object", id 1.

    Args:
        content: The file, with a list of `annotations`; changed in place, and given `categories` where it has none.

    Returns:
        Whether that was done.
    """
    records, categories = content["annotations"], content.get("categories") or []
    content["categories"] = categories
    entries = [record for record in records if isinstance(record, AnnotationEntry)]
    if not entries or (categories and any(entry.category_id is not None for entry in entries)):
        return False
    content["categories"] = [{"id": 1, "name": "object"}]
    content["annotations"] = [
        one._replace(category_id=1) if isinstance(one, AnnotationEntry) else one for one in records
    ]
    return True


def annotation_entry(entry: Any) -> AnnotationEntry | str:
    """Return an annotation with its ids and flag as they are meant, or what is wrong with them."""
    if not isinstance(entry, AnnotationEntry):
        return "annotations lack id, image_id or category_id"
    entry_id, image, category = identity(entry.id), identity(entry.image_id), identity(entry.category_id)
    if entry_id is None or image is None or category is None:
        there = None not in (entry.id, entry.image_id, entry.category_id)
        return _NO_IDS.format("annotations") if there else "annotations lack id, image_id or category_id"
    try:
        crowd = _FLAGS[entry.iscrowd.lower() if isinstance(entry.iscrowd, str) else entry.iscrowd]
    except (KeyError, TypeError):
        return "annotations have an iscrowd that is not 0 or 1"
    return entry._replace(id=entry_id, image_id=image, category_id=category, iscrowd=crowd)


def image_entry(record: Any) -> ImageEntry | str:
    """Return an image, or what is wrong with it."""
    if not isinstance(record, dict):
        return "images are no objects"
    image_id = identity(record.get("id"))
    height, width = (_length(record.get(side)) for side in ("height", "width"))
    if image_id is None and isinstance(record.get("id"), int | float):
        return _NO_IDS.format("images")
    if image_id is None or height is None or width is None:
        return "images lack an id, or a height and width above 0"
    try:
        check_size((height, width))
    except ValueError as error:
        return f"images cannot be this large: {error}"
    names = [record.get(key) or "" for key in ("file_name", "coco_url")]
    if not all(isinstance(name, str) for name in names):
        return "images have a file_name or coco_url that is no text"
    listed = [_ids(record.get(key)) for key in ("neg_category_ids", "not_exhaustive_category_ids")]
    if listed[0] is None or listed[1] is None:
        return "images have category ids that are no list of whole numbers"
    return ImageEntry(image_id, (height, width), _with_slashes(names[0]), names[1], listed[0], listed[1])


def category_entry(record: Any) -> dict[str, Any] | str:
    """Return a category's record with its id as a number, or what is wrong with it."""
    category_id = identity(record.get("id")) if isinstance(record, dict) else None
    if isinstance(category_id, str):
        return "categories have texts for ids; number them, here and in the annotations' category_id"
    return "categories lack an id of their own" if category_id is None else {**record, "id": category_id}


def box_fault(box: Any) -> str | None:
    """Say what is wrong with an annotation's `bbox`, or None."""
    if box is None:
        return None
    if not isinstance(box, list) or len(box) != 4 or any(number(side) is None for side in box):
        return "annotations have a bbox that is not four finite numbers [left, top, width, height]"
    return "annotations have a bbox of negative width or height" if min(box[2:]) < 0 else None


def area_fault(area: Any) -> str | None:
    """Say what is wrong with an annotation's `area`, or None."""
    if area is None:
        return None
    value = number(area)
    if value is None:
        return "annotations have an area that is no number"
    return "annotations have no area from 0 on" if value < 0 else None


def _with_slashes(name: str) -> str:
    """Return a name with "/" between folders, as Windows has backslashes; one that would lead out stays as it is."""
    slashed = name.replace("\\", "/")
    return name if slashed.startswith("/") or ".." in slashed.split("/") or slashed[1:2] == ":" else slashed


def _length(value: Any) -> int | None:
    length = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else whole(value)
    return None if length is None or length < 1 else length


def _ids(value: Any) -> list[int] | None:
    ids = [whole(one) for one in value] if isinstance(value, list) else [] if value is None else [None]
    return None if None in ids else ids  # type: ignore[return-value]
