"""Image files as cameras and tools write them: the header is read and judged before any pixel is decoded."""

from __future__ import annotations

import logging
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sambench.config.image_rules import Drawn, ImageRules, Picture
from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.image_kinds import inexact, is_deep_grey, read_as, scaled_grey
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, SambenchError
from sambench.types import Size

_ORIENTATION = 0x0112
_EXIF_MOST = 1 << 20
"""Bytes of an EXIF block that are read; in JPEG it has 64 KiB at most."""

_log = logging.getLogger(__name__)
_pillow = threading.RLock()
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}


class Header(NamedTuple):
    """What an image file says of itself before it is decoded.

    Attributes:
        stored: (height, width) of the pixels as stored.
        orientation: EXIF orientation, 1 (upright) to 8; 0 where the EXIF block is damaged.
        mode: What a pixel is, in the words of Pillow: "L" (grey), "P" (palette), "RGB", ...
        read_as: How what is read differs from what it holds (`sambench.datasets.image_kinds.read_as`).
    """

    stored: Size
    orientation: int
    mode: str
    read_as: tuple[str, ...] = ()

    @property
    def turned(self) -> Size:
        """(height, width) of the image turned upright."""
        return (self.stored[1], self.stored[0]) if self.orientation >= 5 else self.stored


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


def read_header(path: Path, card: DatasetCard) -> Header:
    """Read an image file's header.

    Raises:
        DatasetError: The file is missing or no image.
    """
    with opened(path, card) as image:
        return _header(image, path)


def read_pixels(path: Path, card: DatasetCard, rules: ImageRules, exact: bool = False) -> np.ndarray:
    """Read the values of an image of ground truth as they are stored; of a GIF its colours, as encoders renumber those.

    Args:
        path: The file.
        card: The dataset it belongs to, for messages.
        rules: How large it may be.
        exact: Refuse a file whose compression changes values, and one of several frames.

    Returns:
        (H, W) or (H, W, C) of the type the file has.

    Raises:
        DatasetError: The file is missing, truncated, no image, larger than the rules allow, or not exact.
    """
    with opened(path, card, "file") as image:
        if exact and (why := inexact(image, path)) is not None:
            mend = "save ids without loss in one frame, as PNG, from what they were made of"
            raise DatasetError(f"id image {why}", where=path, mend=mend)
        if (pictures := getattr(image, "n_frames", 1)) > 1:
            told = f"the file holds {pictures} pictures, which of them is the ground truth is not known"
            raise DatasetError(told, where=path, mend="save one picture a file")
        return _decoded(image, path, rules, "RGB" if image.format == "GIF" else None)


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
    found, others = Orientations([], [], []), Counter[str]()
    for key in keys:
        if (picture := dataset.picture(key)) is None:
            continue
        header, turns = turning(picture, dataset.card, dataset.image_rules)
        others.update(header.read_as)
        if header.orientation != 1:
            (found.damaged if header.orientation == 0 else found.turned if turns else found.ignored).append(key)
    return found, others


def turning(picture: Picture, card: DatasetCard, rules: ImageRules) -> tuple[Header, bool]:
    """Read an image's header, and tell whether the image is turned by its EXIF orientation.

    Raises:
        DatasetError: The file is missing, no image or larger than the rules allow, or it has an orientation and another
            size than its ground truth.
    """
    header = read_header(picture.path, card)
    large = header.stored[0] * header.stored[1] > rules.max_pixels
    turns = (header.orientation > 1 or large) and _turns(header, picture, card, rules)
    _check_pixels(header.stored, header.mode, picture.path, rules)
    return header, turns


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
    found, others = _looked_at(dataset, keys)
    readings = {"readings": {name: others[name] for name in ("first_frames", "scaled")}} if others else {}
    return {"orientations": {name: len(getattr(found, name)) for name in found._fields}, **readings}


def read_image(picture: Picture, card: DatasetCard, rules: ImageRules) -> np.ndarray:
    """Read an image as its ground truth has it: as stored, or turned by its EXIF orientation.

    Args:
        picture: The image file, with what is known of it.
        card: The dataset it belongs to, for messages.
        rules: How images are read.

    Returns:
        (H, W, 3) uint8 RGB, of the size that the ground truth states: the first frame, 16 bits scaled to 8.

    Raises:
        DatasetError: The file is missing, truncated, no image, has more than 16 bits a channel, another size than its
            ground truth or one that the rules do not allow; sizes are told before anything is decoded.
    """
    stated = picture.size()
    with opened(picture.path, card) as image:
        header = _header(image, picture.path)
        turns = _turns(header, picture._replace(size=lambda: stated), card, rules)
        deep = is_deep_grey(image)
        if image.mode not in _EIGHT_BIT_MODES and not deep:
            what = f"image has mode {image.mode}; whole numbers of 8 or 16 bits a channel are expected"
            raise DatasetError(what, where=picture.path, mend="save it again with 8 bits a channel")
        pixels = _decoded(image, picture.path, rules, None if deep else "RGB")
        pixels = scaled_grey(image, pixels) if deep else pixels
        # Pillow turns TIFF files by itself while it decodes them.
        was_turned = image.format == "TIFF" and _orientation(image, picture.path) != header.orientation
        if pixels.shape[:2] != (header.turned if was_turned else header.stored):
            told = f"image decodes to {pixels_text((pixels.shape[0], pixels.shape[1]))}, its header says otherwise"
            raise data_error(card, told, picture.path)
    if turns == was_turned:
        return pixels
    return turned(pixels, header.orientation if turns else {6: 8, 8: 6}.get(header.orientation, header.orientation))


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


@contextmanager
def opened(path: Path, card: DatasetCard, name: str = "image") -> Iterator[Image.Image]:
    """Open an image file; whatever goes wrong with it inside the block is told as the file's fault.

    Raises:
        DatasetError: The file is missing or cannot be decoded.
    """
    try:
        with unlimited():
            image = Image.open(path)
        if image.format == "TIFF":  # By its name Pillow maps a plain one into memory, and forgets to turn it.
            image.filename = ""
        with image:
            yield image
    except SambenchError:
        raise
    except MemoryError as error:
        raise data_error(card, f"{name} is damaged, or there is not enough memory to decode it", path) from error
    except FileNotFoundError as error:
        raise data_error(card, f"{name} is missing", path) from error
    except Exception as error:  # whatever a decoder raises on a damaged file
        raise data_error(card, f"{name} cannot be decoded, it may be truncated: {error}", path) from error


@contextmanager
def unlimited() -> Iterator[None]:
    """Lift Pillow's own limit of pixels, which is the whole process's; ours is checked before anything is decoded."""
    with _pillow:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _decoded(image: Image.Image, path: Path, rules: ImageRules, mode: str | None = None) -> np.ndarray:
    """Decode an open image, in a mode or as it is stored, unless it is too large."""
    size = image.height, image.width
    _check_pixels(size, image.mode, path, rules)
    if size[0] * size[1] > ImageRules.max_pixels:
        _log.info("%s: %s", path, _cost(size, image.mode))
    limit = Image.MAX_IMAGE_PIXELS
    with unlimited() if limit is not None and size[0] * size[1] > limit else nullcontext():
        image.load()
    return np.asarray(image if mode in (None, image.mode) else image.convert(mode))


def _check_pixels(size: Size, mode: str, path: Path, rules: ImageRules) -> None:
    """Refuse an image of more pixels than are allowed.

    Raises:
        DatasetError: It is; the memory that it would take is told.
    """
    pixels = size[0] * size[1]
    if pixels > rules.max_pixels:
        what = f"image is larger than data.max_pixels={rules.max_pixels}: {_cost(size, mode)}"
        raise DatasetError(what, where=path, mend=f"give data.max_pixels={pixels} to read it, or cut it into tiles")


def _cost(size: Size, mode: str) -> str:
    """Say how large an image is and what decoding it takes.

    A pixel takes 1 or 4 bytes in Pillow as it is stored, 4 more as RGB, and twice 3 while an array is made of that.
    """
    pixels = size[0] * size[1]
    each = (1 if mode in ("1", "L", "P") else 4) + (0 if mode == "RGB" else 4) + 6
    memory = f"decoding takes about {pixels * each / 1e9:.2g} GB of memory"
    return f"{pixels_text(size)}, {pixels / 1e6:.4g} megapixels, {memory}"


def _turns(header: Header, picture: Picture, card: DatasetCard, rules: ImageRules) -> bool:
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
    found = f"image is {pixels_text(header.turned if turns else header.stored)}"
    if header.orientation > 1:
        found += f" ({'turned by' if turns else 'as stored, without'} its EXIF orientation {header.orientation})"
    what = f"{found}, but {picture.says} {pixels_text(stated)}"
    if fits[not turns]:
        other = pixels_text(header.stored if turns else header.turned)
        raise DatasetError(
            what, where=picture.path, mend=f"give data.exif=auto, by which it has {other}, or leave it out"
        )
    raise data_error(card, what, picture.path)


def pixels_text(size: Size) -> str:
    """Write (height, width) as "W x H pixels"."""
    return f"{size[1]} x {size[0]} pixels"


def _header(image: Image.Image, path: Path) -> Header:
    """Read what an open image says of itself; nothing is decoded."""
    size = image.height, image.width
    if image.format == "TIFF":  # Pillow gives the turned image's size.
        tags = image.tag_v2  # type: ignore[attr-defined]
        size = int(tags[257]), int(tags[256])
    return Header(size, _orientation(image, path), image.mode, read_as(image, path))


def _orientation(image: Image.Image, path: Path) -> int:
    """Return an open image's EXIF orientation; 1 where it has none or an unknown one, 0 where it cannot be read.

    A PNG file's own `getexif` decodes its pixels to look for a chunk behind them, which is found by its name here.
    """
    try:
        if image.format == "PNG" and "exif" not in image.info and (late := _late_exif(path)) is not None:
            image.info["exif"] = late
        found = Image.Image.getexif(image).get(_ORIENTATION, 1)
    except Exception as error:  # whatever Pillow raises on a damaged block
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the block's
            raise
        return 0
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _late_exif(path: Path) -> bytes | None:
    """Return the contents of a PNG file's eXIf chunk, wherever it is."""
    with path.open("rb") as stream:
        stream.seek(8)
        while len(head := stream.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"eXIf":
                return stream.read(min(length, _EXIF_MOST))
            stream.seek(length + 4, 1)
    return None
