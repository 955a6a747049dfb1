"""Simulated clicks: the point farthest from the boundary of an object, or of what is still wrong about its mask.

The rules are those of RITM's clicker and of SAM 2's `sample_one_point_from_error_center`, which Segment Anything
(appendix D.1) describes: the exact Euclidean distance of every pixel of a region to the nearest pixel outside it, where
all that lies beyond the image is outside (the one-pixel border); the farthest pixel, of equals the first in row-major
order; foreground where the missed pixels reach farther than the false ones, background elsewhere, ties included.

Distances are compared as squared whole numbers, which are exact. OpenCV, which both references call, compares float32
roots that are off by one unit in the last place here and there: of pixels equally far from the boundary it does not
always take the first (in about one of 200 random masks, and not in the same ones in every version).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sambench.errors import UsageError
from sambench.prompts.deepest import deepest_pixel, farther_click, nth_pixel

NONE_TAKEN = np.zeros((0, 2), np.int64)


@dataclass(frozen=True)
class Click:
    """One click.

    Attributes:
        x: Column of the clicked pixel.
        y: Its row.
        positive: True on the object, False on the background.
        distance: To the boundary of the clicked region in pixels, at least 1; 0 where there was no error to click on.
    """

    x: int
    y: int
    positive: bool
    distance: float


def centre_click(mask: np.ndarray) -> Click:
    """Click on the pixel of an object that is farthest from its boundary.

    Args:
        mask: (H, W) bool.

    Returns:
        A foreground click; on the corner, with distance 0, where the mask is empty.
    """
    return error_click(mask, np.zeros_like(mask, dtype=bool))


def error_click(truth: np.ndarray, predicted: np.ndarray, taken_xy: np.ndarray = NONE_TAKEN) -> Click:
    """Click on the centre of the larger error of a mask, larger by its greatest distance to the boundary.

    Args:
        truth: (H, W) bool, the object.
        predicted: (H, W) bool, its mask so far.
        taken_xy: (K, 2) integer pixels that may not be clicked again (RITM); none by default (SAM 2).

    Returns:
        The click; the background's top-left pixel with distance 0 where the mask has no error that may be clicked.
    """
    missed, false = _errors(truth, predicted)
    taken = np.asarray(taken_xy, np.int64).reshape(-1, 2)
    x, y, label, squared = farther_click(*deepest_pixel(missed, taken, 0), *deepest_pixel(false, taken, 0))
    return Click(x, y, bool(label), math.sqrt(squared))


def random_click(truth: np.ndarray, predicted: np.ndarray, draw: int, taken_xy: np.ndarray = NONE_TAKEN) -> Click:
    """Click on a random pixel of a mask's error; with an empty mask, of the object.

    Args:
        truth: (H, W) bool, the object.
        predicted: (H, W) bool, its mask so far.
        draw: Whole number from 0 on that decides: of M pixels that are wrong, first the missed and then the false ones,
            each in row-major order, number draw modulo M.
        taken_xy: (K, 2) integer pixels that may not be clicked again; none by default.

    Returns:
        The click, its distance 1; the background's top-left pixel with distance 0 where nothing may be clicked.
    """
    missed, false = _errors(truth, predicted)
    for x, y in np.asarray(taken_xy, np.int64).reshape(-1, 2):
        missed[y, x] = false[y, x] = False
    wrong = int(missed.sum() + false.sum())
    if wrong == 0:
        return Click(0, 0, False, 0.0)
    nth = draw % wrong
    positive = nth < int(missed.sum())
    x, y = nth_pixel(missed if positive else false, nth if positive else nth - int(missed.sum()))
    return Click(int(x), int(y), positive, 1.0)


def _errors(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the missed and the false pixels of two (H, W) masks, as numba's loops want them."""
    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    return np.ascontiguousarray(truth & ~predicted), np.ascontiguousarray(predicted & ~truth)


def random_draws(seed: int, sample_id: str, objects: Sequence[int | str], number: int) -> np.ndarray:
    """Draw a number for each object of an image, the same on every machine and in whatever order objects are clicked.

    Args:
        seed: Of the draw.
        sample_id: The image.
        objects: The annotations' ids.
        number: Which click it is for, from 1 on.

    Returns:
        (N,) uint64, uniform: the first eight bytes of SHA-256 over all four.
    """
    texts = [f"{seed}\n{sample_id}\n{name}\n{number}".encode() for name in objects]
    return np.array([int.from_bytes(hashlib.sha256(text).digest()[:8], "big") for text in texts], np.uint64)


def checked_counts(clicks: Sequence[int]) -> tuple[int, ...]:
    """Return numbers of clicks in ascending order.

    Raises:
        UsageError: There is none, or one is no whole number from 1 on.
    """
    if not clicks or any(int(count) != count or count < 1 for count in clicks):
        raise UsageError(f"clicks is {list(clicks)}", where="task.clicks", mend="give whole numbers, as in [1,2,3,5,9]")
    return tuple(sorted({int(count) for count in clicks}))
