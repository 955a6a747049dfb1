"""The objects that lose most by each kind of error, drawn: image, truth, and the mask with what is wrong about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sambench.drawing.pictures.overlay import save_png
from sambench.explain.compared import Compared
from sambench.explain.objects import Objects
from sambench.masks.rle import decode_masks
from sambench.masks.run_lengths.runs import RunLengths
from sambench.metrics.anatomy.parts import PARTS
from sambench.pages.report.pictures import data_uri
from sambench.types import Sample

RIGHT, FALSE, MISSED, TRUTH = (40, 110, 240), (225, 45, 45), (250, 190, 20), (40, 170, 80)
"""RGB of pixels that are right, false and missed, and of the object."""

LEGEND = (("right", RIGHT), ("false", FALSE), ("missed", MISSED), ("the object", TRUTH))

_SIDE, _GAP, _LEAST = 220, 6, 24


@dataclass(frozen=True)
class Example:
    """An object that loses by one kind of error.

    Attributes:
        part: The kind.
        lost: What it loses by it.
        caption: The object and its figures, in words.
        panels: What the panels show, from the left.
        uri: The picture.
    """

    part: str
    lost: float
    caption: str
    panels: str
    uri: str


def worst_examples(objects: Objects, count: int, scratch: Path) -> list[Example]:
    """Draw the objects that lose most by each part, `count` of each.

    Args:
        objects: Of the run.
        count: Of each part; 0 for none.
        scratch: A folder for pictures.
    """
    examples: list[Example] = []
    for part in PARTS:
        worst = objects.frame[objects.frame[part] > 0].nlargest(count, part, keep="first")
        for _, line in worst.iterrows():
            sample, compared = objects.masks(line["sample_id"])
            if compared is None:
                raise ValueError(f"{sample.id} has no object any more")
            index = [str(one.id) for one in compared.objects].index(line["object"])
            drawn, panels = draw_object(sample, compared, index)
            uri = data_uri(save_png(drawn, scratch / f"{part}{len(examples)}.png"))
            caption = f"{sample.id}, object {line['object']}: IoU {line['iou']:.2f}, {part} {line[part]:.2f}"
            examples.append(Example(part, float(line[part]), caption, ", ".join(panels), uri))
    return examples


def draw_object(sample: Sample, compared: Compared, index: int) -> tuple[np.ndarray, list[str]]:
    """Draw one object in panels beside each other, truth and masks whole.

    Returns:
        (H, W, 3) uint8 RGB, and what each panel shows.
    """
    truth, chosen, best = (_mask(one, index) for one in (compared.truth, compared.chosen, compared.best))
    image = sample.image if sample.has_pixels else np.full((*sample.size, 3), 128, np.uint8)
    view = view_of(truth | chosen | best)
    panels = {"the image": image[view], "the object": tinted(image, [(truth, TRUTH)])[view]}
    panels["the mask"] = _judged(image, chosen, truth)[view]
    if (best != chosen).any():
        panels["the best candidate"] = _judged(image, best, truth)[view]
    return beside(list(panels.values())), list(panels)


def _mask(runs: RunLengths, index: int) -> np.ndarray:
    return decode_masks(runs.compressed(np.array([index])), runs.size)[0]


def view_of(mask: np.ndarray) -> tuple[slice, slice]:
    """Return the part of the image with a fifth more around a mask, at least `_LEAST` pixels a side."""
    slices = []
    for axis, length in ((1, mask.shape[0]), (0, mask.shape[1])):
        there = np.flatnonzero(mask.any(axis=axis))
        first, last = (there[0], there[-1] + 1) if len(there) else (0, length)
        more = max((last - first) // 5, (_LEAST - (last - first)) // 2, 2)
        slices.append(slice(max(0, first - more), min(length, last + more)))
    return slices[0], slices[1]


def _judged(image: np.ndarray, mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return tinted(image, [(mask & truth, RIGHT), (mask & ~truth, FALSE), (truth & ~mask, MISSED)])


def tinted(image: np.ndarray, layers: list[tuple[np.ndarray, tuple[int, int, int]]]) -> np.ndarray:
    """Blend colours over (H, W, 3) uint8 RGB, each where its (H, W) bool mask is, the later ones on top."""
    drawn = image.astype(np.float64)
    for pixels, colour in layers:
        drawn[pixels] = 0.4 * drawn[pixels] + 0.6 * np.asarray(colour, np.float64)
    return drawn.astype(np.uint8)


def beside(panels: list[np.ndarray]) -> np.ndarray:
    """Scale panels of one size to `_SIDE` pixels and put them beside each other on white."""
    height, width = panels[0].shape[:2]
    scale = _SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BILINEAR
    scaled = [np.asarray(Image.fromarray(np.ascontiguousarray(one)).resize(size, how)) for one in panels]
    gap = np.full((size[1], _GAP, 3), 255, np.uint8)
    return np.concatenate([part for one in scaled for part in (one, gap)][:-1], axis=1)
