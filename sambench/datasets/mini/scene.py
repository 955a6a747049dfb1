"""Composition of the generated scenes: backgrounds, objects with parts, and the picture they make."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from sambench.datasets.mini import shapes, texture
from sambench.types import Size

BACKGROUND, OBJECT, PART, DETAIL = range(4)

_MARGIN = 30
"""Pixels around an object that its shadow may reach."""


@dataclass(frozen=True)
class Layer:
    """One painted thing.

    Attributes:
        name: Its category; of an object called by two words ("red leaf") the last one is the broader category.
        mask: (H, W) bool, before later layers hide some of it.
        parent: Index of the layer it is a part of, or -1.
        depth: BACKGROUND, OBJECT, PART or DETAIL.
        crowd: True for a group whose members are not told apart.
    """

    name: str
    mask: np.ndarray
    parent: int
    depth: int
    crowd: bool = False


@dataclass
class Scene:
    """A picture under construction and what it shows.

    Attributes:
        image: (H, W, 3) float RGB in 8-bit units.
        top: (H, W) int16 index of the visible layer.
        grid: Pixel coordinates of the picture.
        rng: Source of randomness.
        layers: All layers in painting order.
    """

    image: np.ndarray
    top: np.ndarray
    grid: shapes.Grid
    rng: np.random.Generator
    layers: list[Layer] = field(default_factory=list)

    def family(self, index: int) -> np.ndarray:
        """Return the bool table over layers of a layer and all that are parts of it."""
        inside = np.zeros(len(self.layers), bool)
        inside[index] = True
        for number, layer in enumerate(self.layers):
            inside[number] |= layer.parent >= 0 and inside[layer.parent]
        return inside

    def pixels(self, index: int) -> int:
        """Return how many pixels `visible` has."""
        return int(np.bincount(self.top.ravel(), minlength=len(self.layers))[self.family(index)].sum())

    def visible(self, index: int) -> np.ndarray:
        """Return the (H, W) bool mask of what can be seen of a layer with its parts."""
        return self.family(index)[self.top]


def new_scene(size: Size, seed: int) -> Scene:
    """Return an empty scene whose every choice follows from `seed`."""
    rng = np.random.Generator(np.random.PCG64([seed, 500]))
    return Scene(image=np.zeros((*size, 3)), top=np.zeros(size, np.int16), grid=shapes.pixel_grid(size), rng=rng)


def add(
    scene: Scene,
    name: str,
    mask: np.ndarray,
    colour: np.ndarray,
    contrast: float,
    *,
    parent: int = -1,
    depth: int = OBJECT,
    striped: bool = False,
    crowd: bool = False,
) -> int:
    """Paint a layer over the scene and return its index.

    A part is cut to its parent's mask, takes no shadow, and is hidden by whatever is painted later.
    """
    if parent >= 0:
        mask = mask & scene.layers[parent].mask
    index = len(scene.layers)
    scene.layers.append(Layer(name, mask, parent, depth, crowd))
    if not mask.any():
        return index
    scene.top[mask] = index
    window = _window(mask, margin=4)
    shape = mask[window]
    x, y = scene.grid
    surface = texture.material((x[window], y[window]), colour, contrast, scene.rng, striped)
    if depth == OBJECT:
        extent = np.sqrt(shape.sum() / np.pi) + 1
        surface += scene.rng.uniform(8, 24) * texture.rounding(shape, np.clip(extent / 2, 2, 30))[..., None]
        _cast_shadow(scene, mask, reach=int(np.clip(extent / 6, 2, 9)))
    alpha = ndimage.gaussian_filter(shape.astype(np.float64), 0.5)[..., None]
    # A view: painting it paints the scene.
    canvas = scene.image[window]
    canvas += alpha * (surface - canvas)
    return index


def _cast_shadow(scene: Scene, mask: np.ndarray, reach: int) -> None:
    """Darken what lies to the lower right of `mask`, `reach` pixels away along each axis."""
    window = _window(mask, margin=_MARGIN)
    dark = texture.shadow(mask[window], (reach, reach), 1 + reach / 2)
    canvas = scene.image[window]
    canvas *= 1 - scene.rng.uniform(0.1, 0.4) * dark[..., None]


def _window(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Return the rows and columns that `mask` covers, and `margin` more on each side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def finish(scene: Scene) -> np.ndarray:
    """Return the picture as a camera would give it: uneven light, blur, noise; (H, W, 3) uint8 RGB."""
    rng, (x, y) = scene.rng, scene.grid
    height, width = scene.top.shape
    tilt = rng.uniform(-0.18, 0.18, 2)
    light = 1 + tilt[0] * (x / width - 0.5) + tilt[1] * (y / height - 0.5)
    far = np.array([layer.depth == BACKGROUND for layer in scene.layers])[scene.top]
    sharp = ndimage.gaussian_filter(scene.image * light[..., None], (0.6, 0.6, 0))
    soft = ndimage.gaussian_filter(scene.image * light[..., None], (1.4, 1.4, 0))
    mix = ndimage.gaussian_filter(far.astype(np.float64), 1.5)[..., None]
    image = sharp + mix * (soft - sharp)
    image += rng.uniform(2, 5) * rng.normal(size=image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
