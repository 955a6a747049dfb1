"""What boxes and earlier masks mean on the tree of regions: unions of regions that fit them."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel
from sambench.models.hierarchy.paths import CANDIDATES, area_of, best_distinct, mark_path

SIMPLICITY = np.array([0.0, 0.01, 0.05])
"""What one more region costs when a mask is rebuilt from regions, as a share of the mask's area: one answer each."""


@kernel()
def box_regions(
    box: np.ndarray,
    include: np.ndarray,
    exclude: np.ndarray,
    labels: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    spans: np.ndarray,
    areas: np.ndarray,
    boxes: np.ndarray,
    coverage: float,
    distinct: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose three unions of regions inside a box.

    The largest regions that lie almost wholly inside the box are added one by one, those first that the strongest
    contours part from the world outside; a candidate's score is the intersection over union of its bounding box and
    the box. The one region whose own box fits best is a candidate too.

    Args:
        box: (4,) first and last pixel inside the box along x and y.
        include: (I,) leaves that must be inside, may be empty.
        exclude: (E,) leaves that must not.
        labels: (H, W) of the tree.
        parents: (N,) of the tree.
        altitudes: (N,) of the tree.
        spans: (N, 2) of the tree.
        areas: (N,) of the tree.
        boxes: (N, 4) of the tree.
        coverage: Share of a region that must lie inside the box.
        distinct: Largest ratio of the areas of two answers.

    Returns:
        (3, L) bool leaves of each answer and (3,) float32 scores in [0, 1].
    """
    inside = _pixels_inside(box, labels, parents)
    blocked = np.zeros(len(parents), np.bool_)
    for leaf in exclude:
        mark_path(leaf, parents, blocked)
    for leaf in include:
        blocked[leaf] = False
    fitting = ~blocked & (inside >= coverage * areas) & (inside > 0)
    tops = _tops(fitting, parents)
    if len(tops) == 0:  # nothing is small enough: the leaf that holds most of the box
        tops = _fullest_leaf(inside[: spans[-1, 1]], blocked)
    regions = np.zeros((len(tops) + 1, spans[-1, 1]), np.bool_)
    current = np.zeros(spans[-1, 1], np.bool_)
    for leaf in include:
        current[leaf] = True
    for rank in range(len(tops)):
        _bring_strongest(tops[rank:], parents, altitudes)
        node = tops[rank]
        current[spans[node, 0] : spans[node, 1]] = True
        regions[rank] = current
    single = _best_single(box, include, blocked, spans, boxes, inside, areas)
    for leaf in include:
        regions[-1, leaf] = True
    if single >= 0:
        regions[-1, spans[single, 0] : spans[single, 1]] = True
    sizes, scores = np.empty(len(regions)), np.empty(len(regions))
    for index in range(len(regions)):
        sizes[index] = area_of(regions[index], areas)
        scores[index] = _box_score(box, regions[index], boxes)
    return best_distinct(regions, sizes, scores, distinct)


@kernel()
def mask_regions(target: np.ndarray, parents: np.ndarray, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rebuild a mask from regions three times, each time with a higher price a region.

    Args:
        target: (L,) float64, pixels of each leaf inside the mask.
        parents: (N,) of the tree.
        areas: (N,) of the tree.

    Returns:
        (3, L) bool leaves of each answer and (3,) float32: its intersection over union with the mask.
    """
    leaves = len(target)
    answer = np.zeros((CANDIDATES, leaves), np.bool_)
    overlaps = np.zeros(CANDIDATES, np.float32)
    for index in range(CANDIDATES):
        answer[index] = _cut(target, SIMPLICITY[index] * target.sum(), parents, areas)
        common = target[answer[index]].sum()
        union = area_of(answer[index], areas) + target.sum() - common
        overlaps[index] = common / union if union > 0 else 0
    return answer, overlaps


@kernel()
def leaf_pixels(mask: np.ndarray, labels: np.ndarray, leaves: int) -> np.ndarray:
    """Count the pixels of a (H, W) bool mask in each leaf: (L,) float64."""
    counts = np.zeros(leaves)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            if mask[y, x]:
                counts[labels[y, x]] += 1
    return counts


@kernel()
def _pixels_inside(box: np.ndarray, labels: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Count each node's pixels inside a box: (N,) int64."""
    counts = np.zeros(len(parents), np.int64)
    for y in range(box[1], box[3] + 1):
        for x in range(box[0], box[2] + 1):
            counts[labels[y, x]] += 1
    for node in range(len(parents) - 1):
        counts[parents[node]] += counts[node]
    return counts


@kernel()
def _tops(fitting: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return the fitting nodes none of whose ancestors fits."""
    covered = np.zeros(len(parents), np.bool_)
    tops, count = np.empty(len(parents), np.int64), 0
    for node in range(len(parents) - 1, -1, -1):
        above = parents[node] != node and covered[parents[node]]
        covered[node] = above or fitting[node]
        if fitting[node] and not above:
            tops[count] = node
            count += 1
    return tops[:count]


@kernel()
def _bring_strongest(nodes: np.ndarray, parents: np.ndarray, altitudes: np.ndarray) -> None:
    """Swap the node that the strongest contour parts from the world outside to the front, in place."""
    best = 0
    for index in range(len(nodes)):
        if altitudes[parents[nodes[index]]] > altitudes[parents[nodes[best]]]:
            best = index
    nodes[0], nodes[best] = nodes[best], nodes[0]


@kernel()
def _fullest_leaf(inside: np.ndarray, blocked: np.ndarray) -> np.ndarray:
    """Return the leaf with the most pixels inside that is not blocked: one leaf, or none if all those are."""
    best = -1
    for leaf in range(len(inside)):
        if not blocked[leaf] and inside[leaf] > 0 and (best < 0 or inside[leaf] > inside[best]):
            best = leaf
    return np.full(1 if best >= 0 else 0, best)


@kernel()
def _box_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two boxes of inclusive pixels."""
    width = min(first[2], second[2]) - max(first[0], second[0]) + 1
    height = min(first[3], second[3]) - max(first[1], second[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    own = (first[2] - first[0] + 1) * (first[3] - first[1] + 1)
    other = (second[2] - second[0] + 1) * (second[3] - second[1] + 1)
    return width * height / (own + other - width * height)


@kernel()
def _box_score(box: np.ndarray, region: np.ndarray, boxes: np.ndarray) -> float:
    around = np.array([2**30, 2**30, -1, -1])
    for leaf in range(len(region)):
        if region[leaf]:
            for side in range(2):
                around[side] = min(around[side], boxes[leaf, side])
                around[side + 2] = max(around[side + 2], boxes[leaf, side + 2])
    return _box_iou(box, around)


@kernel()
def _best_single(
    box: np.ndarray,
    include: np.ndarray,
    blocked: np.ndarray,
    spans: np.ndarray,
    boxes: np.ndarray,
    inside: np.ndarray,
    areas: np.ndarray,
) -> int:
    """Return the node that fits the box best (box overlap times share inside), the largest of equals; -1 for none."""
    best, best_node = 0.0, -1
    for node in range(len(areas)):
        holds = not blocked[node]
        for leaf in include:
            holds = holds and spans[node, 0] <= leaf < spans[node, 1]
        score = _box_iou(box, boxes[node]) * inside[node] / areas[node] if holds else -1.0
        if score >= best and score > 0:
            best, best_node = score, node
    return best_node


@kernel()
def _cut(wanted: np.ndarray, price: float, parents: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Choose the disjoint nodes with the most wanted minus unwanted pixels minus a price a node (L,) bool."""
    gains = np.zeros(len(parents))
    gains[: len(wanted)] = 2 * wanted
    below = np.zeros(len(parents))
    taken = np.zeros(len(parents), np.bool_)
    for node in range(len(parents)):
        if node < len(parents) - 1:
            gains[parents[node]] += gains[node]
        own = gains[node] - areas[node] - price
        taken[node] = own > 0 and own >= below[node]
        if node < len(parents) - 1:
            below[parents[node]] += max(own, below[node], 0.0)
    chosen = taken.copy()
    for node in range(len(parents) - 2, -1, -1):
        chosen[node] = taken[node] or chosen[parents[node]]
    return chosen[: len(wanted)]
