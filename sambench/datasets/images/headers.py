"""Opening image files, and what they say of themselves before any pixel is decoded."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sambench.config.image_rules import ImageRules
from sambench.datasets.base import DatasetCard
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, SambenchError
from sambench.types import Size

_ORIENTATION, BITS = 0x0112, 258
"""Tags of EXIF and TIFF."""

_FRAMED = ("GIF", "PNG", "TIFF", "WEBP")
"""Formats whose frames or pages may be different pictures; a phone's MPO holds previews of one."""

_DEPTH_BYTE = 24
"""Place of the bit depth in a PNG file."""

_EXIF_MOST = 1 << 20
"""Bytes of an EXIF block that are read; in JPEG it has 64 KiB at most."""


class Header(NamedTuple):
    """What an image file says of itself before it is decoded.

    Attributes:
        stored: (height, width) of the pixels as stored.
        orientation: EXIF orientation, 1 (upright) to 8; 0 where the EXIF block is damaged.
        mode: What a pixel is, in the words of Pillow: "L" (grey), "P" (palette), "RGB", ...
        read_as: How what is read differs from what it holds (`read_as`).
    """

    stored: Size
    orientation: int
    mode: str
    read_as: tuple[str, ...] = ()

    @property
    def turned(self) -> Size:
        """(height, width) of the image turned upright."""
        return (self.stored[1], self.stored[0]) if self.orientation >= 5 else self.stored


def read_header(path: Path, card: DatasetCard) -> Header:
    """Read an image file's header.

    Raises:
        DatasetError: The file is missing or no image.
    """
    with opened(path, card) as image:
        return header_of(image, path)._replace(read_as=read_as(image, path))


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
    """Lift Pillow's own limit of pixels, which is the whole process's; ours is checked before anything is decoded.

    Threads may be inside at once; the last one to leave sets the limit again.
    """
    with _lift.lock:
        if _lift.inside == 0:
            _lift.before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        _lift.inside += 1
    try:
        yield
    finally:
        with _lift.lock:
            _lift.inside -= 1
            if _lift.inside == 0:
                Image.MAX_IMAGE_PIXELS = _lift.before


class _Lift:
    """Pillow's limit while it is lifted, and how many threads need it to be."""

    def __init__(self) -> None:
        self.lock, self.inside, self.before = threading.Lock(), 0, Image.MAX_IMAGE_PIXELS


_lift = _Lift()


def check_pixels(size: Size, mode: str, path: Path, rules: ImageRules) -> None:
    """Refuse an image of more pixels than are allowed.

    Raises:
        DatasetError: It is; the memory that it would take is told.
    """
    pixels = size[0] * size[1]
    if pixels > rules.max_pixels:
        what = f"image is larger than data.max_pixels={rules.max_pixels}: {memory_cost(size, mode)}"
        raise DatasetError(what, where=path, mend=f"give data.max_pixels={pixels} to read it, or cut it into tiles")


def memory_cost(size: Size, mode: str) -> str:
    """Say how large an image is and what decoding it takes.

    A pixel takes 1 or 4 bytes in Pillow as it is stored, 4 more as RGB, and twice 3 while an array is made of that.
    """
    pixels = size[0] * size[1]
    each = (1 if mode in ("1", "L", "P") else 4) + (0 if mode == "RGB" else 4) + 6
    memory = f"decoding takes about {pixels * each / 1e9:.2g} GB of memory"
    return f"{pixels_text(size)}, {pixels / 1e6:.4g} megapixels, {memory}"


def pixels_text(size: Size) -> str:
    """Write (height, width) as "W x H pixels"."""
    return f"{size[1]} x {size[0]} pixels"


def header_of(image: Image.Image, path: Path) -> Header:
    """Read what an open image says of itself but `read_as`; nothing is decoded."""
    size = image.height, image.width
    if image.format == "TIFF":  # Pillow gives the turned image's size.
        tags = image.tag_v2  # type: ignore[attr-defined]
        size = int(tags[257]), int(tags[256])
    return Header(size, orientation_of(image, path), image.mode)


def orientation_of(image: Image.Image, path: Path) -> int:
    """Return an open image's EXIF orientation; 1 where it has none or an unknown one, 0 where it cannot be read.

    A PNG file's own `getexif` decodes its pixels to look for a chunk behind them, which is found by its name here.
    """
    try:
        if image.format == "PNG" and "exif" not in image.info and (late := _late_exif(path)) is not None:
            image.info["exif"] = late
        orientation = Image.Image.getexif(image).get(_ORIENTATION, 1)
    except Exception as error:  # whatever Pillow raises on a damaged block
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the block's
            raise
        return 0
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


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


def read_as(image: Image.Image, path: Path) -> tuple[str, ...]:
    """Tell how an open image's content differs from what is read of it; nothing is decoded.

    Returns:
        "first_frames" where it has several frames or pages, of which the first is read; "scaled" where it has more than
        8 bits a channel, which become 8.
    """
    differences = {"first_frames": several_frames(image), "scaled": _is_deep(image, path)}
    return tuple(name for name, holds in differences.items() if holds)


def several_frames(image: Image.Image) -> bool:
    """Tell whether an open image has several frames or pages; one whose second cannot be found has."""
    try:
        return image.format in _FRAMED and bool(getattr(image, "is_animated", False))
    except Exception:  # whatever a decoder raises on a damaged file
        return True


def _is_deep(image: Image.Image, path: Path) -> bool:
    """Tell whether a channel has more than 8 bits; of colours Pillow reads the upper 8."""
    if image.format == "PNG":
        with path.open("rb") as stream:
            return stream.read(_DEPTH_BYTE + 1)[_DEPTH_BYTE:] == b"\x10"
    if image.format == "TIFF":
        bits = image.tag_v2.get(BITS, (8,))  # type: ignore[attr-defined]
        return int(max(bits)) > 8
    return False
