"""Textures and light of the generated scenes: what keeps a boundary detector from being right everywhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from sambench.datasets.mini.shapes import Grid

_SCALES = (0.8, 2.5, 7.0, 20.0)


def noise(grid: Grid, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (H, W) noise of RMS 1, mixed from four scales (0.8 to 20 px) by `weights` (4,)."""
    height, width = grid[0].shape
    total = np.zeros((height, width))
    for scale, weight in zip(_SCALES, weights, strict=True):
        if weight == 0:
            continue
        # Coarse fields are drawn small and enlarged: the same look at a fraction of the time.
        step = max(1, int(scale / 2))
        small = rng.normal(size=(height // step + 2, width // step + 2))
        field = ndimage.gaussian_filter(small, scale / step, mode="wrap", truncate=3)
        # Divided by the RMS that white noise keeps under this filter, so that small windows look like large ones.
        field *= 2 * np.sqrt(np.pi) * scale / step * weight
        if step > 1:
            # No more of it than what is looked at depends on.
            field = field[: _needed(height, step), : _needed(width, step)]
            field = enlarged(field, step)
        total += field[:height, :width]
    return total / np.sqrt(np.square(weights).sum())


def enlarged(field: np.ndarray, step: int, corners: bool = False) -> np.ndarray:
    """Enlarge an (h, w) float64 field linearly to (h * step, w * step), as `scipy.ndimage.zoom` does to the last bit.

    Args:
        field: What is enlarged.
        step: By how much.
        corners: The outermost samples are the outermost pixels; else a sample lies in the middle of its square of
            pixels, and beyond the last ones the field goes on as they are.
    """
    upper, lower, above, below = _between(field.shape[0], step, corners)
    left, right, before, after = _between(field.shape[1], step, corners)
    over, under = field[upper] * above[:, None], field[lower] * below[:, None]
    result: np.ndarray = over[:, left] * before
    for rows, columns, weights in ((over, right, after), (under, left, before), (under, right, after)):
        result += rows[:, columns] * weights
    return result


@lru_cache(maxsize=1024)
def _between(length: int, step: int, corners: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return between which two of `length` samples each pixel lies, and the weights of both."""
    pixels = np.arange(length * step, dtype=np.float64)
    at = pixels * ((length - 1) / (len(pixels) - 1)) if corners else (pixels + 0.5) * (length / len(pixels)) - 0.5
    first = np.floor(at).astype(np.int64)
    weight = 1 - (at - first)
    return np.clip(first, 0, length - 1), np.clip(first + 1, 0, length - 1), weight, 1 - weight


def _needed(length: int, step: int) -> int:
    """Return how many samples `length` pixels depend on that lie linearly between samples `step` pixels apart."""
    return (length + (step - 1) // 2) // step + 1


def stripes(local: Grid, period: float, rng: np.random.Generator, warp: np.ndarray) -> np.ndarray:
    """Return (H, W) waves across the local u axis, of RMS about 1, bent by `warp` (H, W) pixels."""
    phase = 2 * np.pi * ((local[0] + warp) / period + rng.uniform())
    return np.tanh(2.5 * np.sin(phase)) * 1.1


def material(
    grid: Grid, colour: np.ndarray, contrast: float, rng: np.random.Generator, striped: bool = False
) -> np.ndarray:
    """Return an (H, W, 3) float texture around `colour` (3,), in 8-bit units.

    Args:
        grid: Pixel coordinates.
        colour: Mean RGB, 0 to 255.
        contrast: RMS of the luminance texture, in grey levels.
        rng: Source of randomness.
        striped: Mix in waves.
    """
    weights = rng.uniform(0.1, 1.0, 4) * rng.permutation([1.0, 0.6, 0.35, 0.2])
    light = noise(grid, weights, rng)
    if striped:
        angle = rng.uniform(0, np.pi)
        along = grid[0] * np.cos(angle) + grid[1] * np.sin(angle), grid[1]
        light = 0.6 * light + stripes(along, rng.uniform(6, 18), rng, 3 * noise(grid, np.array([0, 0, 0.3, 1.0]), rng))
    # Blotches with hard edges: strong contours that no annotator draws, as grass, bark and foliage have them.
    blotches = np.tanh(5 * (noise(grid, np.array([0.0, 0.5, 1.0, 0.3]), rng) - rng.uniform(0.4, 1.0)))
    light += rng.uniform(0.3, 1.3) * blotches
    tint = noise(grid, np.array([0.1, 0.2, 0.5, 1.0]), rng)
    direction = rng.normal(size=3)
    direction -= direction.mean()
    slope = rng.uniform(-0.06, 0.06, 2)
    gradient = slope[0] * (grid[0] - grid[0].mean()) + slope[1] * (grid[1] - grid[1].mean())
    luminance = contrast * light + gradient
    return colour + luminance[..., None] + 0.35 * contrast * tint[..., None] * direction


def rounding(mask: np.ndarray, depth: float) -> np.ndarray:
    """Return (H, W) shading of a bulging surface lit from the upper left: about -1 to 1 inside `mask`."""
    height = np.minimum(ndimage.distance_transform_edt(mask), depth) / depth
    bulge = ndimage.gaussian_filter(np.sqrt(np.clip(1 - (1 - height) ** 2, 0, 1)), depth / 4)
    dy, dx = np.gradient(bulge)
    return np.clip((dx + dy) * depth * 0.8, -1, 1)


def shadow(mask: np.ndarray, offset: tuple[int, int], softness: float) -> np.ndarray:
    """Return (H, W) darkness in [0, 1] of the shadow `mask` casts `offset` (y, x) pixels away, both above 0."""
    moved = np.zeros(mask.shape)
    moved[offset[0] :, offset[1] :] = mask[: -offset[0], : -offset[1]]
    return ndimage.gaussian_filter(moved, softness)
