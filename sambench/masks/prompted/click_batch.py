"""The next click on each of many masks, measured in each mask's own box.

The missed pixels lie in the object's box and the false ones in the mask's, and what lies outside a region counts as
outside however far the array reaches, so nothing changes when the rest of the image is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.boxes import runs_to_boxes_xyxy
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import paint_runs
from sambench.prompts.deepest import deepest_pixel, farther_click, nth_pixel


@dataclass(frozen=True)
class Clicks:
    """One click on each of N objects.

    Attributes:
        points_xy: (N, 2) int64 pixels of the image.
        labels: (N,) int64, 1 on the object, 0 on the background.
        squared: (N,) int64 squared distance to the boundary of the clicked region (1 for a random click); 0 where there
            was no error to click on, and the click is on the background's top-left pixel.
    """

    points_xy: np.ndarray
    labels: np.ndarray
    squared: np.ndarray


def next_clicks(
    truth: RunLengths,
    predicted: RunLengths,
    rule: Literal["centre", "random"],
    draws: np.ndarray | None = None,
    taken_xy: np.ndarray | None = None,
) -> Clicks:
    """Click on the error of N masks, each as `sambench.prompts.clicks.error_click` or `random_click` does.

    Args:
        truth: The N objects.
        predicted: Their masks so far; empty ones (`empty_runs`) for the first click.
        rule: Whether to click on the centre or on a random pixel of the error.
        draws: (N,) uint64 of `sambench.prompts.clicks.random_draws`, for random clicks.
        taken_xy: (N, K, 2) integer pixels that may not be clicked again.
    """
    if len(truth.lengths) != len(predicted.lengths) or truth.size != predicted.size:
        raise ValueError(f"{len(truth.lengths)} objects of {truth.size}, but {len(predicted.lengths)} masks")
    count, height = len(truth.lengths), truth.size[0]
    taken = np.zeros((count, 0, 2), np.int64) if taken_xy is None else np.ascontiguousarray(taken_xy, np.int64)
    if rule == "random":
        if draws is None:
            raise ValueError("random clicks need draws")
        drawn = np.ascontiguousarray(draws, np.uint64)
    else:
        drawn = np.zeros(0, np.uint64)
    clicked = _next_clicks(*_parts(truth), *_parts(predicted), height, taken, drawn)
    return Clicks(clicked[:, :2], clicked[:, 2], clicked[:, 3])


def _parts(runs: RunLengths) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return run lengths (T,) int32, their (N + 1,) bounds and the (N, 4) inclusive boxes of the masks."""
    counts, lengths = runs.counts.astype(np.int32, copy=False), runs.lengths.astype(np.int64, copy=False)
    boxes, _ = runs_to_boxes_xyxy(counts, lengths, runs.size[0])
    return counts, np.concatenate([[0], np.cumsum(lengths)]), boxes


@kernel()
def _next_clicks(
    truth: np.ndarray,
    truth_bounds: np.ndarray,
    truth_boxes: np.ndarray,
    mask: np.ndarray,
    mask_bounds: np.ndarray,
    mask_boxes: np.ndarray,
    height: int,
    taken: np.ndarray,
    draws: np.ndarray,
) -> np.ndarray:
    """Return (N, 4) int64 x, y, label and squared distance; random clicks where there are draws."""
    clicks = np.zeros((len(truth_boxes), 4), np.int64)
    for i in range(len(clicks)):
        own = truth[truth_bounds[i] : truth_bounds[i + 1]]
        other = mask[mask_bounds[i] : mask_bounds[i + 1]]
        missed = _difference(truth_boxes[i], own, other, height)
        false = _difference(mask_boxes[i], other, own, height)
        to_truth, to_mask = truth_boxes[i, :2], mask_boxes[i, :2]
        if len(draws):
            clicks[i] = _random(missed, to_truth, false, to_mask, taken[i], draws[i])
            continue
        x, y, deepest = deepest_pixel(missed, taken[i] - to_truth, 0)
        # A false pixel wins from the same distance on; nearer ones need not be looked for.
        u, v, other_deepest = deepest_pixel(false, taken[i] - to_mask, max(deepest - 1, 0))
        if deepest > 0 or other_deepest > 0:
            clicks[i] = np.array(
                farther_click(x + to_truth[0], y + to_truth[1], deepest, u + to_mask[0], v + to_mask[1], other_deepest)
            )
    return clicks


@kernel()
def _difference(box_xyxy: np.ndarray, own: np.ndarray, other: np.ndarray, height: int) -> np.ndarray:
    """Return the pixels of a mask that another has not, as a bool array of the mask's box."""
    left, top, right, bottom = box_xyxy
    window = np.zeros((bottom - top + 1, right - left + 1), np.bool_)
    paint_runs(window, left, top, own, height, True)
    paint_runs(window, left, top, other, height, False)
    return window


@kernel()
def _random(
    missed: np.ndarray, to_truth: np.ndarray, false: np.ndarray, to_mask: np.ndarray, taken: np.ndarray, draw: np.uint64
) -> np.ndarray:
    """Return x, y, label and 1 of a random pixel of either window, or zeros; the windows lose the pixels taken."""
    _erase(missed, taken - to_truth)
    _erase(false, taken - to_mask)
    n_missed, n_false = missed.sum(), false.sum()
    if n_missed + n_false == 0:
        return np.zeros(4, np.int64)
    nth = int(draw % np.uint64(n_missed + n_false))
    if nth < n_missed:
        x, y = nth_pixel(missed, nth)
        return np.array((x + to_truth[0], y + to_truth[1], 1, 1))
    x, y = nth_pixel(false, nth - n_missed)
    return np.array((x + to_mask[0], y + to_mask[1], 0, 1))


@kernel()
def _erase(window: np.ndarray, points_xy: np.ndarray) -> None:
    for k in range(len(points_xy)):
        x, y = points_xy[k]
        if 0 <= x < window.shape[1] and 0 <= y < window.shape[0]:
            window[y, x] = False
