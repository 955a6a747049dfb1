"""A binary heap of nodes, the nearest first, whose nodes can come nearer while they wait."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel


@kernel(borrows=True, inner=True)
def lift(heap: np.ndarray, position: np.ndarray, keys: np.ndarray, at: int, node: int, key: int) -> None:
    """Put a node into the hole `at` or above it, where its distance belongs.

    Args:
        heap: (N,) int32 waiting nodes in heap order.
        position: (N,) int32 index of each waiting node in `heap`.
        keys: (N,) int64 distance of each node in `heap`, in its order.
        at: The hole; for a new node the number of nodes that wait already, for one that came nearer its place.
        node: The node.
        key: Its distance.
    """
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if keys[above] <= key:
            break
        heap[at], position[other], keys[at] = other, at, keys[above]
        at = above
    heap[at], position[node], keys[at] = node, at, key


@kernel(borrows=True, inner=True)
def drop_first(heap: np.ndarray, position: np.ndarray, keys: np.ndarray, size: int) -> int:
    """Remove the nearest node of `size` waiting ones, `heap[0]`; return the new size. Arrays as in `lift`."""
    size -= 1
    node = heap[size]
    key, at = keys[size], 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        other = heap[below]
        if keys[below] >= key:
            break
        heap[at], position[other], keys[at] = other, at, keys[below]
        at = below
    heap[at], position[node], keys[at] = node, at, key
    return size
