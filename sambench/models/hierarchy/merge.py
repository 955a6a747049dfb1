"""Merging neighbouring regions, the least different first, into a binary tree."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from sambench.kernels import kernel
from sambench.models.hierarchy.constants import TreeConstants


@dataclass(frozen=True)
class RegionGraph:
    """Neighbouring regions and what tells them apart.

    Attributes:
        labels: (H, W) int64 region of each pixel, 0 to R - 1.
        ends: (E, 2) int64, the two regions of each border.
        strengths: (E,) float64 mean boundary strength along each border.
        lengths: (E,) float64 pixel pairs along each border.
        areas: (R,) float64 pixels of each region.
        histograms: (R, C + T) float64 pixels of each of C colour words and T texture words in each region.
        colours: C.
    """

    labels: np.ndarray
    ends: np.ndarray
    strengths: np.ndarray
    lengths: np.ndarray
    areas: np.ndarray
    histograms: np.ndarray
    colours: int


def merge_regions(graph: RegionGraph, constants: TreeConstants) -> tuple[np.ndarray, np.ndarray]:
    """Merge the two least different neighbours until one region is left.

    The difference of two regions is the mean strength of the border between them and the chi-squared distances of
    their histograms, in shares; the border's mean strength is kept up to date as regions merge.

    Args:
        graph: A connected graph of R regions.
        constants: The shares.

    Returns:
        (2 * R - 1,) int64 parents, the root its own, and (2 * R - 1,) float64 differences at which each node was
        formed, 0 at regions and never falling towards the root.
    """
    settings = np.array(
        [
            constants.colour_share,
            constants.texture_share,
            constants.trusted_area,
            constants.small_area,
            constants.small_power,
        ]
    )
    return _merge(
        graph.ends.copy(),
        graph.strengths.astype(np.float64),
        graph.lengths.astype(np.float64),
        graph.areas.astype(np.float64),
        graph.histograms.astype(np.float64),
        graph.colours,
        settings,
    )


@kernel()
def _chi_squared(first: np.ndarray, second: np.ndarray) -> float:
    """Return half the chi-squared distance of two histograms, each taken as shares: 0 to 1."""
    ours, theirs = first.sum(), second.sum()
    total = 0.0
    for word in range(len(first)):
        one, other = first[word] / ours, second[word] / theirs
        if one + other > 0:
            total += (one - other) ** 2 / (one + other)
    return total / 2


@kernel()
def _difference(
    strength: float,
    one: int,
    other: int,
    areas: np.ndarray,
    histograms: np.ndarray,
    colours: int,
    settings: np.ndarray,
) -> float:
    colour_share, texture_share, trusted_area, small_area, small_power = settings
    smaller = min(areas[one], areas[other])
    colour = _chi_squared(histograms[one, :colours], histograms[other, :colours])
    texture = _chi_squared(histograms[one, colours:], histograms[other, colours:])
    trust = smaller / (smaller + trusted_area)
    border = (1 - colour_share - texture_share) * strength
    inside = trust * (colour_share * colour + texture_share * texture)
    return (border + inside) * (smaller / (smaller + small_area)) ** small_power


@kernel()
def _merge(
    ends: np.ndarray,
    strengths: np.ndarray,
    lengths: np.ndarray,
    region_areas: np.ndarray,
    region_histograms: np.ndarray,
    colours: int,
    settings: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Run `merge_regions`; each node lists its borders as half-edges 2 * border + side in a linked list."""
    regions, borders = len(region_areas), len(ends)
    nodes = 2 * regions - 1
    areas = np.zeros(nodes)
    areas[:regions] = region_areas
    histograms = np.zeros((nodes, region_histograms.shape[1]))
    histograms[:regions] = region_histograms
    parents, altitudes = np.arange(nodes), np.zeros(nodes)
    first_half, next_half = np.full(nodes, -1), np.full(2 * borders, -1)
    for half in range(2 * borders):
        owner = ends[half // 2, half % 2]
        next_half[half], first_half[owner] = first_half[owner], half
    changes = np.zeros(borders, np.int64)  # how often a border changed; -1 once it is gone
    queue = [(0.0, 0, 0) for _ in range(0)]
    for border in range(borders):
        one, other = ends[border]
        cost = _difference(strengths[border], one, other, areas, histograms, colours, settings)
        queue.append((cost, border, 0))
    heapq.heapify(queue)
    seen_by, seen_border = np.full(nodes, -1), np.zeros(nodes, np.int64)
    node = regions
    while node < nodes and len(queue) > 0:
        cost, border, change = heapq.heappop(queue)
        if changes[border] != change:
            continue
        one, other = ends[border]
        parents[one], parents[other] = node, node
        altitudes[node] = max(cost, altitudes[one], altitudes[other])
        areas[node] = areas[one] + areas[other]
        histograms[node] = histograms[one] + histograms[other]
        changes[border] = -1
        for part in (one, other):
            _take_borders(part, node, ends, strengths, lengths, changes, first_half, next_half, seen_by, seen_border)
        half = first_half[node]
        while half >= 0:
            border = half // 2
            changes[border] += 1
            one, other = ends[border]
            cost = _difference(strengths[border], one, other, areas, histograms, colours, settings)
            heapq.heappush(queue, (cost, border, changes[border]))
            half = next_half[half]
        node += 1
    return parents, altitudes


@kernel()
def _take_borders(
    part: int,
    node: int,
    ends: np.ndarray,
    strengths: np.ndarray,
    lengths: np.ndarray,
    changes: np.ndarray,
    first_half: np.ndarray,
    next_half: np.ndarray,
    seen_by: np.ndarray,
    seen_border: np.ndarray,
) -> None:
    """Hand the live borders of a part over to the node that swallows it, joining those with the same neighbour."""
    half = first_half[part]
    while half >= 0:
        border, following = half // 2, next_half[half]
        if changes[border] >= 0:
            neighbour = ends[border, 1 - half % 2]
            if seen_by[neighbour] == node:
                other = seen_border[neighbour]
                length = lengths[other] + lengths[border]
                strengths[other] = (strengths[other] * lengths[other] + strengths[border] * lengths[border]) / length
                lengths[other] = length
                changes[border] = -1
            else:
                seen_by[neighbour], seen_border[neighbour] = node, border
                ends[border, half % 2] = node
                next_half[half], first_half[node] = first_half[node], half
        half = following
