"""Noise on prompts: boxes and clicks moved as papers moved them in training and in tests of robustness.

Every rule has one strength that multiplies its displacements, 1 being the rule as it is known. The draws of an object
depend on the seed, the image and the object alone, so that order, resuming and other objects change nothing, and all
strengths share them, so that an object's boxes move along one line as the strength grows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import scipy.ndimage

from sambench.types import Size

FRAME = 1024
"""Side in pixels of the frame in which the rules of SAM's family state pixels."""

TRIES = 16
"""Candidates of a rule that takes only some of them; where none will do, the prompt stays as it is."""

JITTER, SMOOTHING_SHIFT, SMOOTHING_SIZE, SMOOTHING_CENTRE, HQ_SCALE = 0.1, 0.05, 0.05, 0.03, 0.1

BoxRule = Callable[[np.random.Generator, np.ndarray, Size, int, float], np.ndarray]
"""Gives (K, 4) boxes from a generator, a (4,) box in XYXY, the image's (height, width), K and the strength."""


def generator_of(seed: int, sample_id: str, name: int | str) -> np.random.Generator:
    """Return what draws for one object, the same on every machine.

    Args:
        seed: Of the run.
        sample_id: The image.
        name: The annotation's id.
    """
    digest = hashlib.sha256(f"prompt noise\n{seed}\n{sample_id}\n{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def noisy_boxes(
    rule: str,
    generators: Sequence[np.random.Generator],
    boxes_xyxy: np.ndarray,
    size: Size,
    draws: int,
    strength: float,
) -> np.ndarray:
    """Move boxes K times each.

    Args:
        rule: A name in `BOX_RULES`.
        generators: One an object, as `generator_of` gives them, fresh.
        boxes_xyxy: (N, 4) float64 in image pixels.
        size: (height, width) of the image.
        draws: K.
        strength: Factor of all displacements.

    Returns:
        (N, K, 4) float64 boxes in order (x0 < x1, y0 < y1), at least a pixel wide and high, within the image.
    """
    moved = np.empty((len(boxes_xyxy), draws, 4))
    for index, (rng, box) in enumerate(zip(generators, np.asarray(boxes_xyxy, np.float64), strict=True)):
        moved[index] = BOX_RULES[rule](rng, box, size, draws, strength)
    return _within(moved, size)


def noisy_clicks(
    rule: str,
    rng: np.random.Generator,
    mask: np.ndarray,
    centre_xy: tuple[int, int],
    draws: int,
    strength: float,
) -> np.ndarray:
    """Click K times inside an object.

    Args:
        rule: A name in `CLICK_RULES`.
        rng: The object's, as `generator_of` gives it, fresh.
        mask: (h, w) bool, the object in a window that holds all of it.
        centre_xy: The window's pixel farthest from the object's boundary.
        draws: K.
        strength: "jitter": factor of the standard deviation. "distance": inverse exponent of the density.

    Returns:
        (K, 2) int64 pixels of the window, all on the object.
    """
    return CLICK_RULES[rule](rng, mask, centre_xy, draws, strength)


def box_overlaps(boxes_xyxy: np.ndarray, moved_xyxy: np.ndarray) -> np.ndarray:
    """Return the (N, K) IoU of (N, K, 4) moved boxes with the (N, 4) boxes that they came from."""
    own = np.asarray(boxes_xyxy, np.float64)[:, None]
    low, high = np.maximum(own[..., :2], moved_xyxy[..., :2]), np.minimum(own[..., 2:], moved_xyxy[..., 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = np.prod(own[..., 2:] - own[..., :2], axis=-1) + np.prod(moved_xyxy[..., 2:] - moved_xyxy[..., :2], axis=-1)
    return np.asarray(shared / np.maximum(areas - shared, np.finfo(np.float64).tiny))


def _within(boxes_xyxy: np.ndarray, size: Size) -> np.ndarray:
    """Put (..., 4) boxes in order and into the image; one less than a pixel wide or high becomes a pixel."""
    limits = np.array([size[1], size[0]], np.float64)
    low = np.clip(np.minimum(boxes_xyxy[..., :2], boxes_xyxy[..., 2:]), 0, limits)
    high = np.clip(np.maximum(boxes_xyxy[..., :2], boxes_xyxy[..., 2:]), 0, limits)
    thin = high - low < 1
    start = np.clip((low + high) / 2 - 0.5, 0, limits - 1)
    return np.concatenate([np.where(thin, start, low), np.where(thin, start + 1, high)], axis=-1)


def _sides(box: np.ndarray) -> np.ndarray:
    """Return (4,) width, height, width, height: the side along which each coordinate of a box moves."""
    return np.tile(box[2:] - box[:2], 2)


def _pixels(size: Size) -> np.ndarray:
    """Return (4,) image pixels that a pixel of the frame, to which both sides are resized, is wide and high."""
    return np.tile(np.array([size[1], size[0]]) / FRAME, 2)


def _sam(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Add to each coordinate a normal of a tenth of the side, at most 20 pixels of the frame."""
    limit = 20 * max(size) / FRAME
    step = np.clip(rng.standard_normal((draws, 4)) * 0.1 * _sides(box), -limit, limit)
    return np.asarray(box + strength * step)


def _sam2(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Add to each coordinate a uniform of at most a tenth of the side and 20 pixels; end at the last pixel."""
    most = np.minimum(0.1 * _sides(box), 20 * _pixels(size))
    moved = box + strength * rng.uniform(-1, 1, (draws, 4)) * most
    return np.clip(moved, 0, np.tile([size[1] - 1, size[0] - 1], 2))


def _medsam(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Move each side outwards by 0 to 20 whole pixels of the frame."""
    return np.asarray(box + strength * rng.integers(0, 21, (draws, 4)) * [-1, -1, 1, 1] * _pixels(size))


def _hq_sam(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Move the centre by at most half the sides times the scale, and change the sides by at most the scale."""
    centre, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    drawn = rng.uniform(-1, 1, (draws, 4)) * strength * HQ_SCALE
    return _around(centre + drawn[:, :2] * sides / 2, sides * (1 + drawn[:, 2:]))


def _smoothing_shift(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Shift the box by a normal of .05 of its sides; the first candidate whose IoU with it is above a half."""
    steps = rng.standard_normal((draws, TRIES, 2)) * SMOOTHING_SHIFT * strength * (box[2:] - box[:2])
    candidates = box + np.concatenate([steps, steps], axis=-1)
    kept = box_overlaps(np.tile(box, (draws, 1)), candidates) > 0.5
    chosen = candidates[np.arange(draws), kept.argmax(axis=1)]
    return np.where(np.any(kept, axis=1, keepdims=True), chosen, box)


def _smoothing_size(rng: np.random.Generator, box: np.ndarray, size: Size, draws: int, strength: float) -> np.ndarray:
    """Change the sides by a normal of .05 of them, and move the centre by one of .03."""
    centre, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    drawn = rng.standard_normal((draws, 4)) * strength
    return _around(centre + drawn[:, :2] * SMOOTHING_CENTRE * sides, sides * (1 + SMOOTHING_SIZE * drawn[:, 2:]))


def _around(centre: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return np.concatenate([centre - sides / 2, centre + sides / 2], axis=-1)


BOX_RULES: dict[str, BoxRule] = {
    "sam": _sam,
    "sam2": _sam2,
    "medsam": _medsam,
    "hq_sam": _hq_sam,
    "smoothing_shift": _smoothing_shift,
    "smoothing_size": _smoothing_size,
}
"""Name -> rule of boxes."""


def _jitter(
    rng: np.random.Generator, mask: np.ndarray, centre_xy: tuple[int, int], draws: int, strength: float
) -> np.ndarray:
    """Move the centre by a normal of a tenth of the object's sides; the first candidate that is on the object."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    sides = np.array([columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1])
    steps = rng.standard_normal((draws, TRIES, 2)) * JITTER * strength * sides
    pixels = np.rint(np.asarray(centre_xy) + steps).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < [mask.shape[1], mask.shape[0]])).all(axis=-1)
    x, y = np.clip(pixels[..., 0], 0, mask.shape[1] - 1), np.clip(pixels[..., 1], 0, mask.shape[0] - 1)
    kept = inside & mask[y, x]
    chosen = pixels[np.arange(draws), kept.argmax(axis=1)]
    return np.where(np.any(kept, axis=1, keepdims=True), chosen, np.asarray(centre_xy, np.int64))


def _distance(
    rng: np.random.Generator, mask: np.ndarray, centre_xy: tuple[int, int], draws: int, strength: float
) -> np.ndarray:
    """Draw pixels with a density of the distance to the boundary, to the power of 1 / strength."""
    distances = scipy.ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    reach = np.cumsum((distances / distances.max()).ravel() ** (1 / strength))
    pixels = np.searchsorted(reach, rng.random(draws) * reach[-1], side="right")
    y, x = np.unravel_index(np.minimum(pixels, np.flatnonzero(mask)[-1]), mask.shape)
    return np.stack([x, y], axis=1).astype(np.int64)


CLICK_RULES = {"jitter": _jitter, "distance": _distance}
"""Name -> rule of clicks."""
