"""Simulated annotators of the generated scenes: each sees as deep as its habit and draws with an unsteady hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import thin

from sambench.datasets.mini.scene import BACKGROUND, DETAIL, OBJECT, PART, Scene
from sambench.datasets.mini.texture import enlarged


@dataclass(frozen=True)
class Habit:
    """How one annotator works.

    Attributes:
        depth: The deepest layers it outlines.
        smallest: Things with fewer visible pixels are left out.
        joins: Probability that it takes a background and the one behind it for one region.
        tremor: RMS of its hand's error along each axis, in pixels.
    """

    depth: int
    smallest: int
    joins: float
    tremor: float


HABITS = (
    Habit(OBJECT, 500, 0.4, 1.0),
    Habit(OBJECT, 150, 0.1, 0.8),
    Habit(PART, 120, 0.15, 0.7),
    Habit(PART, 40, 0.0, 0.8),
    Habit(DETAIL, 12, 0.0, 0.6),
)


def annotate(scene: Scene, habit: Habit, rng: np.random.Generator) -> np.ndarray:
    """Segment a scene as one annotator would.

    Returns:
        (H, W) uint16 labels 1, 2, ...
    """
    counts = np.bincount(scene.top.ravel(), minlength=len(scene.layers))
    seen_as = np.zeros(len(scene.layers), np.int64)
    for index, layer in enumerate(scene.layers):
        seen = layer.depth <= habit.depth and counts[scene.family(index)].sum() >= habit.smallest
        if layer.depth == BACKGROUND:
            seen = index == 0 or rng.random() >= habit.joins
        # What is left out counts as its parent, or as the place behind it.
        behind = layer.parent if layer.parent >= 0 else _behind(scene, index)
        seen_as[index] = index if seen else seen_as[behind]
    labels = shaken(seen_as[scene.top], habit.tremor, rng)
    numbers = np.cumsum(np.bincount(labels.ravel()) > 0).astype(np.uint16)
    return numbers[labels]


def boundary_of(labels: np.ndarray) -> np.ndarray:
    """Return the (H, W) uint8 boundary map of a label map, as BSDS500 stores it: 1 on thin lines between regions.

    A pixel is marked where its right, lower or lower right neighbour differs, and the marks are thinned; on the
    maps of BSDS500 this gives their own `Boundaries`.
    """
    differs = np.zeros(labels.shape, bool)
    differs[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    differs[:-1] |= labels[:-1] != labels[1:]
    differs[:-1, :-1] |= labels[:-1, :-1] != labels[1:, 1:]
    return thin(differs).astype(np.uint8)


def _behind(scene: Scene, index: int) -> int:
    """Return the layer most in view around and behind a layer, from those painted before it."""
    if index == 0:
        return 0
    mask = scene.layers[index].mask
    cover = [(other.mask & mask).sum() if other.depth == BACKGROUND else -1 for other in scene.layers[:index]]
    return int(len(cover) - 1 - np.argmax(cover[::-1]))


def shaken(labels: np.ndarray, tremor: float, rng: np.random.Generator) -> np.ndarray:
    """Move every boundary by a smooth random field of RMS `tremor` pixels along each axis."""
    # Drawn at a quarter of the size and enlarged; waves are some 15 pixels long.
    small = [ndimage.gaussian_filter(rng.normal(size=[n // 4 + 2 for n in labels.shape]), 1.8) for _ in range(2)]
    fields = [enlarged(field, 4, corners=True)[: labels.shape[0], : labels.shape[1]] for field in small]
    grid = np.indices(labels.shape)
    at = [axis + tremor * field / field.std() for axis, field in zip(grid, fields, strict=True)]
    return ndimage.map_coordinates(labels, at, order=0, mode="nearest")
