"""What one more click on a mask means on the tree of regions: the error whose middle was clicked is mended."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from sambench.files.kernels import kernel
from sambench.models.hierarchy.paths import nested_regions


def leaf_depths(labels: np.ndarray, leaves: int) -> np.ndarray:
    """Return the squared distance from each leaf's deepest pixel to the next leaf or image border: (L,) float64.

    Args:
        labels: (H, W) int32, the leaf of each pixel.
        leaves: How many there are.
    """
    framed = np.pad(labels, 1, constant_values=-1)
    inner = np.ones(framed.shape, bool)
    for axis in (0, 1):
        for step in (1, -1):
            inner &= framed == np.roll(framed, step, axis)
    depths = np.zeros(leaves)
    _deepest(labels, distance_transform_edt(inner)[1:-1, 1:-1], depths)
    return (depths + 1) ** 2


@kernel()
def corrected_mask(
    mask: np.ndarray,
    points: np.ndarray,
    points_labels: np.ndarray,
    labels: np.ndarray,
    depths: np.ndarray,
    parents: np.ndarray,
    altitudes: np.ndarray,
    spans: np.ndarray,
    areas: np.ndarray,
    prior: np.ndarray,
    centred: float,
    patch: float,
) -> np.ndarray:
    """Correct a mask by the clicks that it contradicts, in their order.

    A click is taken as the middle of an error, where users and the paper's simulated ones click. So what changes is
    a region around it that persists over many altitudes, holds no leaf that a click of the other kind fixes, and has
    the click about as deep inside as anything; a background click may also cut the mask down to a region around the
    foreground clicks. Where no region has the click in its middle, the error is a sliver that the tree does not know,
    and the largest disc around the click without a right pixel changes.

    Args:
        mask: (H, W) bool.
        points: (N, 2) int64 x and y.
        points_labels: (N,) int64, 1 foreground, 0 background, -1 padding.
        labels: (H, W) of the tree.
        depths: (L,) from `leaf_depths`.
        parents: (N,) of the tree.
        altitudes: (N,) of the tree.
        spans: (N, 2) of the tree.
        areas: (N,) of the tree.
        prior: As for `points_regions`.
        centred: Power of the two shares by which a click is in the middle of a change.
        patch: What the product of both, to that power, must reach.

    Returns:
        (H, W) bool.
    """
    corrected = mask.copy()
    include, exclude = _clicked(points, points_labels, labels, 1), _clicked(points, points_labels, labels, 0)
    for index in range(len(points)):
        wanted = points_labels[index] == 1
        x, y = points[index]
        if points_labels[index] < 0 or corrected[y, x] == wanted:
            continue
        leaf = labels[y, x]
        own, other = (include, exclude) if wanted else (exclude, include)
        wrong = _wrong(corrected, wanted, labels, areas, len(depths))
        near, right = _around(points[index], corrected, wanted, labels, len(depths))
        best = np.zeros(len(depths), np.bool_)
        best_score, best_fit = -1.0, 0.0
        if not np.any(other == leaf):
            changes, _, scores = nested_regions(np.array([leaf]), other, parents, altitudes, spans, areas, prior)
            if not wanted and len(other):
                kept, _, kept_scores = nested_regions(other, own, parents, altitudes, spans, areas, prior)
                changes, scores = np.concatenate((changes, ~kept)), np.concatenate((scores, kept_scores))
            for candidate in range(len(scores)):
                fit = _centred(changes[candidate], wrong, near, right, depths) ** centred
                if fit * scores[candidate] > best_score:
                    best, best_score, best_fit = changes[candidate], fit * scores[candidate], fit
        if best_fit < patch:
            _change_disc(corrected, wanted, points[index], right)
        else:
            _change_leaves(corrected, wanted, labels, best)
    return corrected


@kernel()
def _wrong(mask: np.ndarray, wanted: bool, labels: np.ndarray, areas: np.ndarray, leaves: int) -> np.ndarray:
    """Count the pixels of each leaf that a (H, W) mask has wrong where `wanted` is right: (L,) float64."""
    inside = np.zeros(leaves)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            if mask[y, x]:
                inside[labels[y, x]] += 1
    return areas[:leaves] - inside if wanted else inside


@kernel()
def _around(
    point: np.ndarray, mask: np.ndarray, wanted: bool, labels: np.ndarray, leaves: int
) -> tuple[np.ndarray, int]:
    """Measure what lies around a click (x, y), in squared distances.

    Returns:
        (L,) int64 to each leaf's nearest pixel, of leaves no nearer than the next figure any number above it, and the
        distance to the nearest pixel that is right or beyond the image.
    """
    height, width = labels.shape
    column, row = point
    side = min(column + 1, width - column, row + 1, height - row)
    right, near = side * side, np.full(leaves, np.iinfo(np.int64).max)
    for step in range(2 * side - 1):  # rows from the click's own outwards, above and below in turn
        rise = (step + 1) // 2
        if rise * rise >= right:
            break
        y = row + rise if step % 2 else row - rise
        for run in range(2 * side - 1):
            off = (run + 1) // 2
            squared = rise * rise + off * off
            if squared >= right:
                break
            x = column + off if run % 2 else column - off
            near[labels[y, x]] = min(near[labels[y, x]], squared)
            if mask[y, x] == wanted:
                right = squared
    return near, right


@kernel()
def _centred(change: np.ndarray, wrong: np.ndarray, near: np.ndarray, right: int, depths: np.ndarray) -> float:
    """Tell how much a click is the middle of the wrong pixels of the leaves (L,) bool that would change.

    Returns:
        The share of their area that the largest disc around the click fills, times that disc's area over that of the
        deepest leaf's own disc, each at most 1; 0 where nothing would change.
    """
    depth, area, deepest = float(right), 0.0, 1.0
    for leaf in range(len(change)):
        if not change[leaf]:
            depth = min(depth, near[leaf])
        elif wrong[leaf] > 0:
            area += wrong[leaf]
            deepest = max(deepest, depths[leaf])
    if area == 0:
        return 0.0
    return min(np.pi * depth / area, 1.0) * min(depth / deepest, 1.0)


@kernel()
def _change_leaves(mask: np.ndarray, wanted: bool, labels: np.ndarray, change: np.ndarray) -> None:
    """Set the pixels of (L,) bool leaves in place."""
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            if change[labels[y, x]]:
                mask[y, x] = wanted


@kernel()
def _change_disc(mask: np.ndarray, wanted: bool, point: np.ndarray, disc: int) -> None:
    """Set the pixels nearer to a point (x, y) than a squared distance in place."""
    reach = int(np.sqrt(disc)) + 1
    for y in range(max(point[1] - reach, 0), min(point[1] + reach + 1, mask.shape[0])):
        for x in range(max(point[0] - reach, 0), min(point[0] + reach + 1, mask.shape[1])):
            if (y - point[1]) ** 2 + (x - point[0]) ** 2 < disc:
                mask[y, x] = wanted


@kernel()
def _deepest(labels: np.ndarray, distances: np.ndarray, depths: np.ndarray) -> None:
    """Write the greatest (H, W) distance of each leaf's pixels into (L,) depths."""
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            depths[labels[y, x]] = max(depths[labels[y, x]], distances[y, x])


@kernel()
def _clicked(points: np.ndarray, points_labels: np.ndarray, labels: np.ndarray, wanted: int) -> np.ndarray:
    """Return the leaves of the clicks of one label: (K,) int64."""
    leaves, count = np.empty(len(points), np.int64), 0
    for index in range(len(points)):
        if points_labels[index] == wanted:
            leaves[count] = labels[points[index, 1], points[index, 0]]
            count += 1
    return leaves[:count]
