"""The five views of a mask that a rater sees; they differ by the mask alone, whoever made it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation, binary_erosion

VIEWS = ("image and prompt", "mask", "outline", "close-up", "close-up with outline")
"""What the five views show, in their order. The paper has five and does not name them; these are this project's."""

_MASK, _LINE, _POINT = np.array([40, 110, 240], np.float32), (255, 210, 0), (30, 200, 70)
_CLOSE = 720
"""Longer side of a close-up, in pixels."""


def five_views(image: np.ndarray, mask: np.ndarray, point_xy: tuple[int, int], longest: int) -> list[bytes]:
    """Draw a mask as five WebP files without metadata.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) bool.
        point_xy: The click, in the image's pixels.
        longest: Longer side of the whole views; larger images are made smaller (paper: 2000).
    """
    scale = min(1.0, longest / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    own = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
    point = ((point_xy[0] + 0.5) * scale - 0.5, (point_xy[1] + 0.5) * scale - 0.5)
    left, top, right, bottom = _window(mask, point_xy)
    cut, cut_mask = image[top:bottom, left:right], mask[top:bottom, left:right]
    grown = _CLOSE / max(cut_mask.shape)
    close = (max(1, round(cut_mask.shape[1] * grown)), max(1, round(cut_mask.shape[0] * grown)))
    near = np.asarray(Image.fromarray(cut).resize(close, Image.Resampling.BILINEAR))
    near_mask = np.asarray(Image.fromarray(cut_mask).resize(close, Image.Resampling.NEAREST))
    filled = small.astype(np.float32)
    filled[own] = 0.45 * filled[own] + 0.55 * _MASK
    drawn = (_pointed(small, point), filled.astype(np.uint8), _outlined(small, own), near, _outlined(near, near_mask))
    return [_webp(one) for one in drawn]


def _window(mask: np.ndarray, point_xy: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom around mask and click, with a quarter of its size as margin."""
    rows, columns = np.nonzero(mask)
    rows, columns = np.append(rows, point_xy[1]), np.append(columns, point_xy[0])
    margin = 8 + max(int(np.ptp(rows)), int(np.ptp(columns))) // 4
    height, width = mask.shape
    left, top = max(0, int(columns.min()) - margin), max(0, int(rows.min()) - margin)
    return left, top, min(width, int(columns.max()) + margin + 1), min(height, int(rows.max()) + margin + 1)


def _outlined(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw a line of two pixels along the mask's border, dark outside so that it shows on any ground."""
    drawn = image.copy()
    drawn[binary_dilation(mask, iterations=1) & ~mask] = 0
    drawn[mask & ~binary_erosion(mask, iterations=2)] = _LINE
    return drawn


def _pointed(image: np.ndarray, point: tuple[float, float]) -> np.ndarray:
    drawn = Image.fromarray(image)
    radius = max(4, max(image.shape[:2]) // 120)
    box = (point[0] - radius, point[1] - radius, point[0] + radius, point[1] + radius)
    ImageDraw.Draw(drawn).ellipse(box, fill=_POINT, outline="white", width=2)
    return np.asarray(drawn)


def _webp(image: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", quality=85, method=2)
    return buffer.getvalue()
