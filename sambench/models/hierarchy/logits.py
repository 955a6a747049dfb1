"""From chosen regions to mask logits: the ultrametric distance to a region is how sure a pixel is outside it."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel

MARGIN = 1e-3
"""Smallest size of a logit, so that logits > 0 is exactly the region."""


def leaf_logits(region: np.ndarray, parents: np.ndarray, altitudes: np.ndarray) -> np.ndarray:
    """Turn a region into one logit a leaf.

    With d the altitude at which a leaf and the region are merged (0 inside) and a level halfway to the first d outside,
    the probability is 1/2 + (level - d) / 2. So the step of the probability across a piece of the region's border is
    half the strength of that piece.

    Args:
        region: (L,) bool leaves of the region.
        parents: (N,) of the tree.
        altitudes: (N,) of the tree.

    Returns:
        (L,) float32, above 0 exactly where `region` is True.
    """
    logits = np.empty(len(region), np.float32)
    _fill_in_logits(region, parents, altitudes, np.zeros(len(parents), bool), np.ones(len(parents)), logits)
    return logits


@kernel(borrows=True)
def _fill_in_logits(
    region: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    touched: np.ndarray,
    distance: np.ndarray,
    logits: np.ndarray,
) -> None:
    """Fill in the result of `leaf_logits`; `touched` and `distance` are as `_measure_distance` takes them."""
    _measure_distance(region, parents, altitudes, touched, distance)
    nearest = 1.0
    for leaf in range(len(region)):
        if not region[leaf]:
            nearest = min(nearest, distance[leaf])
    for leaf in range(len(region)):
        probability = 0.5 + (nearest / 2 - distance[leaf]) / 2
        logit = np.log(probability / (1 - probability))
        logits[leaf] = max(logit, MARGIN) if region[leaf] else min(logit, -MARGIN)


@kernel(borrows=True)
def paint(tables: np.ndarray, labels: np.ndarray, canvas: np.ndarray) -> None:
    """Write each pixel's leaf's value: tables (K, L) and labels (H, W) into canvas (K, H, W), all in place."""
    for index in range(len(tables)):
        for y in range(labels.shape[0]):
            for x in range(labels.shape[1]):
                canvas[index, y, x] = tables[index, labels[y, x]]


@kernel(borrows=True)
def sign_as(mask: np.ndarray, logits: np.ndarray) -> None:
    """Give logits (H, W) the sign of a mask (H, W) bool in place, where theirs differs with the least size."""
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            if (logits[y, x] > 0) != mask[y, x]:
                logits[y, x] = MARGIN if mask[y, x] else -MARGIN


@kernel(borrows=True, inner=True)
def _measure_distance(
    region: np.ndarray, parents: np.ndarray, altitudes: np.ndarray, touched: np.ndarray, distance: np.ndarray
) -> None:
    """Set distance[leaf] to the altitude of the smallest node that holds it and some leaf of the region; 1 for none.

    `touched`, (N,) bool, is False everywhere, and `distance`, (N,) float64, 1.
    """
    nodes = len(parents)
    for leaf in range(len(region)):
        touched[leaf] = region[leaf]
    for node in range(nodes - 1):
        if touched[node]:
            touched[parents[node]] = True
    for node in range(nodes - 1, -1, -1):
        distance[node] = altitudes[node] if touched[node] else distance[parents[node]]
