"""Phrases in a CSV: a row for each object, its mask an image file, or for each phrase that names nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sambench.config.image_rules import ImageRules
from sambench.datasets.base import DatasetCard
from sambench.datasets.concepts.saco_json import PairEntry, PairFile
from sambench.datasets.formats.coco_fields import AnnotationEntry
from sambench.datasets.formats.coco_json import Problems
from sambench.datasets.formats.sources import image_size
from sambench.datasets.images.files import read_pixels
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.types import Annotation, Size

NEEDED = ("image", "phrase", "mask")
_FLAGS = {"": True, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_MEND = f"write a first line with {', '.join(NEEDED)} (and annotator, exhaustive), in UTF-8, commas between cells"


class Table(NamedTuple):
    """A table that was read.

    Attributes:
        files: What each annotator drew, in the order of their names.
        folder: Where its images are.
        masks: All mask files.
    """

    files: tuple[PairFile, ...]
    folder: Path
    masks: tuple[Path, ...]


class _Row(NamedTuple):
    line: int
    annotator: str
    mask: str
    exhaustive: bool


def is_phrase_table(path: Path) -> bool:
    """Tell by its first line whether a file is such a table."""
    with path.open("rb") as stream:
        head = stream.readline(4096).decode("utf-8-sig", "replace")
    return path.suffix.lower() == ".csv" and {"image", "phrase"} <= {name.strip() for name in head.split(",")}


def read_phrase_table(path: Path, folder: Callable[[str], Path], card: DatasetCard) -> Table:
    """Read a table; pairs have the ids 1, 2, ... in the order in which the table first names them.

    Args:
        path: The table; its masks' paths are relative to its folder.
        folder: Gives the folder of an image, which the others' paths are relative to as well.
        card: For messages.

    Raises:
        DatasetError: A column is missing, a row is broken, an annotator has no row for a pair, or a mask is missing or
            of another size than its image.
    """
    gathered = _gathered(path)
    problems = Problems(path)
    images = folder(next(iter(gathered))[0])
    annotators = sorted({row.annotator for rows in gathered.values() for row in rows})
    sizes = _sizes(path, images, gathered, card, problems)
    files = {one: PairFile(path, {}) for one in annotators}
    masks: list[Path] = []
    for number, ((image, phrase), rows) in enumerate(gathered.items(), 1):
        if image not in sizes:
            continue
        for annotator, file in files.items():
            own = [row for row in rows if row.annotator == annotator]
            whole = all(row.exhaustive for row in own)
            file.pairs[number] = PairEntry(number, phrase, image, sizes[image], whole)
            drawn = [path.parent / row.mask for row in own if row.mask]
            if not own:
                problems.add(f"pairs have no row of annotator {annotator}; a row without a mask says absent", number)
            elif drawn and len(drawn) < len(own):
                lines = "lines have no mask where others of the pair and annotator have one"
                problems.add(lines, next(row.line for row in own if not row.mask))
            if drawn:
                entry = [AnnotationEntry(str(mask), number, 1, mask, None, None, 0) for mask in drawn]
                file.annotations[number] = entry
            masks += drawn
    problems.raise_any()
    return Table(tuple(files.values()), images, tuple(dict.fromkeys(masks)))


def mask_of_file(entry: AnnotationEntry, size: Size, rules: ImageRules, *, card: DatasetCard) -> Annotation:
    """Read an object's mask from its image file: pixels above 0, of the first channel where there are several.

    Raises:
        DatasetError: It is damaged, of another size than its image, or without a pixel of the object.
    """
    pixels = read_pixels(entry.segmentation, card, rules)
    mask: np.ndarray = (pixels if pixels.ndim == 2 else pixels[..., 0]) > 0
    if mask.shape != size:
        raise data_error(card, f"mask is {mask.shape[1]} x {mask.shape[0]} pixels, not {size[1]} x {size[0]}", entry.id)
    if not mask.any():
        what = "mask has no pixel above 0"
        raise DatasetError(what, where=entry.id, mend="leave the mask out of the row where the phrase names nothing")
    return Annotation(entry.id, 1, rle.encode_masks(mask[None])[0], float(mask.sum()))


def _gathered(path: Path) -> Mapping[tuple[str, str], list[_Row]]:
    """Read the rows of each pair of image and phrase.

    Raises:
        DatasetError: The file is no such table, or rows are broken.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"the CSV cannot be read: {error}", where=path, mend=_MEND) from error
    if missing := [name for name in NEEDED if not rows or name not in rows[0]]:
        what = f"the CSV has no {'row' if not rows else 'column ' + listing(missing)}"
        raise DatasetError(what, where=path, mend=_MEND)
    problems = Problems(path)
    gathered: dict[tuple[str, str], list[_Row]] = {}
    for line, record in enumerate(rows, 2):
        cells: dict[str, str] = {name: (_text(record.get(name))) for name in (*NEEDED, "annotator", "exhaustive")}
        if not cells["image"] or not cells["phrase"]:
            problems.add("lines have no image or no phrase", line)
        elif (flag := cells["exhaustive"].lower()) not in _FLAGS:
            problems.add("lines have an exhaustive that is not 0 or 1", line)
        else:
            row = _Row(line, cells["annotator"], cells["mask"], _FLAGS[flag])
            gathered.setdefault((cells["image"], cells["phrase"]), []).append(row)
    problems.raise_any()
    return gathered


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _sizes(
    path: Path,
    images: Path,
    gathered: Mapping[tuple[str, str], list[_Row]],
    card: DatasetCard,
    problems: Problems,
) -> dict[str, Size]:
    """Return each image's (height, width): that of its masks, or of the image where it has none."""
    sizes: dict[str, Size] = {}
    for (image, _), rows in gathered.items():
        for row in rows:
            mask = path.parent / row.mask
            if row.mask and not mask.is_file():
                problems.add("masks are missing", row.mask)
            elif row.mask and (size := image_size(mask, card)) != sizes.setdefault(image, size):
                problems.add("masks have another size than others of their image", row.mask)
    problems.raise_any()
    bare = [image for image, _ in gathered if image not in sizes]
    for image in dict.fromkeys(bare):
        if (images / image).is_file():
            sizes[image] = image_size(images / image, card)
        else:
            problems.add("images are missing, and no mask tells their size", image)
    return sizes
