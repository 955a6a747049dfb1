"""Which predicted pixels lie within reach of which true pixels, and what pairing them costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sambench.files.kernels import kernel

COSTS_PER_PIXEL = 100
"""Unit of the integer distances: the `multiplier` of the Berkeley benchmark's `correspondPixels`."""

LIMIT = 2**59
"""Largest cost of a row without a pair; sums along a search stay within 64 bits."""

SHORT = 2**31
"""Rows times steps below which a neighbour fits into 32 bits: more of them stay in the processor's cache."""


class Graph(NamedTuple):
    """Neighbouring pairs of E in all, listed nearest first by column; a row's are found from its pixel's place.

    Attributes:
        row_pixels: (R,) int64 place of each row in `column_at`.
        column_at: (P,) int32 column at each pixel of a padded map, flat, or -1.
        steps: (K,) int64 what leads in `column_at` from a row to the pixels within reach, nearest first.
        costs: (K,) int64 what a pair that far apart costs: its distance in hundredths of a pixel, each of which costs
            more than any rank, so that distance comes before rank.
        column_starts: (C + 1,) int64; column j's neighbours are at column_starts[j]:column_starts[j + 1].
        column_edges: (E,) int32 or int64 the row and the number of the step that leads from it to the column, in one
            number (`row_and_step`).
        step_bits: How many of its low bits hold the step.
        rank: (C,) int64 distinct numbers; among equal optima, low ranks are matched.
        unmatched: Cost of leaving a row without a pair: more than any chain of exchanges can save.
    """

    row_pixels: np.ndarray
    column_at: np.ndarray
    steps: np.ndarray
    costs: np.ndarray
    column_starts: np.ndarray
    column_edges: np.ndarray
    step_bits: int
    rank: np.ndarray
    unmatched: int


@kernel(inline="always")
def row_and_step(edge: int, step_bits: int) -> tuple[int, int]:
    """Take one of a graph's `column_edges` apart."""
    return edge >> step_bits, edge & ((1 << step_bits) - 1)


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
    column_at, step_bits = padded.ravel(), len(steps).bit_length()
    starts = np.zeros(len(rank) + 1, np.int64)
    _count_edges(rows, column_at, steps, starts)
    np.cumsum(starts, out=starts)
    edges = np.empty(starts[-1], np.int32 if len(rows) << step_bits < SHORT else np.int64)
    _fill_in_edges(rows, column_at, steps, starts[:-1].copy(), step_bits, edges)
    return Graph(
        rows, column_at, steps, distances * factor, starts, edges, step_bits, rank.astype(np.int64), unmatched=unmatched
    )


@kernel(borrows=True)
def _count_edges(row_pixels: np.ndarray, column_at: np.ndarray, steps: np.ndarray, counts: np.ndarray) -> None:
    """Count the edges of each column j of a `Graph` in counts[j + 1], (C + 1,)."""
    for pixel in row_pixels:
        for step in steps:
            j = column_at[pixel + step]
            if j >= 0:
                counts[j + 1] += 1


@kernel(borrows=True)
def _fill_in_edges(
    row_pixels: np.ndarray,
    column_at: np.ndarray,
    steps: np.ndarray,
    at: np.ndarray,
    step_bits: int,
    edges: np.ndarray,
) -> None:
    """Write the `column_edges` of a `Graph`, nearest first; `at`, (C,), is where each column begins, and is used up."""
    for k in range(len(steps)):
        for i in range(len(row_pixels)):
            j = column_at[row_pixels[i] + steps[k]]
            if j >= 0:
                edges[at[j]] = i << step_bits | k
                at[j] += 1
