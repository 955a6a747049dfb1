"""EXIF orientations of a dataset's images: which are turned, by the rule that `data.exif` chooses, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sambench.config.image_rules import Drawn, ImageRules, Picture
from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.images.headers import Header, check_pixels, pixels_text, read_header
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError
from sambench.types import Size

_AT_ONCE = 16
"""Headers that are read at once."""


class Orientations(NamedTuple):
    """Images whose file says that the camera was turned, by sample id, in order.

    Attributes:
        turned: Images that are turned upright.
        ignored: Images that are read as stored all the same.
        damaged: Images whose EXIF block cannot be read; they are read as stored.
    """

    turned: list[str]
    ignored: list[str]
    damaged: list[str]


def drawn_size(path: Path, card: DatasetCard, rules: ImageRules, drawn: Drawn) -> Size:
    """Return the (height, width) of an image for ground truth that states none: stored or turned, as its format has it.

    Raises:
        DatasetError: The file is missing or no image.
    """
    header = read_header(path, card)
    return header.turned if {"ignore": False, "apply": True}.get(rules.exif, drawn == "turned") else header.stored


def orientations(dataset: Dataset, keys: Sequence[str]) -> Orientations:
    """Read the headers of a dataset's images for what EXIF orientations do to them; nothing is decoded.

    Raises:
        DatasetError: A file is missing or no image, or one with an orientation does not fit its ground truth.
    """
    return _looked_at(dataset, keys)[0]


def _looked_at(dataset: Dataset, keys: Sequence[str]) -> tuple[Orientations, Counter[str]]:
    """Read headers for what EXIF orientations do, and count what else is read otherwise than it is stored."""
    orientations, others = Orientations([], [], []), Counter[str]()

    def look(key: str) -> tuple[Header, bool] | None:
        picture = dataset.picture(key)
        return None if picture is None else turning(picture, dataset.card, dataset.image_rules)

    # A network disk answers in milliseconds, many questions at once as fast as one.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(keys), _AT_ONCE * 64):
            part = keys[first : first + _AT_ONCE * 64]
            for key, seen in zip(part, pool.map(look, part), strict=True):
                if seen is None:
                    continue
                header, turns = seen
                others.update(header.read_as)
                if header.orientation != 1:
                    (
                        orientations.damaged
                        if header.orientation == 0
                        else orientations.turned
                        if turns
                        else orientations.ignored
                    ).append(key)
    return orientations, others


def turning(picture: Picture, card: DatasetCard, rules: ImageRules) -> tuple[Header, bool]:
    """Read an image's header, and tell whether the image is turned by its EXIF orientation.

    Raises:
        DatasetError: The file is missing, no image or larger than the rules allow, or it has an orientation and another
            size than its ground truth.
    """
    header = read_header(picture.path, card)
    large = header.stored[0] * header.stored[1] > rules.max_pixels
    turns = (header.orientation > 1 or large) and turns_upright(header, picture, card, rules)
    check_pixels(header.stored, header.mode, picture.path, rules)
    return header, turns


def turns_upright(header: Header, picture: Picture, card: DatasetCard, rules: ImageRules) -> bool:
    """Decide whether an image is turned, by the rule that `Exif` tells.

    Raises:
        DatasetError: The image would not have the size that its ground truth states.
    """
    stated = picture.size()
    fits = {False: header.stored == stated, True: header.turned == stated}
    if rules.exif == "auto":
        turns = picture.drawn == "turned" if fits[False] == fits[True] else fits[True]
    else:
        turns = rules.exif == "apply"
    if fits[turns]:
        return turns and header.orientation > 1
    as_read = f"image is {pixels_text(header.turned if turns else header.stored)}"
    if header.orientation > 1:
        as_read += f" ({'turned by' if turns else 'as stored, without'} its EXIF orientation {header.orientation})"
    what = f"{as_read}, but {picture.says} {pixels_text(stated)}"
    if fits[not turns]:
        other = pixels_text(header.stored if turns else header.turned)
        raise DatasetError(
            what, where=picture.path, mend=f"give data.exif=auto, by which it has {other}, or leave it out"
        )
    raise data_error(card, what, picture.path)


def orientation_record(dataset: Dataset, keys: Sequence[str]) -> dict[str, Any]:
    """Return what `run.json` says of EXIF orientations and of other images that are not read as they are stored.

    Returns:
        `orientations`: how many images were turned, and how many were not; and where there are any, `readings`: of how
        many the first frame is read, and how many were scaled to 8 bits.

    Raises:
        DatasetError: As `orientations`.
    """
    if not dataset.images_there:
        return {}
    orientations, others = _looked_at(dataset, keys)
    readings = {"readings": {name: others[name] for name in ("first_frames", "scaled")}} if others else {}
    return {"orientations": {name: len(getattr(orientations, name)) for name in orientations._fields}, **readings}


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn (H, W, ...) stored pixels upright by their EXIF orientation, 1 to 8."""
    if orientation in (3, 4):
        pixels = pixels[::-1]
    if orientation in (2, 3):
        pixels = pixels[:, ::-1]
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
        pixels = pixels[::-1] if orientation in (7, 8) else pixels
        pixels = pixels[:, ::-1] if orientation in (6, 7) else pixels
    return np.ascontiguousarray(pixels)
