"""Kinds of wrong detections and what each costs, by TIDE (Bolya et al., ECCV 2020, arXiv 2008.08115).

Detections meet objects of their own category at an IoU of .5, the best score first, each takes the free object it
overlaps most. A detection that takes none is of the first kind that holds (section 3.1 of the paper, in the order of
tidecv 1.0.1), where IoU is its largest with any object of that description:

    loc   .1 <= IoU <= .5 with an object of its category
    cls   IoU >= .5 with an object of another category
    dup   IoU >= .5 with an object of its category that another detection took
    bkg   IoU <= .1 with every object
    both  else: .1 < IoU < .5 with an object of another category

and an object that nothing took is `miss`, unless a `loc` or `cls` detection would take it once it is mended. What a
kind costs is the rise of AP at .5 where it alone is mended: of the `loc` and `cls` detections of a free object the
best-scored becomes right and the others go; detections of the other kinds go; missed objects go. A fall counts as 0. AP
is COCO's at 101 recalls, averaged over all categories that have an object or a detection, as tidecv does (COCO leaves
out those without an object). Crowds, and categories an image is not judged for, take what meets them out of AP.

Example: an object that a detection of its category overlaps by .4 gives AP 0; the detection is `loc` and costs 1, the
object is not `miss`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sambench.files.kernels import kernel

KINDS = ("cls", "loc", "both", "dup", "bkg", "miss")

MATCHED, BACKGROUND = 0.5, 0.1

_CLS, _LOC, _BOTH, _DUP, _BKG, _MISS = range(6)


@dataclass(frozen=True)
class TideImage:
    """One image's detections and objects by kind of error.

    Attributes:
        scores: (D,) float64, the best first.
        categories: (D,) int64.
        kinds: (D,) int64 place in `KINDS`, -1 for a right one.
        counted: (D,) bool, whether it counts as it is; False where it meets a crowd or its category is not judged.
        mended: (D,) bool, whether it becomes right once its kind is mended.
        mended_categories: (D,) int64 its category then.
        truth_categories: (G,) int64 of the objects, without crowds.
        missed: (G,) bool.
    """

    scores: np.ndarray
    categories: np.ndarray
    kinds: np.ndarray
    counted: np.ndarray
    mended: np.ndarray
    mended_categories: np.ndarray
    truth_categories: np.ndarray
    missed: np.ndarray


def tide_image(
    scores: np.ndarray,
    categories: np.ndarray,
    truth_categories: np.ndarray,
    ious: np.ndarray,
    uncounted: np.ndarray,
) -> TideImage:
    """Tell one image's detections apart.

    Args:
        scores: (D,) scores, the best first.
        categories: (D,) categories.
        truth_categories: (G,) categories of the objects, without crowds.
        ious: (D, G) overlaps.
        uncounted: (D,) bool, whether a detection that takes no object does not count.
    """
    count, objects = ious.shape
    kinds, right = np.full(count, _BKG), np.zeros(count, bool)
    same = categories[:, None] == truth_categories[None, :]
    taken, mended, usable = np.zeros(objects, bool), np.zeros(count, bool), np.zeros(objects, bool)
    moved = np.array(categories, np.int64)
    own, other = ious * same, ious * ~same
    for d in range(count if objects else 0):
        free = own[d] * ~taken
        best = int(free.argmax())
        if free[best] >= MATCHED:
            taken[best] = right[d] = True
    for d in np.flatnonzero(~right).tolist() if objects else []:
        target: int = -1
        if BACKGROUND <= own[d].max() <= MATCHED:
            kinds[d], target = _LOC, int(own[d].argmax())
        elif other[d].max() >= MATCHED:
            kinds[d], target = _CLS, int(other[d].argmax())
        elif (own[d] * taken).max() >= MATCHED:
            kinds[d] = _DUP
        elif ious[d].max() > BACKGROUND:
            kinds[d] = _BOTH
        if target >= 0 and not taken[target]:
            mended[d] = not usable[target]
            usable[target] = True
            moved[d] = truth_categories[target]
    kinds[right] = -1
    missed = ~taken & ~usable
    return TideImage(scores, np.asarray(categories), kinds, right | ~uncounted, mended, moved, truth_categories, missed)


def tide_counts(images: Sequence[TideImage]) -> np.ndarray:
    """Return (N, 6) int64: how many detections, and objects, of each of `KINDS` an image has."""
    counts = np.zeros((len(images), len(KINDS)), np.int64)
    for index, image in enumerate(images):
        counts[index] = np.bincount(image.kinds[image.kinds >= 0], minlength=len(KINDS))
        counts[index, _MISS] = image.missed.sum()
    return counts


class TideCosts:
    """What each kind costs, over weighted images.

    Args:
        images: N images.
    """

    def __init__(self, images: Sequence[TideImage]) -> None:
        scores, counted = _column([one.scores for one in images]), _column([one.counted for one in images]) > 0
        kinds = _column([one.kinds for one in images]).astype(np.int64)
        categories = _column([one.categories for one in images]).astype(np.int64)
        mended, right = _column([one.mended for one in images]) > 0, kinds < 0
        moved = _column([one.mended_categories for one in images]).astype(np.int64)
        sizes, objects = [len(one.scores) for one in images], [len(one.missed) for one in images]
        at, truth_at = np.repeat(np.arange(len(images)), sizes), np.repeat(np.arange(len(images)), objects)
        truth = _column([one.truth_categories for one in images]).astype(np.int64)
        missed = _column([one.missed for one in images]) > 0
        names = np.unique(np.concatenate([truth, categories]))
        self._classes = len(names)
        self._lists = []
        for kind in (-2, *range(len(KINDS))):
            fixed = (kinds == kind) & mended
            kept = np.where(kinds == kind, fixed, counted)
            category = np.where(fixed, moved, categories)
            indices = np.flatnonzero(kept)
            order = indices[np.lexsort((-scores[indices], category[indices]))]
            objects_left = ~missed if kind == _MISS else np.ones(len(truth), bool)
            self._lists.append(
                (
                    np.searchsorted(names, category[order]),
                    (right | fixed)[order],
                    at[order],
                    np.searchsorted(names, truth[objects_left]),
                    truth_at[objects_left],
                )
            )

    def replicates(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return AP at .5 ("AP50") and each kind's cost, in [0, 1], of (B, N) resamples of images."""
        held = np.ascontiguousarray(weights, np.float64)
        plain, *mended = (_average_precision(held, *one, self._classes) for one in self._lists)
        return {"AP50": plain, **{kind: np.maximum(ap - plain, 0) for kind, ap in zip(KINDS, mended, strict=True)}}


def _column(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Put the numbers of all images after each other, as float64."""
    return np.concatenate([np.zeros(0), *parts])


@kernel()
def _average_precision(
    weights: np.ndarray,
    categories: np.ndarray,
    right: np.ndarray,
    images: np.ndarray,
    truth_categories: np.ndarray,
    truth_images: np.ndarray,
    classes: int,
) -> np.ndarray:
    """Return (B,) AP of detections by category and score, whose images weigh (B, N); 0 without any category."""
    precision = np.zeros(len(weights))
    recalls, precisions = np.zeros(len(right)), np.zeros(len(right))
    for b in range(len(weights)):
        objects = np.zeros(classes)
        for g in range(len(truth_categories)):
            objects[truth_categories[g]] += weights[b, truth_images[g]]
        total, present, d = 0.0, 0, 0
        for c in range(classes):
            hits, all_of, k = 0.0, 0.0, 0
            while d < len(categories) and categories[d] == c:
                weight = weights[b, images[d]]
                if weight > 0:
                    hits += weight * right[d]
                    all_of += weight
                    recalls[k] = hits / objects[c] if objects[c] > 0 else 0.0
                    precisions[k] = hits / all_of
                    k += 1
                d += 1
            present += objects[c] > 0 or k > 0
            if objects[c] == 0:
                continue
            for i in range(k - 1, 0, -1):
                precisions[i - 1] = max(precisions[i - 1], precisions[i])
            i = 0
            for step in range(101):
                while i < k and recalls[i] < step / 100:
                    i += 1
                if i < k:
                    total += precisions[i] / 101
        precision[b] = total / present if present else 0.0
    return precision
