"""Merging neighbouring regions, the least different first, into a binary tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sambench.files.kernels import kernel
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
    regions, borders = len(graph.areas), len(graph.ends)
    nodes = 2 * regions - 1
    # Room is made here, not in the loop: what makes arrays would have to be compiled with it.
    areas, histograms = np.zeros(nodes), np.zeros((nodes, graph.histograms.shape[1]))
    areas[:regions], histograms[:regions] = graph.areas, graph.histograms
    parents, altitudes = np.arange(nodes), np.zeros(nodes)
    halves = np.full(nodes, -1), np.full(2 * borders, -1)
    room = np.full(nodes, -1), np.zeros(nodes, np.int64)
    heap = np.zeros(borders, np.int64), np.zeros(borders, np.int64), np.zeros(borders)
    _merge(
        graph.ends.copy(),
        graph.strengths.astype(np.float64),
        graph.lengths.astype(np.float64),
        areas,
        histograms,
        graph.colours,
        settings,
        parents,
        altitudes,
        np.zeros(borders, np.bool_),
        *halves,
        *room,
        *heap,
    )
    return parents, altitudes


@kernel(borrows=True, inner=True)
def _chi_squared(first: np.ndarray, second: np.ndarray) -> float:
    """Return half the chi-squared distance of two histograms, each taken as shares: 0 to 1."""
    ours, theirs, total = 0.0, 0.0, 0.0
    for word in range(len(first)):
        ours += first[word]
        theirs += second[word]
    for word in range(len(first)):
        one, other = first[word] / ours, second[word] / theirs
        if one + other > 0:
            total += (one - other) ** 2 / (one + other)
    return total / 2


@kernel(borrows=True, inner=True)
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


@kernel(borrows=True)
def _merge(
    ends: np.ndarray,
    strengths: np.ndarray,
    lengths: np.ndarray,
    areas: np.ndarray,
    histograms: np.ndarray,
    colours: int,
    settings: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    gone: np.ndarray,
    first_half: np.ndarray,
    next_half: np.ndarray,
    seen_by: np.ndarray,
    seen_border: np.ndarray,
    heap: np.ndarray,
    position: np.ndarray,
    costs: np.ndarray,
) -> None:
    """Run `merge_regions` in place; each node lists its borders as half-edges 2 * border + side in a linked list.

    Arrays of nodes, (2 * R - 1, ...), hold the regions' values first; `gone`, `position` (in the heap) and `costs` are
    of borders, (E,). The heap has the border of the least cost first, of equals the one with the least number.
    """
    borders, nodes = len(ends), len(parents)
    for half in range(2 * borders):
        owner = ends[half // 2, half % 2]
        next_half[half], first_half[owner] = first_half[owner], half
    for border in range(borders):
        one, other = ends[border, 0], ends[border, 1]
        costs[border] = _difference(strengths[border], one, other, areas, histograms, colours, settings)
        heap[border] = border
        _rise(heap, position, costs, border)
    node, waiting = (nodes + 1) // 2, borders
    while node < nodes and waiting > 0:
        border = heap[0]
        waiting -= 1
        heap[0] = heap[waiting]
        position[heap[0]] = 0
        _sink(heap, position, costs, position[heap[0]], waiting)
        if gone[border]:
            continue
        one, other = ends[border, 0], ends[border, 1]
        parents[one], parents[other] = node, node
        altitudes[node] = max(costs[border], altitudes[one], altitudes[other])
        areas[node] = areas[one] + areas[other]
        for word in range(histograms.shape[1]):
            histograms[node, word] = histograms[one, word] + histograms[other, word]
        gone[border] = True
        for part in (one, other):
            _take_borders(part, node, ends, strengths, lengths, gone, first_half, next_half, seen_by, seen_border)
        half = first_half[node]
        while half >= 0:
            border = half // 2
            one, other = ends[border, 0], ends[border, 1]
            costs[border] = _difference(strengths[border], one, other, areas, histograms, colours, settings)
            _rise(heap, position, costs, position[border])
            _sink(heap, position, costs, position[border], waiting)
            half = next_half[half]
        node += 1


@kernel(borrows=True, inner=True)
def _rise(heap: np.ndarray, position: np.ndarray, costs: np.ndarray, at: int) -> None:
    """Move the border at a place of the heap up to where its cost belongs."""
    border = heap[at]
    while at > 0:
        other = heap[(at - 1) // 2]
        if costs[other] < costs[border] or (costs[other] == costs[border] and other < border):
            break
        heap[at], position[other] = other, at
        at = (at - 1) // 2
    heap[at], position[border] = border, at


@kernel(borrows=True, inner=True)
def _sink(heap: np.ndarray, position: np.ndarray, costs: np.ndarray, at: int, size: int) -> None:
    """Move the border at a place of the heap of a size down to where its cost belongs."""
    border = heap[at]
    while 2 * at + 1 < size:
        below = 2 * at + 1
        other = heap[below]
        if below + 1 < size:
            second = heap[below + 1]
            if costs[second] < costs[other] or (costs[second] == costs[other] and second < other):
                below, other = below + 1, second
        if costs[border] < costs[other] or (costs[border] == costs[other] and border < other):
            break
        heap[at], position[other] = other, at
        at = below
    heap[at], position[border] = border, at


@kernel(borrows=True, inner=True)
def _take_borders(
    part: int,
    node: int,
    ends: np.ndarray,
    strengths: np.ndarray,
    lengths: np.ndarray,
    gone: np.ndarray,
    first_half: np.ndarray,
    next_half: np.ndarray,
    seen_by: np.ndarray,
    seen_border: np.ndarray,
) -> None:
    """Hand the live borders of a part over to the node that swallows it, joining those with the same neighbour."""
    half = first_half[part]
    while half >= 0:
        border, following = half // 2, next_half[half]
        if not gone[border]:
            neighbour = ends[border, 1 - half % 2]
            if seen_by[neighbour] == node:
                other = seen_border[neighbour]
                length = lengths[other] + lengths[border]
                strengths[other] = (strengths[other] * lengths[other] + strengths[border] * lengths[border]) / length
                lengths[other] = length
                gone[border] = True
            else:
                seen_by[neighbour], seen_border[neighbour] = node, border
                ends[border, half % 2] = node
                next_half[half], first_half[node] = first_half[node], half
        half = following
