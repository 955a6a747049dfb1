"""Overlaps and matches of all categories of an image in one call: a block a category, detections by objects.

An image has few detections of a category, so that a call a category would cost more than what is counted in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sambench.files.kernels import kernel
from sambench.masks.windows import runs_of_rles
from sambench.metrics.coco.greedy import greedy_hits


@kernel()
def blocks_of(detection_categories: np.ndarray, object_categories: np.ndarray) -> np.ndarray:
    """Cut detections and objects, both with ascending categories, into a block a category that has detections.

    Args:
        detection_categories: (D,) int64.
        object_categories: (G,) int64.

    Returns:
        (K, 4) int64: first detection and the one after the last, first object and the one after the last.
    """
    blocks = np.empty((len(detection_categories), 4), np.int64)
    k = d = g = 0
    while d < len(detection_categories):
        category = detection_categories[d]
        blocks[k, 0] = d
        while d < len(detection_categories) and detection_categories[d] == category:
            d += 1
        while g < len(object_categories) and object_categories[g] < category:
            g += 1
        blocks[k, 1], blocks[k, 2] = d, g
        while g < len(object_categories) and object_categories[g] == category:
            g += 1
        blocks[k, 3] = g
        k += 1
    return blocks[:k]


def overlaps_of_masks(detections: list[Any], objects: list[Any], crowds: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Measure the overlaps of masks within each block.

    Args:
        detections: D compressed codes.
        objects: G compressed codes of the same size.
        crowds: (G,) bool; against a crowd the intersection is divided by the detection's area.
        blocks: (K, 4) as `blocks_of` gives them.

    Returns:
        (sum of blocks,) float64, block by block, row-major: pycocotools' `rleIou` to the bit, as pixels are counted.
    """
    codes = [*detections, *objects]
    if not codes:
        return np.zeros(0)
    size = tuple(codes[0]["size"])
    runs = runs_of_rles(codes, (size[0], size[1]))
    return np.asarray(_mask_overlaps(runs.counts, runs.lengths, len(detections), crowds, blocks))


@kernel()
def overlaps_of_boxes(
    detections: np.ndarray, objects: np.ndarray, crowds: np.ndarray, blocks: np.ndarray
) -> np.ndarray:
    """Measure the overlaps of boxes within each block, as `overlaps_of_masks`.

    Args:
        detections: (D, 4) float64 boxes XYWH.
        objects: (G, 4) float64.
        crowds: (G,) bool.
        blocks: (K, 4).

    Returns:
        As `overlaps_of_masks`; pycocotools' `bbIou` to the bit.
    """
    ious = np.zeros(_total(blocks))
    entry = 0
    for d0, d1, g0, g1 in blocks:
        for d in range(d0, d1):
            for g in range(g0, g1):
                a, b = detections[d], objects[g]
                width = min(a[2] + a[0], b[2] + b[0]) - max(a[0], b[0])
                height = min(a[3] + a[1], b[3] + b[1]) - max(a[1], b[1])
                if width > 0 and height > 0:
                    shared, own = width * height, a[2] * a[3]
                    ious[entry] = shared / (own if crowds[g] else own + b[2] * b[3] - shared)
                entry += 1
    return ious


@kernel()
def hits_of_blocks(
    ious: np.ndarray,
    blocks: np.ndarray,
    detection_areas: np.ndarray,
    unjudged: np.ndarray,
    object_areas: np.ndarray,
    crowds: np.ndarray,
    ranges: np.ndarray,
    thresholds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Match each block by `greedy_hits`.

    Args:
        ious: Of all blocks, as `overlaps_of_masks` gives them.
        blocks: (K, 4).
        detection_areas: (D,) float64 pixels.
        unjudged: (D,) bool, detections that do not count unless they take an object.
        object_areas: (G,) float64 pixels.
        crowds: (G,) bool.
        ranges: (A, 2) float64 lowest and highest areas.
        thresholds: (T,) float64.

    Returns:
        Two (D, A) uint16 sets of bits, and (G, A) bool which objects count.
    """
    n_ranges = len(ranges)
    hits, uncounted = np.zeros((2, len(detection_areas), n_ranges), np.uint16)
    ignored = np.empty((n_ranges, len(object_areas)), np.bool_)
    outside = np.empty((n_ranges, len(detection_areas)), np.bool_)
    for a in range(n_ranges):
        low, high = ranges[a]
        ignored[a] = crowds | (object_areas < low) | (object_areas > high)
        outside[a] = unjudged | (detection_areas < low) | (detection_areas > high)
    entry = 0
    for d0, d1, g0, g1 in blocks:
        block = ious[entry : entry + (d1 - d0) * (g1 - g0)].reshape(d1 - d0, g1 - g0)
        entry += block.size
        own = greedy_hits(block, ignored[:, g0:g1], crowds[g0:g1], outside[:, d0:d1], thresholds)
        hits[d0:d1], uncounted[d0:d1] = own
    return hits, uncounted, ~ignored.T


@kernel()
def _total(blocks: np.ndarray) -> int:
    total = 0
    for d0, d1, g0, g1 in blocks:
        total += (d1 - d0) * (g1 - g0)
    return total


@kernel()
def _mask_overlaps(
    counts: np.ndarray,
    lengths: np.ndarray,
    n_detections: int,
    crowds: np.ndarray,
    blocks: np.ndarray,
) -> np.ndarray:
    starts = np.zeros(len(lengths) + 1, np.int64)
    areas = np.zeros(len(lengths), np.int64)
    spans = np.zeros((len(lengths), 2), np.int64)  # of each mask's pixels in the column-major order
    for mask in range(len(lengths)):
        starts[mask + 1] = starts[mask] + lengths[mask]
        position = np.int64(0)
        for run in range(lengths[mask]):
            count = counts[starts[mask] + run]
            if run % 2 == 1 and count > 0:
                if areas[mask] == 0:
                    spans[mask, 0] = position
                areas[mask] += count
                spans[mask, 1] = position + count
            position += count
    ious = np.zeros(_total(blocks))
    entry = 0
    for d0, d1, g0, g1 in blocks:
        for d in range(d0, d1):
            own = counts[starts[d] : starts[d + 1]]
            for g in range(g0, g1):
                mask = n_detections + g
                if spans[d, 0] < spans[mask, 1] and spans[mask, 0] < spans[d, 1]:
                    shared = _shared(own, counts[starts[mask] : starts[mask + 1]])
                    if shared:
                        ious[entry] = shared / (areas[d] if crowds[g] else areas[d] + areas[mask] - shared)
                entry += 1
    return ious


@kernel()
def _shared(one: np.ndarray, other: np.ndarray) -> np.int64:
    """Count the pixels that two masks share, by walking along the runs of both."""
    shared, i, j = np.int64(0), 0, 0
    left, right = np.int64(one[0]), np.int64(other[0])
    while True:
        step = min(left, right)
        if i % 2 == 1 and j % 2 == 1:
            shared += step
        left -= step
        right -= step
        if left == 0:
            i += 1
            if i == len(one):
                return shared
            left = np.int64(one[i])
        if right == 0:
            j += 1
            if j == len(other):
                return shared
            right = np.int64(other[j])
