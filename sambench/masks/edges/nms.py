"""Non-maximum suppression of edge maps: what turns thick soft edges into thin ones before they are scored."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from sambench.files.kernels import kernel

Derivative = Literal["central", "sobel"]


def triangle_filter(image: np.ndarray, radius: int) -> np.ndarray:
    """Smooth with a triangle of the given radius along both axes, reflecting at the border.

    Args:
        image: (H, W) float.
        radius: 0 leaves the image as it is; 1 is the binomial [1, 2, 1] / 4; r has 2 r + 1 taps.

    Returns:
        (H, W) float64 (the edge toolbox's `convTri`).
    """
    if radius == 0:
        return image.astype(np.float64)
    ramp = np.arange(1, radius + 2, dtype=np.float64)
    kernel = np.concatenate([ramp, ramp[-2::-1]]) / (radius + 1) ** 2
    return ndimage.correlate1d(
        ndimage.correlate1d(image.astype(np.float64), kernel, axis=0, mode="reflect"), kernel, axis=1, mode="reflect"
    )


def ridge_orientation(strength: np.ndarray, smoothing: int = 4, derivative: Derivative = "central") -> np.ndarray:
    """Estimate the direction across an edge from the second derivatives of the smoothed map.

    Args:
        strength: (H, W) float edge strength.
        smoothing: Radius of the triangle filter, 4 in the edge toolbox.
        derivative: "central" takes central differences twice (edge toolbox); "sobel" 3 x 3 Sobel kernels of second
            order (OpenCV's `computeOrientation`).

    Returns:
        (H, W) float64 angle in [0, pi), 0 across a vertical edge, pi / 2 across a horizontal one, y down. It is the
        toolbox's coarse estimate: its tangent is the square of the true normal's.
    """
    xx, xy, yy = _second_derivatives(triangle_filter(strength, smoothing), derivative)
    return np.mod(np.arctan(yy * np.sign(-xy) / (xx + 1e-5)), np.pi)


def suppress_toolbox(
    strength: np.ndarray, orientation: np.ndarray, radius: int = 1, fade: int = 5, multiplier: float = 1.01
) -> np.ndarray:
    """Keep pixels that are no weaker than their neighbours across the edge (the edge toolbox's `edgesNms`).

    Args:
        strength: (H, W) float32 edge strength.
        orientation: (H, W) angle across the edge, from `ridge_orientation`.
        radius: Neighbours at whole steps up to this many pixels on both sides, read bilinearly.
        fade: Strength within this many pixels of the image's border is faded linearly to 0; 0 for none.
        multiplier: A pixel goes if `multiplier * strength` is below a neighbour: above 1 keeps near ties.

    Returns:
        (H, W) float32.
    """
    whole = np.ascontiguousarray(strength, np.float32)
    kept = whole.copy()
    cosine, sine = (part(orientation).astype(np.float32) for part in (np.cos, np.sin))
    _suppress(whole, cosine, sine, radius, np.float32(multiplier), kept)
    return fade_border(kept, fade)


def fade_border(strength: np.ndarray, fade: int) -> np.ndarray:
    """Multiply the outermost `fade` pixels by a ramp that is 0 on the border (H, W) float32."""
    height, width = strength.shape
    fade = min(fade, width // 2, height // 2)
    if fade < 1:
        return strength
    ramps = []
    for length in (height, width):
        distance = np.minimum(np.arange(length), np.arange(length)[::-1])
        ramps.append(np.minimum(distance / fade, 1.0).astype(np.float32))
    return strength * ramps[0][:, None] * ramps[1][None, :]


def suppress_canny(strength: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Keep ridge pixels by Canny's rule: no weaker than both neighbours in the nearest of four directions.

    The direction is that of the strongest curvature of the map smoothed by a Gaussian of `sigma` pixels.

    Args:
        strength: (H, W) float32 edge strength.
        sigma: In pixels.

    Returns:
        (H, W) float32.
    """
    smooth = ndimage.gaussian_filter(strength.astype(np.float64), sigma, mode="nearest")
    xx, xy, yy = _second_derivatives(smooth, "central")
    across = np.arctan2(2 * xy, xx - yy) / 2 + np.where(xx + yy < 0, np.pi / 2, 0)
    direction = np.round(across / (np.pi / 4)).astype(int) % 4
    padded = np.pad(strength, 1)
    kept = np.zeros_like(strength)
    for code, (dy, dx) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead = padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
        behind = padded[1 - dy : padded.shape[0] - 1 - dy, 1 - dx : padded.shape[1] - 1 - dx]
        chosen = (direction == code) & (strength >= ahead) & (strength >= behind)
        kept[chosen] = strength[chosen]
    return kept


def _second_derivatives(image: np.ndarray, derivative: Derivative) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the second derivatives xx, xy and yy of (H, W), each (H, W)."""
    if derivative == "central":
        along_y, along_x = np.gradient(image)
        xy, xx = np.gradient(along_x)
        return xx, xy, np.gradient(along_y, axis=0)
    second, binomial, first = np.array([1.0, -2, 1]), np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])
    return _separable(image, binomial, second), _separable(image, first, first), _separable(image, second, binomial)


def binomial_blur(image: np.ndarray, taps: int) -> np.ndarray:
    """Blur (H, W) with a binomial kernel of 3 or 5 taps along both axes, mirrored at the border; float32."""
    kernel = {3: np.array([1.0, 2, 1]) / 4, 5: np.array([1.0, 4, 6, 4, 1]) / 16}[taps]
    return _separable(image.astype(np.float64), kernel, kernel).astype(np.float32)


def _separable(image: np.ndarray, along_y: np.ndarray, along_x: np.ndarray) -> np.ndarray:
    return ndimage.correlate1d(
        ndimage.correlate1d(image, along_y, axis=0, mode="mirror"), along_x, axis=1, mode="mirror"
    )


@kernel(borrows=True)
def _suppress(
    strength: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    radius: int,
    multiplier: np.float32,
    kept: np.ndarray,
) -> None:
    """Set to 0 in `kept`, a copy of `strength`, what `suppress_toolbox` takes away."""
    height, width = strength.shape
    for y in range(height):
        for x in range(width):
            value = strength[y, x] * multiplier
            if value == 0:
                continue
            for step in range(-radius, radius + 1):
                if step == 0:
                    continue
                if value < _bilinear(strength, x + step * cosine[y, x], y + step * sine[y, x]):
                    kept[y, x] = 0
                    break


@kernel(borrows=True, inner=True)
def _bilinear(image: np.ndarray, x: float, y: float) -> np.float32:
    """Read between pixels, held just inside the image as the toolbox does."""
    height, width = image.shape
    x = min(max(x, 0.0), max(width - 1.001, 0.0))
    y = min(max(y, 0.0), max(height - 1.001, 0.0))
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    dx, dy = x - left, y - top
    upper = image[top, left] * (1 - dx) + image[top, right] * dx
    lower = image[bottom, left] * (1 - dx) + image[bottom, right] * dx
    return np.float32(upper * (1 - dy) + lower * dy)
