"""One annotator's matching carried through all maps of an image, in one compiled loop."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel
from sambench.metrics.boundary.graph import Graph
from sambench.metrics.boundary.matching import MatchingState, change_columns


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
    pairs, uses = np.zeros(len(matched), np.int64), np.zeros(matched.shape[1], np.int8)
    _pass(graph, state, leaving, left, entering, entered, matched, pairs, uses)
    return pairs


@kernel(borrows=True)
def _pass(
    graph: Graph,
    state: MatchingState,
    leaving: np.ndarray,
    left: np.ndarray,
    entering: np.ndarray,
    entered: np.ndarray,
    matched: np.ndarray,
    pairs: np.ndarray,
    uses: np.ndarray,
) -> None:
    """Fill in the `pairs` of `pass_maps`; `uses`, (C,) int8, is 0 everywhere and kept up to date."""
    n_pairs = 0
    for t in range(len(matched)):
        gone, new = leaving[left[t] : left[t + 1]], entering[entered[t] : entered[t + 1]]
        n_pairs += change_columns(graph, state, gone, new, uses)
        pairs[t] = n_pairs
        used = matched[t]
        for j in range(len(used)):
            used[j] |= uses[j] != 0
