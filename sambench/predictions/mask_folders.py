"""One folder of PNG masks an image, listed by a `metadata.csv`: what segment_anything's `amg.py` writes by default."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sambench.datasets.images.headers import unlimited
from sambench.errors import PredictionError, listing
from sambench.masks import rle
from sambench.types import Size

METADATA = "metadata.csv"
"""Name of an image's list of masks; mask `id` is the file `id.png` beside it."""

_NUMBERS = ("predicted_iou", "stability_score", "score", "category_id")
"""Columns that are read where they are there; boxes are those of the masks."""

_MEND = "write the folder again, as `amg.py` does: masks 0.png, 1.png, ... and a line of metadata.csv for each"


def mask_lines(path: Path) -> list[dict[str, Any]]:
    """Read the list of an image's masks, without the masks.

    Args:
        path: Its `metadata.csv`.

    Returns:
        A dictionary a mask: "id" as text, and those of its numbers that the file has.

    Raises:
        PredictionError: It is no such table, or a cell is no number.
    """
    try:
        table = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        lines = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionError(f"prediction cannot be read: {error}", where=path, mend=_MEND) from error
    if "id" not in (table.fieldnames or ()):
        raise PredictionError("the list of masks has no column id", where=path, mend=_MEND)
    masks = []
    for line, cells in enumerate(lines, 2):
        name = (cells.get("id") or "").strip()
        if not (name.isascii() and name.isdecimal()):
            raise PredictionError(f"line {line} has no whole number in column id", where=path, mend=_MEND)
        mask: dict[str, Any] = {"id": name}
        try:
            mask |= {key: float(cells[key]) for key in _NUMBERS if cells.get(key) not in (None, "")}
        except ValueError as error:
            raise PredictionError(f"line {line} is no row of numbers: {error}", where=path, mend=_MEND) from error
        masks.append(mask)
    return masks


def with_masks(masks: Sequence[dict[str, Any]], folder: Path, size: Size) -> list[dict[str, Any]]:
    """Put the masks of an image beside their lines, as entries of a COCO results list.

    Args:
        masks: As of `mask_lines`.
        folder: Where the PNGs lie.
        size: (height, width) of the image.

    Raises:
        PredictionError: A mask is missing, is listed twice or not at all, has another size or is none.
    """
    names = [f"{mask['id']}.png" for mask in masks]
    there = {path.name for path in folder.iterdir() if path.suffix.lower() == ".png"}
    twice = {name for name, times in Counter(names).items() if times > 1}
    for what, odd in (
        ("listed but not there", set(names) - there),
        ("there but not listed", there - set(names)),
        ("listed twice", twice),
    ):
        if odd:
            raise PredictionError(
                f"{len(odd)} mask(s) are {what}: {listing(sorted(odd))}", where=folder / METADATA, mend=_MEND
            )
    codes = [rle.encode_masks(_mask(folder / name, size)[None])[0] for name in names]
    return [{**mask, "segmentation": rle.to_json(code)} for mask, code in zip(masks, codes, strict=True)]


def _mask(path: Path, size: Size) -> np.ndarray:
    """Read an (H, W) bool mask; its size is looked at before it is decoded."""
    try:
        with unlimited(), Image.open(path) as image:
            if (image.height, image.width) != tuple(size):
                what = f"the mask has {image.width} x {image.height} pixels, its image {size[1]} x {size[0]}"
                raise PredictionError(what, where=path, mend="choose the data it was made for, or write it again")
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises on a damaged file
        raise PredictionError(f"the mask cannot be read: {error}", where=path, mend=_MEND) from error
    if pixels.ndim > 2 and (pixels[..., :3] == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    values = np.unique(pixels)
    if pixels.ndim != 2 or len(values) > 2 or (len(values) == 2 and values[0] != 0):
        what = f"the PNG is no mask: it holds {len(values)} values, where 0 and one other are expected"
        raise PredictionError(what, where=path, mend="save each mask as 0 outside and 255 inside")
    mask: np.ndarray = pixels > 0
    return mask
