"""Shapes of the generated scenes: bool masks drawn from formulas on a pixel grid."""

from __future__ import annotations

import numpy as np

from sambench.types import Size

Grid = tuple[np.ndarray, np.ndarray]
"""x and y of every pixel centre, each (H, W) float64, in pixels."""


def pixel_grid(size: Size) -> Grid:
    """Return x and y of every pixel centre of an image of `size` (height, width)."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float64)
    return x, y


def turned(grid: Grid, centre: tuple[float, float], angle: float) -> Grid:
    """Return coordinates along and across an axis through `centre` (x, y), turned by `angle` in radians."""
    dx, dy = grid[0] - centre[0], grid[1] - centre[1]
    return dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)


def blob(local: Grid, radii: tuple[float, float], wobble: float, rng: np.random.Generator) -> np.ndarray:
    """Draw an ellipse whose radius varies by `wobble` (a fraction) in five harmonics; (H, W) bool."""
    u, v = local[0] / radii[0], local[1] / radii[1]
    waves = [(order, wobble / order * rng.normal(), rng.uniform(0, 2 * np.pi)) for order in range(2, 7)]
    distance = np.hypot(u, v)
    inside = distance < 1 + sum(abs(height) for _, height, _ in waves)
    angle = np.arctan2(v[inside], u[inside])
    inside[inside] = distance[inside] < 1 + sum(height * np.cos(order * angle + at) for order, height, at in waves)
    return inside


def lens(local: Grid, length: float, width: float) -> np.ndarray:
    """Draw a pointed leaf of half `length` and half `width`; (H, W) bool."""
    return np.abs(local[1]) < width * (1 - (local[0] / length) ** 2)


def box(local: Grid, length: float, width: float) -> np.ndarray:
    """Draw a rectangle of half `length` and half `width`; (H, W) bool."""
    return (np.abs(local[0]) < length) & (np.abs(local[1]) < width)


def gable(local: Grid, length: float, height: float) -> np.ndarray:
    """Draw a triangle on a base of half `length` at v = 0, `height` tall towards negative v; (H, W) bool."""
    u, v = local
    return (v <= 0) & (v > -height) & (np.abs(u) < length * (1 + v / height))


def strand(grid: Grid, heights: np.ndarray, thickness: float) -> np.ndarray:
    """Draw a line of `thickness` pixels that has `heights` (W,) as its y in every column; (H, W) bool."""
    slope = np.gradient(heights)
    return np.abs(grid[1] - heights) < thickness / 2 * np.hypot(1, slope)


def profile(width: int, roughness: float, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth random curve of `width` samples, RMS 1; `roughness` is the share of its fine waves."""
    x = np.arange(width) / width
    waves = [
        rng.normal() * order ** (roughness - 2.0) * np.sin(2 * np.pi * (order * x * 0.7 + rng.uniform()))
        for order in range(1, 14)
    ]
    curve = np.sum(waves, axis=0)
    return (curve - curve.mean()) / (curve.std() + 1e-9)
