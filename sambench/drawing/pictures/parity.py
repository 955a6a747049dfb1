"""Pictures of prompts whose masks differ most between two models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.pictures.overlay import save_png
from sambench.engine.parity import Worst
from sambench.files.safe_names import file_inside

BOTH, REFERENCE_ALONE, OTHER_ALONE = (40, 110, 240), (40, 190, 80), (220, 40, 40)
"""Colours of pixels in both masks, in the reference's alone, in the other's alone."""


def draw_worst(cases: Sequence[Worst], folder: Path) -> list[Path]:
    """Draw each case as the image beside its two masks in one: blue in both, green the reference's, red the other's.

    Returns:
        The pictures' paths, the worst first.
    """
    paths = []
    for index, case in enumerate(cases, start=1):
        one, two = case.masks
        tinted = case.image.astype(np.float64)
        for pixels, colour in ((one & two, BOTH), (one & ~two, REFERENCE_ALONE), (two & ~one, OTHER_ALONE)):
            tinted[pixels] = 0.4 * tinted[pixels] + 0.6 * np.asarray(colour, np.float64)
        picture = np.concatenate([case.image, tinted.astype(np.uint8)], axis=1)
        paths.append(save_png(picture, file_inside(folder, f"worst_{index:02d}", ".png")))
    return paths
