"""Whether edge maps made elsewhere still need the field's edge suppression: measured, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from sambench.errors import PredictionError, listing
from sambench.masks.edges.nms import ridge_orientation, suppress_toolbox, triangle_filter

Suppression = Literal["auto", "toolbox", "none"]

SAMPLED = 20
"""Maps that are measured, spread evenly over the data."""

THIN, THICK = 0.3, 0.35
"""Up to the first share a map counts as thin, from the second on as thick; the median of those measured decides.

Measured on BSDS500's test images: maps after suppression lose .03 to .09 of their strong pixels (.09 to .23 once stored
as JPEG), contour maps .01 to .03, binary ones none; raw maps of a learned detector .81 to .85, of Sobel filters without
any smoothing .39 to .57.
"""

STRONG = 0.1
"""Share of a map's strongest value from which a pixel counts; below it detectors leave noise."""

LEAST = 0.01
"""Strength below which a pixel is never predicted: the first of the benchmark's 99 thresholds."""


def removed_share(strength: np.ndarray) -> float:
    """Return which share of a map's strong pixels edge suppression would remove, in [0, 1]; NaN for an empty map.

    Args:
        strength: (H, W) float in [0, 1].
    """
    strong = strength >= max(STRONG * strength.max(initial=0), np.finfo(np.float32).tiny)
    if not strong.any():
        return float("nan")
    kept = suppress_toolbox(strength.astype(np.float32), ridge_orientation(strength), fade=0)
    return float(1 - np.count_nonzero(strong & (kept > 0)) / np.count_nonzero(strong))


def thinned(strength: np.ndarray) -> np.ndarray:
    """Suppress a raw map as published rows of learned detectors are: smoothed a little, then thinned.

    Args:
        strength: (H, W) float in [0, 1].

    Returns:
        (H, W) float32 (the edge toolbox: `convTri(E, 1)`, orientations, `edgesNmsMex(E, O, 1, 5, 1.01)`).
    """
    smooth = triangle_filter(strength, 1).astype(np.float32)
    return suppress_toolbox(smooth, ridge_orientation(smooth))


def suppressed(strength: np.ndarray) -> np.ndarray:
    """Return `thinned(strength)`, (H, W) float in [0, 1], rounded to 8 bits as such rows are stored: (H, W) uint8."""
    return np.round(np.clip(thinned(strength), 0, 1).astype(np.float64) * 255).astype(np.uint8)


def choose_suppression(strengths: Mapping[str, np.ndarray], where: object) -> Literal["toolbox", "none"]:
    """Measure some maps and choose.

    Args:
        strengths: File name -> (H, W) float in [0, 1].
        where: Their folder, for the message.

    Raises:
        PredictionError: They are neither thin nor thick, or some are the one and some the other.
    """
    shares = {name: removed_share(strength) for name, strength in strengths.items()}
    measured = {name: share for name, share in shares.items() if share == share}
    low, middle, high = np.percentile(list(measured.values()) or [0.0], [0, 50, 100])
    if middle <= THIN and high < THICK:
        return "none"
    if middle >= THICK and low > THIN:
        return "toolbox"
    odd = [name for name, share in measured.items() if (share >= THICK) != (middle >= THICK)] or list(measured)
    raise PredictionError(
        f"it cannot be told whether these edge maps are raw or thin: edge suppression would remove {100 * low:.0f} to"
        f" {100 * high:.0f} % of the pixels of {len(measured)} of them ({listing(odd, 3)})",
        where=where,
        mend="say which: predictions.nms=toolbox suppresses raw maps as published rows do, predictions.nms=none"
        " scores them as they are",
    )


def strength_notes(strengths: Mapping[str, np.ndarray]) -> list[str]:
    """Say what of some maps, file name -> (H, W) float in [0, 1], looks like a mistake of scale or of sign."""
    notes = []
    highest = max((float(strength.max(initial=0)) for strength in strengths.values()), default=0.0)
    if strengths and highest < LEAST:
        notes.append(
            f"no pixel of {len(strengths)} edge maps reaches the first threshold, {LEAST}: the strongest is"
            f" {highest:.4f}; an edge of full strength is 255 in 8 bits, 65535 in 16 bits and 1.0 in .npy"
        )
    bright = [key for key, strength in strengths.items() if np.median(strength) > 0.5]
    if len(bright) * 2 > len(strengths):
        notes.append(
            f"most pixels of {len(bright)} of {len(strengths)} edge maps are strong ({listing(bright, 3)}): edges are"
            " bright on black; dark edges on white must be inverted before they are scored"
        )
    return notes
