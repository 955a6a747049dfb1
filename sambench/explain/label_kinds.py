"""In which way the mask that models agree on and the annotated one differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HELD = 0.9
"""Share of a mask that lies in another one that holds it."""

KINDS = {
    "shifted": "moving the annotated mask wins back half of what it lacks, or more",
    "merged": "the annotated mask holds what the models mark, and more",
    "part": "the annotated mask is a part of what the models mark",
    "outline": "the annotated mask has another outline",
    "category": "the models name another category",
    "missing": "the models mark an object, nothing is annotated",
}
"""Kind of a suspected error -> what it is, for readers."""


@dataclass(frozen=True)
class Difference:
    """How an annotated mask differs from what models mark.

    Attributes:
        kind: One of `KINDS`: "shifted", "merged", "part" or "outline".
        dx, dy: Pixels by which the annotated mask lies too far to the right and down; 0 of other kinds than "shifted".
        description: The kind in words.
    """

    kind: str
    dx: int
    dy: int
    description: str


def difference_of(truth: np.ndarray, marked: np.ndarray) -> Difference:
    """Tell how an annotated mask differs from one that models agree on.

    The first that holds: *shifted*, where moving `truth` so that both centres fall together wins back half of what its
    IoU lacks to 1; *merged*, where `HELD` of `marked` lies in `truth`; *part*, where `HELD` of `truth` lies in
    `marked`; else *outline*.

    A square of 10 pixels a side that lies 3 pixels to the right of an equal one has an IoU of 7 / 13; moved back it has
    1: shifted by (3, 0).

    Args:
        truth: (h, w) bool, with a pixel.
        marked: (h, w) bool, with a pixel, in the same frame.
    """
    common = np.count_nonzero(truth & marked)
    sizes = np.count_nonzero(truth), np.count_nonzero(marked)
    iou = common / (sum(sizes) - common)
    dy, dx = (round(float(a - b)) for a, b in zip(_centre(truth), _centre(marked), strict=True))
    moved = _common_after(truth, marked, dx, dy)
    if (dx or dy) and 1 - moved / (sum(sizes) - moved) <= (1 - iou) / 2:
        return Difference("shifted", dx, dy, f"truth lies elsewhere by ({dx}, {dy}) px")
    if common >= HELD * sizes[1]:
        return Difference("merged", 0, 0, f"truth holds more, {sizes[0] / sizes[1]:.1f} times the area: merged?")
    if common >= HELD * sizes[0]:
        return Difference("part", 0, 0, f"truth holds a part, {sizes[0] / sizes[1]:.2f} of the area")
    return Difference("outline", 0, 0, "truth has another outline" if common else "truth lies somewhere else")


def _centre(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0)


def _common_after(truth: np.ndarray, marked: np.ndarray, dx: int, dy: int) -> int:
    """Count the pixels common to `marked` and to `truth` moved by (-dx, -dy)."""
    y, x = np.nonzero(truth)
    y, x = y - dy, x - dx
    there = (y >= 0) & (y < marked.shape[0]) & (x >= 0) & (x < marked.shape[1])
    return int(np.count_nonzero(marked[y[there], x[there]]))
