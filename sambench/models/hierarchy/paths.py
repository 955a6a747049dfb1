"""What points mean on the tree of regions: the nested regions along the paths from their leaves to the root."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel

CANDIDATES = 3
"""Regions answered to an ambiguous prompt: part, larger part, whole."""


@kernel()
def points_regions(
    include: np.ndarray,
    exclude: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    spans: np.ndarray,
    areas: np.ndarray,
    prior: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose three nested regions that hold all included leaves and no excluded one.

    At each altitude the candidate is the union, over the included leaves, of the largest region up to that altitude
    without an excluded leaf. A candidate scores high if it forms low (nothing parts it inside), ends high (a strong
    contour parts it from the rest; it ends where its area has grown by a factor) and is neither a speck nor most of
    the image. The best three that differ in area are taken.

    Args:
        include: (I,) leaves, at least one; a leaf that is also excluded stays by itself.
        exclude: (E,) leaves.
        parents: (N,) of the tree.
        altitudes: (N,) of the tree.
        spans: (N, 2) of the tree.
        areas: (N,) of the tree, pixels.
        prior: `AnswerConstants.prior`: growth, distinct, small.

    Returns:
        (3, L) bool leaves of each answer, in order of area, and (3,) float32 scores in [0, 1].
    """
    regions, sizes, scores = nested_regions(include, exclude, parents, altitudes, spans, areas, prior)
    return best_distinct(regions, sizes, scores, prior[1])


@kernel()
def nested_regions(
    include: np.ndarray,
    exclude: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    spans: np.ndarray,
    areas: np.ndarray,
    prior: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all candidates of `points_regions`: (K, L) bool leaves, (K,) float64 areas and (K,) float64 scores."""
    blocked = np.zeros(len(parents), np.bool_)
    for leaf in exclude:
        mark_path(leaf, parents, blocked)
    levels = _levels(include, parents, altitudes, blocked)
    regions = np.zeros((len(levels), spans[-1, 1]), np.bool_)
    sizes = np.empty(len(levels))
    for level in range(len(levels)):
        for leaf in include:
            top = _climb(leaf, levels[level], parents, altitudes, blocked)
            regions[level, spans[top, 0] : spans[top, 1]] = True
        sizes[level] = area_of(regions[level], areas)
    end = _end(include, parents, altitudes, blocked)
    scores = _persistence(levels, sizes, end, prior[0])
    for level in range(len(levels)):
        share = sizes[level] / areas[-1]
        scores[level] *= (1 - share) * np.sqrt(share / (share + prior[2]))
    return regions, sizes, scores


@kernel(borrows=True, inner=True)
def mark_path(node: int, parents: np.ndarray, marked: np.ndarray) -> None:
    """Mark a node and all its ancestors in (N,) bool."""
    marked[node] = True
    while parents[node] != node:
        node = parents[node]
        marked[node] = True


@kernel(borrows=True, inner=True)
def _climb(leaf: int, altitude: float, parents: np.ndarray, altitudes: np.ndarray, blocked: np.ndarray) -> int:
    """Return the largest region around a leaf up to an altitude that is not blocked; the leaf itself always is one."""
    node = leaf
    while parents[node] != node and not blocked[parents[node]] and altitudes[parents[node]] <= altitude:
        node = parents[node]
    return node


@kernel(inner=True)
def _levels(include: np.ndarray, parents: np.ndarray, altitudes: np.ndarray, blocked: np.ndarray) -> np.ndarray:
    """Return the rising altitudes (K,) of all regions that are not blocked around the included leaves, from 0 on."""
    tops, levels, count = include.copy(), np.zeros(len(parents)), 1
    while True:
        following = np.inf
        for leaf in tops:
            above = parents[leaf]
            if above != leaf and not blocked[above]:
                following = min(following, altitudes[above])
        if following == np.inf:
            return levels[:count]
        levels[count] = following
        count += 1
        for index in range(len(tops)):
            tops[index] = _climb(tops[index], following, parents, altitudes, blocked)


@kernel(borrows=True, inner=True)
def _end(include: np.ndarray, parents: np.ndarray, altitudes: np.ndarray, blocked: np.ndarray) -> float:
    """Return the altitude at which the largest candidate ends: the lowest blocked region above it, or 1."""
    end = 1.0
    for leaf in include:
        top = parents[_climb(leaf, np.inf, parents, altitudes, blocked)]
        if blocked[top]:
            end = min(end, altitudes[top])
    return end


@kernel(borrows=True, inner=True)
def area_of(region: np.ndarray, areas: np.ndarray) -> int:
    """Return the pixels of a region given as (L,) bool leaves."""
    total = 0
    for leaf in range(len(region)):
        if region[leaf]:
            total += areas[leaf]
    return total


@kernel(inner=True)
def _persistence(levels: np.ndarray, sizes: np.ndarray, end: float, growth: float) -> np.ndarray:
    """Return, for each candidate, 1 minus where it forms times where its area has grown by a factor."""
    scores = np.empty(len(levels))
    for level in range(len(levels)):
        until = end
        for later in range(level + 1, len(levels)):
            if sizes[later] > growth * sizes[level]:
                until = levels[later]
                break
        scores[level] = (1 - levels[level]) * until
    return scores


@kernel()
def best_distinct(
    regions: np.ndarray, sizes: np.ndarray, scores: np.ndarray, distinct: float
) -> tuple[np.ndarray, np.ndarray]:
    """Take the best candidates whose areas differ enough, then the rest by score, and order the three by area.

    Args:
        regions: (K, L) bool leaves of each candidate, K at least 1.
        sizes: (K,) float64 areas.
        scores: (K,) float64; of equals the first is taken.
        distinct: Largest ratio of two areas that differ enough.

    Returns:
        (3, L) bool leaves and (3,) float32 scores; the best comes again where there are fewer than three candidates.
    """
    chosen = np.zeros(CANDIDATES, np.int64)
    count = 0
    for ratio in (distinct, 1.0):
        while count < CANDIDATES:
            best = -1
            for candidate in range(len(scores)):
                if (best < 0 or scores[candidate] > scores[best]) and _differs(candidate, chosen[:count], sizes, ratio):
                    best = candidate
            if best < 0:
                break
            chosen[count] = best
            count += 1
    for index in range(count, CANDIDATES):
        chosen[index] = chosen[0]
    answer, confidence = np.zeros((CANDIDATES, regions.shape[1]), np.bool_), np.zeros(CANDIDATES, np.float32)
    for index in range(CANDIDATES):
        rank = 0
        for other in range(CANDIDATES):
            smaller = sizes[chosen[other]] < sizes[chosen[index]]
            if smaller or (other < index and sizes[chosen[other]] == sizes[chosen[index]]):
                rank += 1
        confidence[rank] = scores[chosen[index]]
        for leaf in range(regions.shape[1]):
            answer[rank, leaf] = regions[chosen[index], leaf]
    return answer, confidence


@kernel(borrows=True, inner=True)
def _differs(candidate: int, chosen: np.ndarray, sizes: np.ndarray, ratio: float) -> bool:
    """Tell whether a candidate is none of the chosen and its area at most `ratio` of theirs, or they of its."""
    for other in chosen:
        if candidate == other:
            return False
        if min(sizes[candidate], sizes[other]) > ratio * max(sizes[candidate], sizes[other]):
            return False
    return True
