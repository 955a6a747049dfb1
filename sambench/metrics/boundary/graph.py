"""Which predicted pixels lie within reach of which true pixels, and what pairing them costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sambench.kernels import kernel

COSTS_PER_PIXEL = 100
"""Unit of the integer distances: the `multiplier` of the Berkeley benchmark's `correspondPixels`."""

LIMIT = 2**59
"""Largest cost of a row without a pair; sums along a search stay within 64 bits."""


class Graph(NamedTuple):
    """Neighbouring pairs of E in all, listed nearest first by column; a row's are found from its pixel's place.

    Attributes:
        row_pixels: (R,) int64 place of each row in `column_at`.
        column_at: (P,) int32 column at each pixel of a padded map, flat, or -1.
        steps: (K,) int64 what leads in `column_at` from a row to the pixels within reach, nearest first.
        distances: (K,) int64 how far each step leads, in hundredths of a pixel.
        column_starts: (C + 1,) int64; column j's neighbours are at column_starts[j]:column_starts[j + 1].
        column_rows: (E,) int32 rows.
        column_steps: (E,) int32 number of the step that leads from the row to the column.
        rank: (C,) int64 distinct numbers; among equal optima, low ranks are matched.
        factor: What a hundredth of a pixel costs: above every rank, so distance comes before rank.
        unmatched: Cost of leaving a row without a pair: more than any chain of exchanges can save.
    """

    row_pixels: np.ndarray
    column_at: np.ndarray
    steps: np.ndarray
    distances: np.ndarray
    column_starts: np.ndarray
    column_rows: np.ndarray
    column_steps: np.ndarray
    rank: np.ndarray
    factor: int
    unmatched: int


def disc(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """List the pixel offsets within a radius, nearest first.

    Args:
        radius: In pixels; offsets with dy**2 + dx**2 <= radius**2 are in.

    Returns:
        (K, 2) int64 offsets as (dy, dx), and (K,) int64 distances in hundredths of a pixel, rounded.
    """
    reach = math.ceil(radius)
    span = np.arange(-reach, reach + 1)
    offsets = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    squared = (offsets**2).sum(axis=1)
    near = np.flatnonzero(squared <= radius * radius)
    near = near[np.argsort(squared[near], kind="stable")]
    return offsets[near], np.rint(np.sqrt(squared[near]) * COSTS_PER_PIXEL).astype(np.int64)


def build_graph(truth: np.ndarray, column_of: np.ndarray, rank: np.ndarray, radius: float) -> Graph:
    """List the neighbours of every true and every predicted pixel.

    Args:
        truth: (H, W) bool true pixels; its rows are numbered in raster order.
        column_of: (H, W) int32 number of the column at each pixel, -1 where there is none.
        rank: (C,) integer distinct ranks of the columns, from 0.
        radius: Largest distance of a pair in pixels.

    Returns:
        The graph, with integer costs that order matchings by number of pairs, then distance, then ranks.
    """
    offsets, distances = disc(radius)
    reach = math.ceil(radius)
    padded = np.pad(column_of, reach, constant_values=-1)
    y, x = np.nonzero(truth)
    width = padded.shape[1]
    rows = (y + reach) * width + x + reach
    # An exchange changes the sum of ranks by one rank at each end, so a factor above all ranks keeps distance first.
    factor = len(rank) + 1
    unmatched = factor * (int(distances[-1]) * (len(rows) + 1) + 2)
    if unmatched > LIMIT:
        raise ValueError(f"{len(rows)} true and {len(rank)} predicted pixels need costs beyond 64 bits")
    steps = offsets[:, 0] * width + offsets[:, 1]
    column_at = padded.ravel()
    starts, near, ways = _link(rows, column_at, len(rank), steps)
    return Graph(
        rows, column_at, steps, distances, starts, near, ways, rank.astype(np.int64), factor=factor, unmatched=unmatched
    )


@kernel()
def _link(
    row_pixels: np.ndarray, column_at: np.ndarray, n_columns: int, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the column lists of a `Graph`: starts, rows and steps."""
    starts = np.zeros(n_columns + 1, np.int64)
    for pixel in row_pixels:
        for step in steps:
            j = column_at[pixel + step]
            if j >= 0:
                starts[j + 1] += 1
    starts = np.cumsum(starts)
    at, rows, numbers = starts.copy(), np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int32)
    for k in range(len(steps)):
        for i in range(len(row_pixels)):
            j = column_at[row_pixels[i] + steps[k]]
            if j >= 0:
                rows[at[j]], numbers[at[j]] = i, k
                at[j] += 1
    return starts, rows, numbers
