"""Which predicted pixels lie within reach of which true pixels, and what pairing them costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

COSTS_PER_PIXEL = 100
"""Unit of the integer distances: the `multiplier` of the Berkeley benchmark's `correspondPixels`."""

LIMIT = 2**59
"""Largest cost of a row without a pair; sums along a search stay within 64 bits."""


class Graph(NamedTuple):
    """Neighbouring pairs of E in all, listed nearest first by row and by column.

    Attributes:
        row_starts: (R + 1,) int64; row i's neighbours are at row_starts[i]:row_starts[i + 1].
        row_columns: (E,) int32 columns.
        row_distances: (E,) int32 in hundredths of a pixel.
        column_starts: (C + 1,) int64.
        column_rows: (E,) int32 rows.
        column_distances: (E,) int32.
        column_edges: (E,) int32 where the same pair stands in the rows' lists.
        rank: (C,) int64 distinct numbers; among equal optima, low ranks are matched.
        factor: What a hundredth of a pixel costs: above every rank, so distance comes before rank.
        unmatched: Cost of leaving a row without a pair: more than any chain of exchanges can save.
    """

    row_starts: np.ndarray
    row_columns: np.ndarray
    row_distances: np.ndarray
    column_starts: np.ndarray
    column_rows: np.ndarray
    column_distances: np.ndarray
    column_edges: np.ndarray
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
    lists = _link(rows, padded.ravel(), len(rank), steps, distances)
    return Graph(*[*lists[0], *lists[1], rank.astype(np.int64), factor, unmatched])


@njit(cache=True, nogil=True)
def _link(row_pixels, column_of, n_columns, steps, distances):  # type: ignore[no-untyped-def]
    """Return the row lists and the column lists of a `Graph`; `steps` are flat offsets, nearest first."""
    n_rows = len(row_pixels)
    row_starts, column_starts = np.zeros(n_rows + 1, np.int64), np.zeros(n_columns + 1, np.int64)
    for i in range(n_rows):
        for step in steps:
            j = column_of[row_pixels[i] + step]
            if j >= 0:
                row_starts[i + 1] += 1
                column_starts[j + 1] += 1
    row_starts, column_starts = np.cumsum(row_starts), np.cumsum(column_starts)
    row_at, column_at, size = row_starts.copy(), column_starts.copy(), row_starts[-1]
    row_columns, column_rows = np.empty(size, np.int32), np.empty(size, np.int32)
    row_distances, column_distances = np.empty(size, np.int32), np.empty(size, np.int32)
    column_edges = np.empty(size, np.int32)
    for k in range(len(steps)):
        for i in range(n_rows):
            j = column_of[row_pixels[i] + steps[k]]
            if j >= 0:
                row_columns[row_at[i]], row_distances[row_at[i]] = j, distances[k]
                column_rows[column_at[j]], column_distances[column_at[j]] = i, distances[k]
                column_edges[column_at[j]] = row_at[i]
                row_at[i] += 1
                column_at[j] += 1
    columns = (column_starts, column_rows, column_distances, column_edges)
    return (row_starts, row_columns, row_distances), columns
