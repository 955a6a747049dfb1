"""Pixels of image files as cameras and tools write them, of 16 bits too: headers are judged before any is decoded."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.base import DatasetCard
from sambench.datasets.images.headers import (
    BITS,
    Header,
    check_pixels,
    header_of,
    memory_cost,
    opened,
    orientation_of,
    pixels_text,
    several_frames,
    unlimited,
)
from sambench.datasets.images.orientation import turned, turns_upright
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError

_log = logging.getLogger(__name__)
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}
_BACK = {0: 1, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""EXIF orientation -> the one that undoes it."""


def read_pixels(path: Path, card: DatasetCard, rules: ImageRules, exact: bool = False) -> np.ndarray:
    """Read the values of an image of ground truth as they are stored; of a GIF its colours, as encoders renumber those.

    Args:
        path: The file.
        card: The dataset it belongs to, for messages.
        rules: How large it may be, and whether an orientation of its own is ignored.
        exact: Refuse a file whose compression changes values, and one of several frames.

    Returns:
        (H, W) or (H, W, C) of the type the file has.

    Raises:
        DatasetError: The file is missing, truncated, no image, larger than the rules allow, not exact, or has a tag by
            which programs read it differently.
    """
    with opened(path, card, "file") as image:
        if exact and (why := inexact(image, path)) is not None:
            mend = "save ids without loss in one frame, as PNG, from what they were made of"
            raise DatasetError(f"id image {why}", where=path, mend=mend)
        if (pictures := getattr(image, "n_frames", 1)) > 1:
            message = f"the file holds {pictures} pictures, which of them is the ground truth is not known"
            raise DatasetError(message, where=path, mend="save one picture a file")
        header = header_of(image, path)
        _refuse_tags(image, header, path, rules)
        pixels = _decoded(image, path, rules, "RGB" if image.format == "GIF" else None)
        return turned(pixels, _BACK[header.orientation]) if _was_turned(image, path, header) else pixels


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
        header = header_of(image, picture.path)
        turns = turns_upright(header, picture._replace(size=lambda: stated), card, rules)
        deep = is_deep_grey(image)
        if image.mode not in _EIGHT_BIT_MODES and not deep:
            what = f"image has mode {image.mode}; whole numbers of 8 or 16 bits a channel are expected"
            raise DatasetError(what, where=picture.path, mend="save it again with 8 bits a channel")
        pixels = _decoded(image, picture.path, rules, None if deep else "RGB")
        pixels = scaled_grey(image, pixels) if deep else pixels
        was_turned = _was_turned(image, picture.path, header)
        if pixels.shape[:2] != (header.turned if was_turned else header.stored):
            message = f"image decodes to {pixels_text((pixels.shape[0], pixels.shape[1]))}, its header says otherwise"
            raise data_error(card, message, picture.path)
    if turns == was_turned:
        return pixels
    return turned(pixels, header.orientation if turns else _BACK[header.orientation])


def _was_turned(image: Image.Image, path: Path, header: Header) -> bool:
    """Tell whether Pillow turned an image while it decoded it, as it does with TIFF files."""
    return image.format == "TIFF" and orientation_of(image, path) != header.orientation


def _refuse_tags(image: Image.Image, header: Header, path: Path, rules: ImageRules) -> None:
    """Refuse an image of ground truth with a tag that some programs heed and others do not.

    Raises:
        DatasetError: It has an orientation that is not ignored, or its zero is white.
    """
    if header.orientation > 1 and rules.exif != "ignore":
        message = f"image of ground truth has an EXIF orientation of its own ({header.orientation})"
        mend = "save it as it is to be read, without the tag; data.exif=ignore reads all images as they are stored"
        raise DatasetError(f"{message}, which some programs heed and others do not", where=path, mend=mend)
    if white_is_zero(image):
        message = "image of ground truth says that zero is white (PhotometricInterpretation 0)"
        mend = "save its values again as PNG, or as TIFF whose zero is black"
        raise DatasetError(f"{message}, by which programs read other values from it", where=path, mend=mend)


def _decoded(image: Image.Image, path: Path, rules: ImageRules, mode: str | None = None) -> np.ndarray:
    """Decode an open image, in a mode or as it is stored, unless it is too large."""
    size = image.height, image.width
    check_pixels(size, image.mode, path, rules)
    if size[0] * size[1] > ImageRules.max_pixels:
        _log.info("%s: %s", path, memory_cost(size, image.mode))
    with unlimited():
        image.load()
    return np.asarray(image if mode in (None, image.mode) else image.convert(mode))


_LOSSY = ("JPEG", "MPO", "JPEG2000")
_LOSSY_TIFF = ("jpeg", "tiff_jpeg", "webp", "lossy_jpeg")
_PHOTOMETRIC = 262


def is_deep_grey(image: Image.Image) -> bool:
    """Tell whether an open image is grey with more than 8 bits, 16 at most."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def scaled_grey(image: Image.Image, values: np.ndarray) -> np.ndarray:
    """Scale grey of 16 bits by 1/257 to 8, rounded to the nearest; TIFF's of 12 bits so that the largest becomes 255.

    Args:
        image: The open image.
        values: (H, W) as decoded from it.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    tags = image.tag_v2 if image.format == "TIFF" else {}  # type: ignore[attr-defined]
    most = 4095 if tags.get(BITS, (16,))[0] == 12 else 65535
    shades = ((np.arange(65536) * 255 + most // 2) // most).clip(0, 255).astype(np.uint8)
    if white_is_zero(image):  # which Pillow heeds in 8 bits alone
        shades = 255 - shades
    return np.repeat(shades[values][..., None], 3, axis=2)


def white_is_zero(image: Image.Image) -> bool:
    """Tell whether an open TIFF file counts from white, with more than one bit; of one bit all see the same picture."""
    if image.format != "TIFF":
        return False
    tags = image.tag_v2  # type: ignore[attr-defined]
    return bool(tags.get(_PHOTOMETRIC) == 0 and int(max(tags.get(BITS, (1,)))) > 1)


def inexact(image: Image.Image, path: Path) -> str | None:
    """Say why no ids can be read from an open image: its compression changes values, or which frame is meant is open.

    Returns:
        The reason, as the end of "id image ..."; None where there is none.

    Raises:
        OSError: The file cannot be read.
    """
    reason = image.format if image.format in _LOSSY else None
    if image.format == "TIFF" and str(image.info.get("compression")) in _LOSSY_TIFF:
        reason = f"TIFF of {image.info['compression']} compression"
    elif image.format == "WEBP" and not _is_lossless_webp(path):
        reason = "lossy WebP"
    if reason is not None:
        return f"is {reason}, which changes values, so that ids are lost"
    return "has several frames or pages" if several_frames(image) else None


def _is_lossless_webp(path: Path) -> bool:
    """Tell whether the first picture of a WebP file is one of its lossless kind, VP8L."""
    with path.open("rb") as stream:
        position = 12
        while len(head := _at(stream, position, 8)) == 8:
            if head[:4] in (b"VP8 ", b"VP8L"):
                return head[:4] == b"VP8L"
            # A frame of an animation begins with 16 bytes of its own, and its picture follows.
            size = int.from_bytes(head[4:], "little")
            position += 8 + (16 if head[:4] == b"ANMF" else size + size % 2)
    return False


def _at(stream: BinaryIO, position: int, size: int) -> bytes:
    stream.seek(position)
    return stream.read(size)
