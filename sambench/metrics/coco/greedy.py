"""Greedy matching in order of score, as pycocotools and lvis do it (`COCOeval.evaluateImg`)."""

from __future__ import annotations

import numpy as np

from sambench.files.kernels import kernel

_NEARLY_ONE = 1 - 1e-10  # pycocotools: an overlap of 1 that lost its last bits still counts at a threshold of 1


@kernel()
def greedy_places(ious: np.ndarray, members: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Give each object the detection that takes it, for several restrictions of the ground truth.

    The best-scored detection chooses first: of the objects still free whose overlap reaches the threshold, the one it
    overlaps most; of equal ones the last. Objects that COCO ignores need no columns here: a detection takes them only
    when no other is left to it, so they change no recall.

    Args:
        ious: (D, G) float64, detections in order of score.
        members: (S, G) bool, which objects each of S restrictions holds.
        thresholds: (T,) float64 overlaps.

    Returns:
        (S, G, T) int32 place of the detection in order of score, from 0; -1 where none took the object.
    """
    n_detections, n_truth = ious.shape
    places = np.full((len(members), n_truth, len(thresholds)), -1, np.int32)
    lowest = min(thresholds.min(), _NEARLY_ONE)
    for d in range(n_detections):
        top = -1.0
        for g in range(n_truth):
            top = max(top, ious[d, g])
        if top < lowest:
            continue
        for s in range(len(members)):
            for t in range(len(thresholds)):
                best, chosen = min(thresholds[t], _NEARLY_ONE), -1
                if top < best:
                    continue
                for g in range(n_truth):
                    if members[s, g] and places[s, g, t] < 0 and ious[d, g] >= best:
                        best, chosen = ious[d, g], g
                if chosen >= 0:
                    places[s, chosen, t] = d
    return places


@kernel()
def greedy_hits(
    ious: np.ndarray, ignored: np.ndarray, crowds: np.ndarray, outside: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tell of each detection whether it is right, wrong or does not count.

    As in `greedy_places`, with ignored objects: a detection that finds no other object may take an ignored one and
    then does not count; a crowd can be taken any number of times. A detection that takes nothing does not count if it
    lies outside the area range (or its category is not fully annotated), else it is wrong.

    Args:
        ious: (D, G) float64, detections in order of score.
        ignored: (A, G) bool, objects that do not count in each of A area ranges (crowds in all of them).
        crowds: (G,) bool.
        outside: (A, D) bool, detections that do not count unless they take an object.
        thresholds: (T,) float64, T <= 16.

    Returns:
        Two (D, A) uint16 sets of bits, bit t for threshold t: the detection took an object that counts; the detection
        does not count.
    """
    n_detections, n_truth = ious.shape
    hits = np.zeros((n_detections, len(ignored)), np.uint16)
    uncounted = np.zeros((n_detections, len(ignored)), np.uint16)
    for a in range(len(ignored)):
        for t in range(len(thresholds)):
            taken = np.zeros(n_truth, np.bool_)
            bit = np.uint16(1 << t)
            for d in range(n_detections):
                chosen = -1
                for skipped in (False, True):  # objects that count first
                    best = min(thresholds[t], _NEARLY_ONE)
                    for g in range(n_truth):
                        free = not taken[g] or crowds[g]
                        if free and ignored[a, g] == skipped and ious[d, g] >= best:
                            best, chosen = ious[d, g], g
                    if chosen >= 0:
                        break
                if chosen >= 0:
                    taken[chosen] = True
                if (chosen >= 0 and ignored[a, chosen]) or (chosen < 0 and outside[a, d]):
                    uncounted[d, a] |= bit
                elif chosen >= 0:
                    hits[d, a] |= bit
    return hits, uncounted
