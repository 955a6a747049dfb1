"""Pairs of masks that agree least and masks without a partner, drawn side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sambench.drawing.pictures.overlay import save_png
from sambench.explain.mask_pairs import PairFinding
from sambench.explain.mask_sets import ImageMasks
from sambench.explain.pictures import beside, tinted, view_of
from sambench.masks.rle import decode_masks

BOTH, ONLY_A, ONLY_B = (40, 110, 240), (225, 45, 45), (250, 190, 20)
"""RGB of pixels that both masks hold, that a's alone holds, and that b's alone holds."""

LEGEND = (("in both", BOTH), ("in a alone", ONLY_A), ("in b alone", ONLY_B))

PANELS = ("the image", "a", "b", "both")

_GREY = 128


@dataclass(frozen=True)
class DrawnPair:
    """A picture of a pair, or of a mask without a partner.

    Attributes:
        group: What it is an example of.
        caption: The masks and their overlap, in words.
        path: The picture: `PANELS`, from the left.
    """

    group: str
    caption: str
    path: Path


def draw_pairs(finding: PairFinding, count: int, folder: Path) -> list[DrawnPair]:
    """Draw the pairs of the least IoU, and the first masks of each set that have no partner.

    Args:
        finding: What was compared.
        count: Pictures of each group; 0 draws none.
        folder: Where pictures are written; made where it is missing.
    """
    if not count:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for group, number, (key, ours, theirs, iou) in _chosen(finding, count):
        image, a, b = finding.look(key)
        masks = [_mask(one, name) for one, name in ((a, ours), (b, theirs))]
        path = save_png(_panels(image, *masks), folder / f"{group.replace(' ', '_')}_{number}.png")
        names = [f"{side} {name}" for side, name in (("a", ours), ("b", theirs)) if name is not None]
        caption = f"{key}: {', '.join(names)}" + ("" if iou is None else f", IoU {iou:.2f}")
        drawn.append(DrawnPair(group, caption, path))
    return drawn


Line = tuple[str, str | None, str | None, float | None]
"""An image, the names of the masks of a and b, and their IoU."""


def _chosen(finding: PairFinding, count: int) -> Iterator[tuple[str, int, Line]]:
    """Choose what is drawn: group, number and line of each."""
    pairs = finding.pairs
    worst = pairs[pairs["iou"].notna()].nsmallest(count, "iou", keep="first")
    for number, line in enumerate(worst.to_dict("records"), 1):
        yield "worst pair", number, (line["image"], line["a"], line["b"], float(line["iou"]))
    for side, other in (("a", "b"), ("b", "a")):
        alone = pairs[pairs[other].isna()].head(count)
        for number, line in enumerate(alone.to_dict("records"), 1):
            names = {side: line[side], other: None}
            yield f"only in {side}", number, (line["image"], names["a"], names["b"], None)


def _mask(masks: ImageMasks, name: str | None) -> np.ndarray:
    """Return the (H, W) bool mask of a name; an empty one for None."""
    if name is None:
        return np.zeros(masks.size, bool)
    return decode_masks([masks.rles[masks.names.index(name)]], masks.size)[0]


def _panels(image: np.ndarray | None, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Draw the masks' part of an image: as it is, with each mask, and with both; (H, W, 3) uint8 RGB."""
    pixels = np.full((*a.shape, 3), _GREY, np.uint8) if image is None else image
    view = view_of(a | b)
    both = [(a & b, BOTH), (a & ~b, ONLY_A), (b & ~a, ONLY_B)]
    layers: list[list[tuple[np.ndarray, tuple[int, int, int]]]] = [[], [(a, ONLY_A)], [(b, ONLY_B)], both]
    return beside([tinted(pixels, own)[view] for own in layers])
