"""Regions that the VGG Image Annotator 2 exports as CSV, a row a region, brought into the form of its JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from sambench.datasets.base import DatasetCard
from sambench.errors import DatasetError

SHAPE = "region_shape_attributes"
_NEEDED = ("filename", SHAPE)
_CELL_BYTES = 1 << 28
_JSON = "export the annotations again, best as JSON (Annotation > Export Annotations (as JSON))"


def is_via_csv(path: Path) -> bool:
    """Tell by its head whether a CSV file is one that VIA 2 exports."""
    with path.open("rb") as stream:
        head = stream.read(4096).replace(b"\0", b"")  # UTF-16 is read as well
    return SHAPE.encode() in head


def read_via_csv(path: Path, card: DatasetCard) -> dict[str, Any]:
    """Read a CSV export as an object of images with `filename` and `regions`, as VIA's JSON is.

    A file that a spreadsheet program saved anew may have semicolons or tabs between its cells, and be in UTF-16.

    Args:
        path: The file.
        card: For messages.

    Raises:
        DatasetError: It is missing or no such export, a cell is no JSON, or an image has fewer rows than its
            `region_count` says.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"annotation file cannot be read: {error}", where=path, mend="name another file") from error
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"the CSV is not in UTF-8: {error}", where=path, mend=_JSON) from error
    rows, before = _rows(text), csv.field_size_limit(_CELL_BYTES)
    images: dict[str, Any] = {}
    counts: dict[str, str] = {}
    try:
        head = [name.strip().removeprefix("#").strip() for name in next(rows, [])]
        if missing := [name for name in _NEEDED if name not in head]:
            what = f"the CSV lacks {' and '.join(missing)}; VIA 2 writes {', '.join(_NEEDED)} in its first line"
            raise DatasetError(what, where=path, mend=_JSON)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            where = f"{path}, line {rows.line_num}"
            if len(row) != len(head):
                what = f"the row has {len(row)} cells, the first line {len(head)}"
                raise DatasetError(what, where=where, mend=_JSON)
            cells = dict(zip(head, row, strict=True))
            if not cells["filename"]:
                raise DatasetError("the row has no filename", where=where, mend=_JSON)
            key = cells["filename"] + cells.get("file_size", "")
            image = images.setdefault(key, {"filename": cells["filename"], "regions": []})
            counts[key] = cells.get("region_count", "")
            shape = _cell(cells, SHAPE, where)
            if shape:
                attributes = _cell(cells, "region_attributes", where)
                image["regions"].append({"shape_attributes": shape, "region_attributes": attributes})
    except csv.Error as error:
        raise DatasetError(
            f"the CSV cannot be read: {error}", where=f"{path}, line {rows.line_num}", mend=_JSON
        ) from error
    finally:
        csv.field_size_limit(before)
    for key, count in counts.items():
        there = len(images[key]["regions"])
        if count.strip().isdecimal() and int(count) != there:
            what = f"{images[key]['filename']} has {there} rows with a region, its region_count says {count}"
            raise DatasetError(what, where=path, mend=f"bring the missing rows back, or {_JSON}")
    return images


def _rows(text: str) -> Any:
    """Split a CSV's rows at the sign that its first line has between the names."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _cell(cells: dict[str, str], name: str, where: str) -> dict[str, Any]:
    """Read a cell that holds a JSON object; empty where there is none."""
    text = cells.get(name, "").strip()
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        hint = "; spreadsheet programs cut cells at 32,767 characters" if len(text) > 32_000 else ""
        raise DatasetError(f"{name} is no JSON: {error}{hint}", where=where, mend=_JSON) from error
    if not isinstance(value, dict):
        raise DatasetError(f"{name} should be a JSON object, is a {type(value).__name__}", where=where, mend=_JSON)
    return value
