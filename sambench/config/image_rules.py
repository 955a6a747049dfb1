"""How a run reads image files, and what ground truth says of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from sambench.types import Size

Exif = Literal["auto", "ignore", "apply"]
"""What an EXIF orientation means.

"auto": an image is turned where the size that its ground truth states is that of the turned image alone, and left where
it is that of the stored one alone. Where both have it (a half turn, a mirror image, a square), the format of the ground
truth decides: LabelMe and VIA draw on the turned image; COCO's JSON, masks and label images are of stored pixels, which
is what Pillow gives who scores with pycocotools. "ignore" reads all images as stored, "apply" turns all.
"""

Drawn = Literal["stored", "turned"]
"""The image that ground truth of a format is drawn on where sizes do not tell: as stored, or turned by EXIF."""


@dataclass(frozen=True)
class ImageRules:
    """How a run reads image files.

    Attributes:
        exif: What an EXIF orientation means.
        max_pixels: Images, and ground truth stored as images, of more pixels are refused before they are decoded: a
            few bytes of a damaged or hostile file can claim any size. The default is the limit of Pillow.
    """

    exif: Exif = "auto"
    max_pixels: int = 178_956_970


class Picture(NamedTuple):
    """An image file and what its ground truth says of it.

    Attributes:
        path: The file.
        size: Gives the (height, width) that the ground truth is for.
        drawn: The image that it is drawn on, where sizes do not tell.
        says: What states the size, as in "image is 4 x 3 pixels, but ... 3 x 4 pixels".
    """

    path: Path
    size: Callable[[], Size]
    drawn: Drawn = "stored"
    says: str = "its ground truth is for"
