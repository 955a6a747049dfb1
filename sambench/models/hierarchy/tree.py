"""The tree of regions: oriented watershed regions merged into one, in the array form that is cached."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from sambench.errors import ModelError
from sambench.files.kernels import kernel
from sambench.models.hierarchy.constants import TreeConstants
from sambench.models.hierarchy.cues import Cues, strength_and_orientation
from sambench.models.hierarchy.merge import RegionGraph, merge_regions
from sambench.models.hierarchy.plain_higra import higra
from sambench.models.hierarchy.spectral import spectral_strengths
from sambench.types import Embedding, Size


@dataclass(frozen=True)
class RegionTree:
    """Nested regions of one image; node 0 to L - 1 are leaves, parents come after their children, the root is last.

    Attributes:
        labels: (H, W) int32, the leaf of each pixel.
        parents: (N,) int32; the root is its own parent.
        altitudes: (N,) float32 in [0, 1), 0 at leaves and strictly rising towards the root: the strength of the weakest
            contour that was taken away to form the region.
        spans: (N, 2) int32; the leaves of a node are spans[node, 0] to spans[node, 1] - 1.
        areas: (N,) int32 in pixels.
        boxes_xyxy: (N, 4) int32, first and last pixel of the region along x and y, both inside.
    """

    labels: np.ndarray
    parents: np.ndarray
    altitudes: np.ndarray
    spans: np.ndarray
    areas: np.ndarray
    boxes_xyxy: np.ndarray

    @property
    def leaves(self) -> int:
        """How many leaves the tree has."""
        return int(self.spans[-1, 1])


TOP = 1 - 2.0**-20
"""Altitudes stay below 1, so that the whole image is told from what lies beyond it."""

FIELDS = tuple(field.name for field in fields(RegionTree))


def build_tree(cues: Cues, constants: TreeConstants, size: Size, factor: int = 1) -> RegionTree:
    """Build the tree of regions over an image's cues.

    Args:
        cues: From `boundary_cues`.
        constants: Of the merge order and the altitudes.
        size: (H, W) of the image.
        factor: Side in pixels of the square of the image that a pixel of the cues stands for; those at its end are cut.

    Returns:
        The tree.
    """
    graph = region_graph(cues, constants)
    globally = spectral_strengths(graph, constants)
    graph = replace(graph, strengths=graph.strengths + constants.spectral_weight * globally)
    parents, differences = merge_regions(graph, constants)
    altitudes = np.minimum(1 - np.exp(-differences / constants.contrast), TOP).astype(np.float32)
    leaf_of_label, parents, altitudes, spans = canonical_tree(parents, altitudes, constants.finest)
    labels = leaf_of_label[graph.labels]
    if factor > 1:
        labels = labels[np.arange(size[0]) // factor][:, np.arange(size[1]) // factor]
    areas, boxes = measure_nodes(labels, parents)
    return RegionTree(labels, parents, altitudes, spans, areas, boxes)


def region_graph(cues: Cues, constants: TreeConstants) -> RegionGraph:
    """Cut the image into watershed regions of its boundary strength.

    A border has the mean boundary strength along it, each piece weighted by how well the boundary's direction agrees
    with the border's (oriented watershed transform, Arbelaez et al. 2011, by higra).

    Args:
        cues: From `boundary_cues`.
        constants: How many words there are.

    Returns:
        The regions, their borders and their histograms of words.
    """
    labels, ends, strengths, lengths = _oriented_watershed(cues.tensor)
    regions = int(labels.max()) + 1
    counts = []
    for words, count in ((cues.colours, constants.colour_words), (cues.textures, constants.texture_words)):
        pairs = labels.reshape(-1) * count + words.reshape(-1)
        counts.append(np.bincount(pairs, minlength=regions * count).reshape(regions, count).astype(np.float64))
    areas = np.bincount(labels.reshape(-1), minlength=regions).astype(np.float64)
    return RegionGraph(labels, ends, strengths, lengths, areas, np.concatenate(counts, 1), constants.colour_words)


def _oriented_watershed(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return watershed labels (H, W), and the ends (E, 2), strengths and lengths (E,) of the borders."""
    shape = tensor.shape[1:]
    if shape == (1, 1):  # higra builds no graph of one pixel
        return np.zeros(shape, np.int64), np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0)
    graph = higra.get_4_adjacency_graph(shape)
    first, second = graph.edge_list()
    strength, _ = strength_and_orientation(tensor)
    flat = strength.reshape(-1)
    parts = tensor.reshape(3, -1)
    _, across = strength_and_orientation(parts[:, first] + parts[:, second])
    pairs = ((flat[first] + flat[second]) / 2).astype(np.float64)
    regions, strengths = higra.oriented_watershed(graph, pairs, shape, across.astype(np.float64))
    maps = higra.CptRegionAdjacencyGraph.construct(regions)
    border = np.asarray(maps["edge_map"])
    lengths = np.bincount(border[border >= 0], minlength=regions.num_edges()).astype(np.float64)
    ends = np.stack([np.asarray(side, np.int64) for side in regions.edge_list()], 1)
    return np.asarray(maps["vertex_map"], np.int64).reshape(shape), ends, np.asarray(strengths, np.float64), lengths


def canonical_tree(
    parents: np.ndarray, altitudes: np.ndarray, finest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Drop nodes that are no regions of their own, and number leaves depth first.

    Args:
        parents: (N,) of a tree whose parents come after their children.
        altitudes: (N,) float32, never falling towards the root.
        finest: Altitude up to which a region's parts are dropped.

    Returns:
        The new leaf of each old node at or below a leaf (N,), then parents, altitudes and spans of the new tree.
    """
    nodes = len(parents)
    kept_as, above = np.arange(nodes), np.arange(nodes)
    sizes, starts, cursor, number = np.zeros((4, nodes), np.int64)
    new_altitudes, inner = np.zeros(nodes, np.float32), np.zeros(nodes, bool)
    leaf_of, new_parents, spans = np.empty(nodes, np.int32), np.empty(nodes, np.int32), np.empty((nodes, 2), np.int32)
    room = kept_as, above, inner, sizes, starts, cursor, number
    count = _number(parents, altitudes, finest, *room, leaf_of, new_parents, new_altitudes, spans)
    return leaf_of, new_parents[:count].copy(), new_altitudes[:count].copy(), spans[:count].copy()


@kernel(borrows=True)
def _number(
    parents: np.ndarray,
    altitudes: np.ndarray,
    finest: float,
    kept_as: np.ndarray,
    above: np.ndarray,
    inner: np.ndarray,
    sizes: np.ndarray,
    starts: np.ndarray,
    cursor: np.ndarray,
    number: np.ndarray,
    leaf_of: np.ndarray,
    new_parents: np.ndarray,
    new_altitudes: np.ndarray,
    spans: np.ndarray,
) -> int:
    """Fill in the result of `canonical_tree` and return the number of its nodes.

    `kept_as` and `above` are as `_keep_nodes` takes them. `inner`, False, and the others, 0, are room of (N,): whether
    there are leaves below, how many, the first, the next that is free, and the new number of a node.
    """
    nodes = len(parents)
    _keep_nodes(parents, altitudes, finest, kept_as, above)
    for node in range(nodes):
        if kept_as[node] == node:
            sizes[node] = max(sizes[node], 1)
            if node < nodes - 1:
                sizes[above[node]] += sizes[node]
                inner[above[node]] = True
    for node in range(nodes - 1, -1, -1):
        if kept_as[node] == node:
            if node < nodes - 1:
                starts[node] = cursor[above[node]]
                cursor[above[node]] += sizes[node]
            cursor[node] = starts[node]
    count = sizes[nodes - 1]
    for node in range(nodes):
        number[node] = starts[node]
        if inner[node]:
            number[node] = count
            count += 1
    for node in range(nodes):
        leaf_of[node] = number[kept_as[node]]
        if kept_as[node] == node:
            new = number[node]
            new_parents[new] = number[above[node]]
            new_altitudes[new] = altitudes[node] if inner[node] else 0
            spans[new, 0], spans[new, 1] = starts[node], starts[node] + sizes[node]
    return count


@kernel(borrows=True, inner=True)
def _keep_nodes(
    parents: np.ndarray, altitudes: np.ndarray, finest: float, kept_as: np.ndarray, above: np.ndarray
) -> None:
    """Set the nearest node that stays, at or above each node, and that strictly above it; both (N,) begin as itself."""
    for node in range(len(parents) - 2, -1, -1):
        above[node] = kept_as[parents[node]]
        if altitudes[parents[node]] <= max(altitudes[node], finest):
            kept_as[node] = above[node]


def measure_nodes(labels: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return areas (N,) and boxes (N, 4) of all nodes, leaves from the pixels and the rest from their children."""
    areas = np.zeros(len(parents), np.int32)
    boxes = np.empty((len(parents), 4), np.int32)
    boxes[:, :2] = max(labels.shape)
    boxes[:, 2:] = -1
    _measure(labels, parents, areas, boxes)
    return areas, boxes


@kernel(borrows=True)
def _measure(labels: np.ndarray, parents: np.ndarray, areas: np.ndarray, boxes: np.ndarray) -> None:
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            leaf = labels[y, x]
            areas[leaf] += 1
            boxes[leaf, 0], boxes[leaf, 1] = min(boxes[leaf, 0], x), min(boxes[leaf, 1], y)
            boxes[leaf, 2], boxes[leaf, 3] = max(boxes[leaf, 2], x), max(boxes[leaf, 3], y)
    for node in range(len(parents) - 1):
        above = parents[node]
        areas[above] += areas[node]
        for side in range(2):
            boxes[above, side] = min(boxes[above, side], boxes[node, side])
            boxes[above, side + 2] = max(boxes[above, side + 2], boxes[node, side + 2])


def tree_of(embedding: Embedding) -> RegionTree:
    """Return the arrays of an embedding, on the CPU."""
    missing = [name for name in FIELDS if name not in embedding.tensors]
    if missing or tuple(embedding.tensors["labels"].shape) != tuple(embedding.original_size):
        raise ModelError(
            "this embedding was not made by the hierarchy model",
            where=f"tensors: {', '.join(sorted(embedding.tensors))}",
            mend="pass what HierarchyModel.encode returned",
        )
    parts = {name: embedding.tensors[name].cpu() for name in FIELDS}
    # the cache may have narrowed floating ones
    wide = {name: part.float() if part.is_floating_point() else part for name, part in parts.items()}
    return RegionTree(**{name: part.numpy() for name, part in wide.items()})
