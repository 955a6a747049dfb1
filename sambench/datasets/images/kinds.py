"""What image files hold beyond one picture of 8 bits: several frames, 16 bits a channel, values that were rounded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

_FRAMED = ("GIF", "PNG", "TIFF", "WEBP")
"""Formats whose frames or pages may be different pictures; a phone's MPO holds previews of one."""

_LOSSY = ("JPEG", "MPO", "JPEG2000")
_LOSSY_TIFF = ("jpeg", "tiff_jpeg", "webp", "lossy_jpeg")
_BITS, _PHOTOMETRIC = 258, 262
_DEPTH_BYTE = 24
"""Place of the bit depth in a PNG file."""


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
    most = 4095 if tags.get(_BITS, (16,))[0] == 12 else 65535
    shades = ((np.arange(65536) * 255 + most // 2) // most).clip(0, 255).astype(np.uint8)
    if white_is_zero(image):  # which Pillow heeds in 8 bits alone
        shades = 255 - shades
    return np.repeat(shades[values][..., None], 3, axis=2)


def white_is_zero(image: Image.Image) -> bool:
    """Tell whether an open TIFF file counts from white, with more than one bit; of one bit all see the same picture."""
    if image.format != "TIFF":
        return False
    tags = image.tag_v2  # type: ignore[attr-defined]
    return bool(tags.get(_PHOTOMETRIC) == 0 and int(max(tags.get(_BITS, (1,)))) > 1)


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


def _is_deep(image: Image.Image, path: Path) -> bool:
    """Tell whether a channel has more than 8 bits; of colours Pillow reads the upper 8."""
    if image.format == "PNG":
        with path.open("rb") as stream:
            return stream.read(_DEPTH_BYTE + 1)[_DEPTH_BYTE:] == b"\x10"
    if image.format == "TIFF":
        bits = image.tag_v2.get(_BITS, (8,))  # type: ignore[attr-defined]
        return int(max(bits)) > 8
    return False


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
