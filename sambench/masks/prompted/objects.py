"""Which objects of an image are clicked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sambench.masks.rle import areas
from sambench.types import Annotation


def clickable(
    objects: Sequence[Annotation], min_area: int, min_area_of: Literal["pixels", "annotation"]
) -> list[Annotation]:
    """Return the objects that have a pixel and are not below `min_area`."""
    if not objects:
        return []
    pixels = areas([one.rle for one in objects])
    sizes = pixels if min_area_of == "pixels" else np.array([one.area for one in objects])
    large = (pixels >= 1) & (sizes >= min_area)
    return [one for one, kept in zip(objects, large, strict=True) if kept]


def without_pixels(
    objects: Sequence[Annotation], min_area: int, min_area_of: Literal["pixels", "annotation"]
) -> list[Annotation]:
    """Return the objects that have no pixel to click on, and whose stated area, if that counts, is not too small."""
    kept = [one for one in objects if min_area_of == "pixels" or one.area >= min_area]
    pixels = areas([one.rle for one in kept])
    return [one for one, count in zip(kept, pixels, strict=True) if count == 0]
