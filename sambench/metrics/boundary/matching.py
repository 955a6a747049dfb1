"""One-to-one matching of predicted pixels to true pixels, kept optimal while predicted pixels come and go.

A matching is optimal when it has as many pairs as possible and, among those, the smallest sum of distances; that is
what the outlier costs of the Berkeley benchmark's `correspondPixels` amount to. Rows are the true pixels, columns all
predicted pixels that are ever present.

The state between changes is an optimal matching with prices u (rows) and v (columns) such that `cost - u - v >= 0` for
every neighbouring pair and `= 0` for matched ones; a free column has the price `-rank`, a matched one at most that; a
row without a pair has the price `unmatched`, the others at most that. By linear programming duality this is optimal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sambench.files.kernels import int64, kernel
from sambench.metrics.boundary.bits import next_bit, set_bit
from sambench.metrics.boundary.graph import Graph, row_and_step
from sambench.metrics.boundary.heap import drop_first, lift

_ABSENT = -(2**61)
"""Price of a column that is not present: no search can afford it."""


class MatchingState(NamedTuple):
    """An optimal matching, its prices, and room for the searches.

    Attributes:
        u: (R,) int64 prices of the rows.
        v: (C,) int64 prices of the columns.
        row_match: (R,) int32 column of each row or -1.
        column_match: (C,) int32 row of each column or -1.
        distance, parent, stamp, heap, position, keys, scanned: (max(R, C) + 1,) scratch of the shortest path searches.
        waiting: (R,) int32 scratch of `change_columns`.
        present: (R, K // 64 + 1) uint64 for each row the set of the steps to columns that are there.
    """

    u: np.ndarray
    v: np.ndarray
    row_match: np.ndarray
    column_match: np.ndarray
    distance: np.ndarray
    parent: np.ndarray
    stamp: np.ndarray
    heap: np.ndarray
    position: np.ndarray
    keys: np.ndarray
    scanned: np.ndarray
    waiting: np.ndarray
    present: np.ndarray


def empty_state(graph: Graph) -> MatchingState:
    """Return the optimal state of a graph with no column present."""
    n_rows, n_columns = len(graph.row_pixels), len(graph.column_starts) - 1
    room = max(n_rows, n_columns) + 1
    return MatchingState(
        u=np.full(n_rows, graph.unmatched, np.int64),
        v=np.full(n_columns, _ABSENT, np.int64),
        row_match=np.full(n_rows, -1, np.int32),
        column_match=np.full(n_columns, -1, np.int32),
        distance=np.zeros(room, np.int64),
        parent=np.zeros(room, np.int32),
        stamp=np.zeros(room, np.int64),
        heap=np.zeros(room, np.int32),
        position=np.zeros(room, np.int32),
        keys=np.zeros(room, np.int64),
        scanned=np.zeros(room, np.int32),
        waiting=np.zeros(n_rows, np.int32),
        present=np.zeros((n_rows, len(graph.steps) // 64 + 1), np.uint64),
    )


@kernel(borrows=True, inner=True)
def _rematch_row(start: int, graph: Graph, state: MatchingState) -> int:
    """Pair a row that has just lost its column at the least cost; return the free column that was taken, or -1.

    A shortest path search over rows, each reached through the column it is paired with. It ends at the first free
    column or at the row that is cheapest left without a pair. Then prices and pairs are updated along the path.
    """
    u, v, row_match, column_match, distance, parent, stamp, heap, position, keys, scanned, _, present = state
    stamp[-1] += 1
    now, size, n_scanned, keys[0] = stamp[-1], int64(1), 0, 0
    distance[start], stamp[start], heap[0], position[start] = 0, now, start, 0
    best, best_row, best_column = graph.unmatched - u[start], start, -1
    while size and keys[0] < best:
        i = heap[0]
        size = drop_first(heap, position, keys, size)
        scanned[n_scanned] = i
        n_scanned += 1
        base = distance[i] - u[i]
        if base + graph.unmatched < best:
            best, best_row, best_column = base + graph.unmatched, i, -1
        there = present[i]
        k = next_bit(there, int64(0))
        while k < len(graph.steps):
            length = base + graph.costs[k]
            if length >= best:  # prices of columns are never above 0, and costs only grow from here
                break
            j = graph.column_at[graph.row_pixels[i] + graph.steps[k]]
            k = next_bit(there, k + 1)
            length -= v[j]
            if length >= best:
                continue
            other = column_match[j]
            if other < 0:
                best, best_row, best_column = length, i, j
            elif stamp[other] != now:
                stamp[other], distance[other], parent[other] = now, length, i
                lift(heap, position, keys, size, other, length)
                size += 1
            elif length < distance[other]:
                distance[other], parent[other] = length, i
                lift(heap, position, keys, int64(position[other]), other, length)
    for t in range(n_scanned):
        i = scanned[t]
        u[i] += best - distance[i]
        if row_match[i] >= 0:
            v[row_match[i]] -= best - distance[i]
    i, j = best_row, best_column
    while True:
        given_up = row_match[i]
        row_match[i] = j
        if j >= 0:
            column_match[j] = i
        if i == start:
            return best_column
        i, j = parent[i], given_up


@kernel(borrows=True, inner=True)
def _enter_column(start: int, graph: Graph, state: MatchingState) -> int:
    """Let an absent column in; return the column it drives out (itself if it stays free), or -1 if a free row took it.

    The mirror image of `_rematch_row`: a shortest path search over columns, each reached through its paired row, that
    ends at a row without a pair or at the column that is cheapest given up.
    """
    u, v, row_match, column_match, distance, parent, stamp, heap, position, keys, scanned, _, present = state
    price, nearest = -graph.rank[start], -1
    for e in range(graph.column_starts[start], graph.column_starts[start + 1]):
        i, k = row_and_step(graph.column_edges[e], graph.step_bits)
        offered = graph.costs[k] - u[i]
        if offered < price:
            price, nearest = offered, i
        set_bit(present[i], k, True)
    v[start] = price
    if nearest < 0:
        return start
    if row_match[nearest] < 0:
        column_match[start], row_match[nearest] = nearest, start
        return -1
    stamp[-1] += 1
    now, size, n_scanned, keys[0] = stamp[-1], int64(1), 0, 0
    distance[start], stamp[start], heap[0], position[start] = 0, now, start, 0
    best, best_column, best_row = -graph.rank[start] - price, start, -1
    while size and keys[0] < best:
        j = heap[0]
        size = drop_first(heap, position, keys, size)
        scanned[n_scanned] = j
        n_scanned += 1
        base = distance[j] - v[j]
        if base - graph.rank[j] < best:
            best, best_column, best_row = base - graph.rank[j], j, -1
        for e in range(graph.column_starts[j], graph.column_starts[j + 1]):
            i, step = row_and_step(graph.column_edges[e], graph.step_bits)
            length = base + graph.costs[step] - u[i]
            if length >= best:
                continue
            k = row_match[i]
            if k < 0:
                best, best_column, best_row = length, j, i
            elif stamp[k] != now:
                stamp[k], distance[k], parent[k] = now, length, j
                lift(heap, position, keys, size, k, length)
                size += 1
            elif length < distance[k]:
                distance[k], parent[k] = length, j
                lift(heap, position, keys, int64(position[k]), k, length)
    for t in range(n_scanned):
        j = scanned[t]
        v[j] += best - distance[j]
        if column_match[j] >= 0:
            u[column_match[j]] -= best - distance[j]
    j, i = best_column, best_row
    if best_row < 0 and j != start:
        i, column_match[j] = column_match[j], -1
        j = parent[j]
    while i >= 0:
        given_up = column_match[j]
        column_match[j], row_match[i] = i, j
        if j == start:
            break
        i, j = given_up, parent[j]
    return best_column if best_row < 0 else -1


@kernel(borrows=True)
def change_columns(
    graph: Graph, state: MatchingState, leaving: np.ndarray, entering: np.ndarray, uses: np.ndarray
) -> int:
    """Let columns leave and others enter, and restore the optimum.

    Args:
        graph: The neighbours.
        state: The optimal state, changed in place.
        leaving: (L,) columns that are present and leave.
        entering: (N,) columns that are absent and enter.
        uses: (C,) integers, changed in place: how many matchings use a column; kept up to date for this one.

    Returns:
        By how much the number of pairs grew.
    """
    growth = 0
    for j in leaving:
        state.v[j] = _ABSENT
        for e in range(graph.column_starts[j], graph.column_starts[j + 1]):
            i, k = row_and_step(graph.column_edges[e], graph.step_bits)
            set_bit(state.present[i], k, False)
        i = state.column_match[j]
        if i >= 0:
            state.column_match[j], state.row_match[i] = -1, -1
            uses[j] -= 1
            growth -= 1
            state.waiting[-growth - 1] = i
    # Rows that wait keep their prices: a pixel that enters beside one that left takes its row at once.
    n_waiting = -growth
    for j in entering:
        driven_out = _enter_column(j, graph, state)
        if driven_out < 0:
            growth += 1
        elif driven_out != j:
            uses[driven_out] -= 1
        if driven_out != j:
            uses[j] += 1
    for i in state.waiting[:n_waiting]:
        if state.row_match[i] < 0:
            taken = _rematch_row(i, graph, state)
            if taken >= 0:
                growth += 1
                uses[taken] += 1
    return growth
