"""Samples at a glance: images with their masks in colours and the centre click of each."""

from __future__ import annotations

from collections.abc import Sequence
from colorsys import hsv_to_rgb

import numpy as np
from PIL import Image, ImageDraw

from sambench.errors import listing
from sambench.masks import rle
from sambench.prompts.clicks import centre_click
from sambench.prompts.concepts import ConceptTruth
from sambench.types import Annotation, BoundaryTruth, Sample

TILE = 360
"""Longest side of an image on the sheet, in pixels."""
_MARGIN, _CAPTION = 6, 16


def contact_sheet(samples: Sequence[Sample], columns: int = 4) -> np.ndarray:
    """Draw samples in rows.

    Args:
        samples: The samples, at least one.
        columns: Images a row.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    rows = -(-len(samples) // columns)
    width, height = TILE + _MARGIN, TILE + _CAPTION + _MARGIN
    sheet = Image.new("RGB", (min(columns, len(samples)) * width + _MARGIN, rows * height + _MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    for index, sample in enumerate(samples):
        left, top = _MARGIN + index % columns * width, _MARGIN + index // columns * height
        sheet.paste(Image.fromarray(tile(sample)), (left, top + _CAPTION))
        caption = f"{_count(sample)}  {sample.id}"
        pen.text((left, top), caption if len(caption) <= 56 else f"{caption[:20]} ... {caption[-31:]}", fill="black")
    return np.asarray(sheet)


def tile(sample: Sample) -> np.ndarray:
    """Draw one image, at most `TILE` pixels long: masks with a dot for each click, or boundaries of all annotators.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    objects = _objects(sample)
    areas = rle.areas([one.rle for one in objects]) if objects else np.zeros(0)
    painted = sample.image.astype(np.float32)
    clicks: list[tuple[int, int]] = []
    if isinstance(sample.target, BoundaryTruth):
        painted[np.any(sample.target.boundaries, 0)] = (255, 0, 0)
    for number in np.argsort(-areas, kind="stable"):
        mask = rle.decode_masks([objects[number].rle], sample.size)[0]
        painted[mask] = 0.45 * painted[mask] + 0.55 * _colour(int(number))
        click = centre_click(mask)
        clicks.append((click.x, click.y))
    scale = min(1.0, TILE / max(sample.size))
    small = tuple(max(1, round(side * scale)) for side in sample.size[::-1])
    drawn = Image.fromarray(painted.astype(np.uint8)).resize((small[0], small[1]))
    pen = ImageDraw.Draw(drawn)
    for x, y in clicks:
        # The centre of pixel (x, y) lies at (x + 0.5, y + 0.5) of the image's area.
        across, down = (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5
        pen.ellipse((across - 2, down - 2, across + 2, down + 2), fill="white", outline="black")
    return np.asarray(drawn)


def _objects(sample: Sample) -> list[Annotation]:
    """Return the objects that are drawn: of phrases, those of the first annotator."""
    if isinstance(sample.target, BoundaryTruth):
        return []
    if isinstance(sample.target, ConceptTruth):
        return [one for pair in sample.target.asked for one in pair.annotators[0]]
    objects: list[Annotation] = sample.target.annotations
    return objects


def _count(sample: Sample) -> str:
    if isinstance(sample.target, BoundaryTruth):
        return f"{len(sample.target.boundaries)} annotators"
    if isinstance(sample.target, ConceptTruth):
        named = [pair.phrase for pair in sample.target.asked if pair.annotators[0]]
        return f"{len(named)} of {len(sample.target.asked)} phrases: {listing(named, 2)}"
    return f"{len(sample.target.annotations)} masks"


def _colour(number: int) -> np.ndarray:
    """Return the RGB colour of an object: hues a golden angle apart, so that neighbours differ."""
    return np.array(hsv_to_rgb(number * 0.618034 % 1, 0.75, 1.0), np.float32) * 255
