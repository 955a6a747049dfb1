"""One annotator's matching carried through all maps of an image, in one compiled loop."""

from __future__ import annotations

import numpy as np

from sambench.kernels import kernel
from sambench.metrics.boundary.graph import Graph
from sambench.metrics.boundary.matching import MatchingState, change_columns


@kernel()
def pass_maps(
    graph: Graph,
    state: MatchingState,
    leaving: np.ndarray,
    left: np.ndarray,
    entering: np.ndarray,
    entered: np.ndarray,
    matched: np.ndarray,
) -> np.ndarray:
    """Let the columns of one map after another leave and enter.

    Args:
        graph: The neighbours.
        state: An optimal state with no column present, changed in place.
        leaving: (L,) columns that leave, all maps' one after another.
        left: (T + 1,) int64; those that leave for map t are at left[t]:left[t + 1].
        entering, entered: (N,) and (T + 1,) the same of the columns that enter.
        matched: (T, C) bool, changed in place: set where map t's matching uses a column, else left as it is.

    Returns:
        (T,) int64 pairs of each map.
    """
    pairs = np.zeros(len(matched), np.int64)
    uses, n_pairs = np.zeros(matched.shape[1], np.int8), 0
    for t in range(len(matched)):
        gone = _within_reach(graph, leaving[left[t] : left[t + 1]])
        new = _within_reach(graph, entering[entered[t] : entered[t + 1]])
        n_pairs += change_columns(graph, state, gone, new, uses)
        pairs[t] = n_pairs
        used = matched[t]
        for j in range(len(used)):
            used[j] |= uses[j] != 0
    return pairs


@kernel(inner=True)
def _within_reach(graph: Graph, columns: np.ndarray) -> np.ndarray:
    """Return those of the columns that have a row near them."""
    near, size = np.empty(len(columns), np.int64), 0
    for j in columns:
        if graph.column_starts[j + 1] > graph.column_starts[j]:
            near[size] = j
            size += 1
    return near[:size]
