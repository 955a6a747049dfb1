"""How many clicks objects need: NoC, NoF and the objects that never get there (RITM's `compute_noc_metric`).

NoC@90 is the number of the first click after which the IoU is at least .90, whatever later clicks do; an object that
never gets there counts as the largest number of clicks, 20 by custom. NoF@90, which tables print as ">= 20 @90", is the
number of objects of that count: it takes an object that gets there with its last click for a failure. How many really
never get there is `unreached@90`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sambench.errors import UsageError
from sambench.masks.rle import reaches
from sambench.prompts.clicks import checked_counts
from sambench.types import Row

CUSTOM = 20
"""The number of clicks that NoC means where none is given."""

COUNTS = ("NoF", "unreached")
"""Figures that are numbers of objects, not means over them."""

Columns = dict[str, tuple[np.ndarray, np.ndarray]]
"""Figure -> which of (R,) rows it is made of, (R,) bool, and their values, (R,) float64."""


@dataclass(frozen=True)
class Counting:
    """The figures of objects whose clicks are counted.

    Attributes:
        thresholds: IoUs that are to be reached.
        stopped: Whether an object is clicked on no more once it is good enough: its overlaps at further numbers of
            clicks are then those of earlier ones, and no mean of them is given.
    """

    thresholds: tuple[float, ...]
    stopped: bool


def clicks_needed(ious: np.ndarray, threshold: float) -> np.ndarray:
    """Count the clicks after which objects first reach an IoU.

    Args:
        ious: (N, K) IoU of N objects after 1 to K clicks; NaN reaches nothing.
        threshold: The IoU that is to be reached, compared as `reaches` does.

    Returns:
        (N,) int64 from 1 to K, and K + 1 where it is never reached.
    """
    good = reaches(ious, threshold)
    return np.where(good.any(axis=1), good.argmax(axis=1) + 1, ious.shape[1] + 1)


def noc_columns(rows: Sequence[Row], thresholds: Sequence[float]) -> Columns:
    """Make the columns that NoC, NoF and the objects out of reach are made of.

    Args:
        rows: One a mask and number of clicks, of one data set: `sample_id`, `object`, `clicks` (1, 2, ... to the same
            last number for all), `iou`.
        thresholds: IoUs.

    Returns:
        For each threshold NoC, NoF and unreached, named after `percent` and, where it is not 20, the number of clicks
        (NoC@90, NoC_9@90). Each object's value stands in the row of its first click.

    Raises:
        UsageError: The rows leave out a number of clicks.
    """
    index_of: dict[tuple[str, str], int] = {}
    own = np.array([index_of.setdefault((row["sample_id"], row["object"]), len(index_of)) for row in rows])
    clicks = np.array([row["clicks"] for row in rows])
    most = _last_of_all(np.unique(clicks).tolist())
    ious = np.full((len(index_of), most), np.nan)
    ious[own, clicks - 1] = [row["iou"] for row in rows]
    first, columns = clicks == 1, Columns()
    needed = {percent(threshold): clicks_needed(ious, threshold)[own] for threshold in thresholds}
    for end, number in needed.items():
        columns[figure_name("NoC", most, end)] = first, np.where(first, np.minimum(number, most), 0.0)
    for kind, least in (("NoF", most), ("unreached", most + 1)):
        for end, number in needed.items():
            columns[figure_name(kind, most, end)] = first, np.where(first, number >= least, 0.0)
    return columns


def figure_name(kind: str, most: int, end: str) -> str:
    """Name a figure after what is reached, and after the number of clicks where it is not the customary one."""
    return f"{kind}@{end}" if most == CUSTOM else f"{kind}_{most}@{end}"


def percent(threshold: float) -> str:
    """Write a threshold as the field does: 90 for .9, 92.5 for .925."""
    return f"{100 * threshold:.6g}"


def is_count(name: str) -> bool:
    """Tell whether a figure is a number of objects, which weighs with their number, not a mean over them."""
    return name.partition("@")[0].partition("_")[0] in COUNTS


def check_counting(thresholds: Sequence[float], clicks: Sequence[int], target_iou: float | None) -> None:
    """Refuse settings under which clicks cannot be counted.

    Args:
        thresholds: IoUs that are to be reached.
        clicks: Numbers of clicks at which masks are scored.
        target_iou: Where clicking ends, or None.

    Raises:
        UsageError: A number of clicks is left out, or clicking ends before a threshold is reached.
    """
    _last_of_all(checked_counts(clicks))
    if target_iou is not None and max(thresholds) > target_iou:
        what = f"objects are clicked on no more from an IoU of {target_iou:g} on, which is below {max(thresholds):g}"
        mend = f"give task.target_iou={max(thresholds):g}, or task.target_iou=null to make every click"
        raise UsageError(what, where="task.target_iou", mend=mend)


def _last_of_all(counts: Sequence[int]) -> int:
    """Return the last of ascending numbers of clicks, after checking that they are 1, 2, 3 and so on."""
    if list(counts) != list(range(1, counts[-1] + 1)):
        what = f"NoC counts clicks one by one, and masks are scored after {', '.join(map(str, counts))}"
        whole = ",".join(map(str, range(1, counts[-1] + 1)))
        raise UsageError(what, where="task.clicks", mend=f"give task.clicks=[{whole}], or task.noc_at=null")
    return counts[-1]
