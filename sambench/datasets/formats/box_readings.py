"""What boxes that stand beside masks may have been meant as: COCO's left, top, width and height, or something else."""

from __future__ import annotations

from typing import Literal

import numpy as np

LOOKED_AT = 200
"""Boxes beside masks that are looked at in one file: a writer makes all of them alike."""

_SURE = 0.9
"""Share of the boxes, and IoU of each, from which another reading is the writer's."""

BoxReading = Literal["fits", "corners", "swapped", "differs"]


def box_reading(stated: np.ndarray, drawn: np.ndarray, sizes: np.ndarray) -> BoxReading:
    """Tell how boxes fit the masks beside them.

    Args:
        stated: (N, 4) float64 boxes as a file gives them, as left, top, width, height in pixels.
        drawn: (N, 4) float64 left, top, width, height of the masks in pixels.
        sizes: (N, 2) height and width of the images, at which masks are cut.

    Returns:
        "corners" where nine in ten have an IoU of .9 or more as left, top, right, bottom, and "swapped" where they do
        once x and y change places, if at most half do as they stand. Else "differs" where more than half have
        an IoU below .5, or "fits".

    >>> stated, drawn = np.array([[10.0, 20.0, 40.0, 60.0]]), np.array([[10.0, 20.0, 30.0, 40.0]])
    >>> box_reading(stated, drawn, sizes=np.array([[100, 100]]))
    'corners'
    """
    if not len(stated):
        return "fits"
    ious = _ious(stated, drawn, sizes)
    if np.mean(ious >= _SURE) <= 0.5:
        corners = np.concatenate([stated[:, :2], stated[:, 2:] - stated[:, :2]], axis=1)
        if np.mean(_ious(corners, drawn, sizes) >= _SURE) >= _SURE:
            return "corners"
        if np.mean(_ious(stated[:, [1, 0, 3, 2]], drawn, sizes) >= _SURE) >= _SURE:
            return "swapped"
    return "fits" if np.mean(ious >= 0.5) >= 0.5 else "differs"


def reading_message(reading: BoxReading, count: int) -> str:
    """Say of `count` boxes what is wrong with them or with their masks; nothing where they fit."""
    looked = f"of {count} objects looked at, most have their box (bbox) elsewhere than their mask"
    meant = {
        "fits": "",
        "corners": "; not so if they are read as corners [left, top, right, bottom]: write [left, top, width, height]",
        "swapped": "; not so with x and y of one of both changed: write x before y in both",
        "differs": "",
    }[reading]
    return "" if reading == "fits" else looked + meant


def _ious(stated: np.ndarray, drawn: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return (N,) the IoU of each box (N, 4) XYWH, cut at its image (N, 2), with the other of its row."""
    last = sizes[:, ::-1].astype(np.float64)
    low, high = np.clip(stated[:, :2], 0, last), np.clip(stated[:, :2] + stated[:, 2:], 0, last)
    shared = np.minimum(high, drawn[:, :2] + drawn[:, 2:]) - np.maximum(low, drawn[:, :2])
    areas = np.prod(np.clip(shared, 0, None), axis=1)
    joined = np.prod(np.clip(high - low, 0, None), axis=1) + np.prod(drawn[:, 2:], axis=1) - areas
    return np.asarray(areas / np.maximum(joined, 1e-9))
