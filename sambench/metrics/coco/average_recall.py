"""Average recall of class-agnostic proposals: which proposal finds each object, and recall over any images from that.

Recall as in COCO (Lin et al. 2014; Hosang et al., "What makes for effective detection proposals?", 2016): the share of
objects found by the k best-scored proposals of their image, averaged over overlaps .50:.05:.95. All objects are one
category. A group's recall is measured against a ground truth of that group alone (Segment Anything, appendix D.3):
area groups by the annotation's `area`, frequency groups by its LVIS category.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sambench.masks import rle
from sambench.metrics.bootstrap import weighted_sums
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.greedy import greedy_places
from sambench.metrics.coco.params import IOU_THRESHOLDS, PROPOSAL_LIMITS, IouType, checked_kinds, frequency_of
from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS, area_members, letter


@dataclass(frozen=True)
class ProposalMatches:
    """What recall needs to know of one image.

    Attributes:
        image_id: The image's id in its annotation file.
        places: (G, 10) int32 for each group's G objects, by group: the place in order of score, from 0, of the
            proposal that takes the object at each of `IOU_THRESHOLDS`; -1 where none does.
    """

    image_id: int | str
    places: dict[str, np.ndarray]


def proposal_groups(pair: ImagePair, frequencies: Mapping[int, str] | None) -> dict[str, np.ndarray]:
    """Return the objects each group holds.

    Args:
        pair: The image; crowds belong to no group, as recall does not count them.
        frequencies: Category id to "r", "c" or "f" (LVIS), or None without frequency groups.

    Returns:
        (G,) bool by group: all, small, medium, large and, with frequencies, rare, common, frequent.

    Raises:
        DatasetError: A category has no frequency.
    """
    groups = dict(zip(AREA_RANGES, area_members(pair.areas) & ~pair.crowds, strict=True))
    if frequencies is not None:
        frequency = np.array([frequency_of(category, frequencies) for category in pair.categories], object)
        groups |= {name: (frequency == mark) & ~pair.crowds for name, mark in FREQUENCY_GROUPS.items()}
    return groups


def match_proposals(
    pair: ImagePair,
    *,
    iou_type: IouType = "segm",
    max_dets: int = PROPOSAL_LIMITS[-1],
    frequencies: Mapping[int, str] | None = None,
) -> ProposalMatches:
    """Match one image's proposals with its objects, categories left aside.

    Args:
        pair: Ground truth and proposals; NaN and empty masks by the rules of `Detections`. Equal scores are taken by
            category, then as they are given (`ImagePair.by_category`), and so are the objects in the record.
        iou_type: Overlap of masks or of boxes.
        max_dets: The number of best-scored proposals that are looked at.
        frequencies: Category id to "r", "c" or "f" (LVIS); None leaves the frequency groups out.

    Returns:
        The image's matches; recall at any limit up to `max_dets` follows from them.

    Raises:
        PredictionError: Masks are asked for and there are only boxes.
        DatasetError: A category has no frequency.
        UsageError: `iou_type` is unknown.
    """
    checked_kinds("coco", iou_type)
    pair = pair.by_category()
    best = pair.detections.ranked(max_dets)
    groups = proposal_groups(pair, frequencies)
    kept = np.flatnonzero(~pair.crowds)
    shapes = pair.truth_shapes(iou_type)
    shapes = [shapes[i] for i in kept] if iou_type == "segm" else shapes[kept]
    ious = rle.iou(best.shapes(iou_type), shapes, pair.crowds[kept])
    members = np.stack(list(groups.values()))[:, kept]
    places = greedy_places(ious, members, IOU_THRESHOLDS)
    return ProposalMatches(pair.truth.image_id, {name: places[s, members[s]] for s, name in enumerate(groups)})


def recall_figures(matches: Sequence[ProposalMatches], max_dets: Sequence[int] = PROPOSAL_LIMITS) -> dict[str, float]:
    """Return average recall over images.

    Args:
        matches: One an image, in any order.
        max_dets: Limits k on the proposals of an image.

    Returns:
        AR@k, and ARs@k, ARm@k, ARl@k (area) and ARr@k, ARc@k, ARf@k (frequency), as fractions; NaN where a group has
        no object.
    """
    replicates = recall_replicates(matches, np.ones((1, len(matches))), max_dets)
    return {name: float(values[0]) for name, values in replicates.items()}


def recall_replicates(
    matches: Sequence[ProposalMatches], weights: np.ndarray, max_dets: Sequence[int] = PROPOSAL_LIMITS
) -> dict[str, np.ndarray]:
    """Return average recall of resamples of images, each as if its images were the whole set.

    Args:
        matches: One each of N images.
        weights: (B, N) how often each resample holds each image.
        max_dets: Limits k.

    Returns:
        (B,) float64 by figure, as `recall_figures` names them.
    """
    figures = {}
    for group in _groups(matches):
        hits, totals = recall_counts(matches, group, max_dets)
        sums = weighted_sums(
            weights,
            np.concatenate([hits.reshape(len(hits), hits.shape[1] * hits.shape[2]), totals[:, None]], axis=1),
        )
        n_truth = np.where(sums[:, -1] > 0, sums[:, -1], np.nan)  # exact: counts stay far below 2**53
        recall = sums[:, :-1].reshape(len(weights), *hits.shape[1:]) / n_truth[:, None, None]
        for m, limit in enumerate(max_dets):
            figures[f"AR{letter(group)}@{limit}"] = recall[:, :, m].mean(axis=1)
    return figures


def recall_counts(
    matches: Sequence[ProposalMatches], group: str, max_dets: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Count each image's objects of a group that are found.

    Args:
        matches: One each of N images.
        group: Name of the group.
        max_dets: M limits.

    Returns:
        (N, 10, M) int64 objects found at each of `IOU_THRESHOLDS` and limit; (N,) int64 objects.
    """
    limits = np.asarray(max_dets)
    hits = np.zeros((len(matches), len(IOU_THRESHOLDS), len(limits)), np.int64)
    for i, match in enumerate(matches):
        places = match.places[group][:, :, None]
        hits[i] = ((places >= 0) & (places < limits)).sum(axis=0)
    return hits, np.array([len(match.places[group]) for match in matches], np.int64)


def recall_curve(matches: Sequence[ProposalMatches], max_dets: Sequence[int], group: str = "all") -> np.ndarray:
    """Return recall by overlap and number of proposals.

    Args:
        matches: One an image.
        max_dets: M limits.
        group: Name of the group of objects.

    Returns:
        (10, M) float64 recall at each of `IOU_THRESHOLDS` and limit; NaN without objects.
    """
    hits, totals = recall_counts(matches, group, max_dets)
    return hits.sum(axis=0) / (totals.sum() or np.nan)


def _groups(matches: Sequence[ProposalMatches]) -> list[str]:
    return list(matches[0].places) if matches else list(AREA_RANGES)
