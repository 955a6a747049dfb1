"""A limit on the detections of a class over all images: AP-fixed on LVIS.

Dave et al., "Evaluating Large-Vocabulary Object Detectors: The Devil is in the Details" (arXiv 2102.01066): each class
keeps its best 10,000 detections of the whole data set, whatever image they are in, and LVIS's evaluator has no limit an
image. The limit comes first: a detection that LVIS's evaluator leaves out (its class neither in the image nor verified
to be absent, a mask without pixels) takes a place like any other. As within an image the best are kept, who matches
whom is what it is without the limit, and the limit can be set on rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sambench.metrics.coco.average_precision import image_order
from sambench.metrics.coco.detections import Detections
from sambench.metrics.coco.matches import InstanceMatches
from sambench.types import Row

CLASS_LIMIT = 10_000
"""Detections of a class over the data set that the published numbers are of."""

NO_LIMIT = 2**31 - 1
"""More detections than an image holds."""


def columns_of_ranks(match: InstanceMatches, detections: Detections) -> Row:
    """Return what a limit on classes needs to know of one image.

    Args:
        match: By LVIS's rules, without a limit an image.
        detections: All the image's detections.

    Returns:
        `ranked_category` and `ranked_score` of all detections, by category and then the best first, equal ones in the
        order given; `found_rank`, one a detection of the match: its place from 0 among those of its category.
    """
    order = np.lexsort((-detections.scores, detections.category_ids))
    categories, scores, filled = detections.category_ids[order], detections.scores[order], detections.areas[order] > 0
    ranks = np.zeros(len(match.categories), np.int64)
    for category in np.unique(match.categories):
        own = match.categories == category
        ranks[own] = np.flatnonzero(filled[categories == category])[match.places[own]]
    return {
        "ranked_category": categories.tolist(),
        "ranked_score": scores.tolist(),
        "found_rank": ranks.tolist(),
    }


def limited_matches(
    matches: Sequence[InstanceMatches], rows: Sequence[Row], limit: int = CLASS_LIMIT
) -> list[InstanceMatches]:
    """Leave out detections beyond the best of their class over all images.

    Args:
        matches: One an image.
        rows: The same images', with the columns of `columns_of_ranks`.
        limit: Detections that a class keeps; of equal ones those of earlier images, in the order in which images count
            (`image_order`), and within an image the first.

    Returns:
        The matches in their order.
    """
    kept = _kept(matches, rows, limit)
    if kept is None:
        return list(matches)
    limited = []
    for image, (match, row) in enumerate(zip(matches, rows, strict=True)):
        room = np.array([kept.get((image, int(category)), NO_LIMIT) for category in match.categories], np.int64)
        stay = np.asarray(row["found_rank"] or [], np.int64) < room
        names = ("categories", "scores", "places", "hits", "uncounted")
        limited.append(replace(match, **{name: getattr(match, name)[stay] for name in names}))
    return limited


def _kept(matches: Sequence[InstanceMatches], rows: Sequence[Row], limit: int) -> dict[tuple[int, int], int] | None:
    """Return (image, category) -> detections kept, for categories beyond the limit; None where there is none."""
    order = image_order([match.image_id for match in matches])
    own = [np.asarray(rows[image]["ranked_category"] or [], np.int64) for image in order]
    categories = np.concatenate([np.zeros(0, np.int64), *own])
    names, counts = np.unique(categories, return_counts=True)
    full = names[counts > limit]
    if not len(full):
        return None
    images = np.repeat(order, [len(one) for one in own])
    scores = np.concatenate([np.zeros(0), *(np.asarray(rows[image]["ranked_score"] or [], float) for image in order)])
    return dict(_kept_of_classes(full, categories, scores, images, len(order), limit))


def _kept_of_classes(
    full: np.ndarray, categories: np.ndarray, scores: np.ndarray, images: np.ndarray, count: int, limit: int
) -> Iterator[tuple[tuple[int, int], int]]:
    """Give (image, category) and how many of its detections are kept, for each image of each full category."""
    for category in full.tolist():
        indices = np.flatnonzero(categories == category)
        best = indices[np.argsort(-scores[indices], kind="stable")[:limit]]
        room = np.bincount(images[best], minlength=count)
        yield from (((int(image), category), int(room[image])) for image in np.unique(images[indices]))
