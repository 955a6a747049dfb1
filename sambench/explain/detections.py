"""Kinds of wrong detections of a stored run and what each costs (TIDE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sambench.explain.summary import Estimate
from sambench.masks import rle
from sambench.metrics.anatomy.tide import KINDS, MATCHED, TideCosts, TideImage, tide_counts, tide_image
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.coco.detections import Detections
from sambench.tasks.instances import InstancesTask
from sambench.tasks.proposals import ProposalsTask
from sambench.tasks.vocabulary import VocabularyTask
from sambench.types import InstanceTruth

LIMIT = 100
"""Best-scored detections of an image that count, as in tidecv."""

KIND_TEXTS = {
    "cls": "of another category",
    "loc": "of the right category, off the place",
    "both": "of another category and off the place",
    "dup": "of an object that a better-scored detection took",
    "bkg": "of no object",
    "miss": "objects that no detection is of",
}
"""Kind -> what it is, for readers."""


@dataclass(frozen=True)
class DetectionKinds:
    """What is wrong with a run's detections.

    Attributes:
        ap50: AP at an IoU of .5 over all categories with objects or detections.
        counts: Kind -> how many detections (of `miss`: objects) are of it.
        costs: Kind -> by how much AP at .5 rises where it alone is mended.
        detections: How many there are, of the best of each image.
    """

    ap50: Estimate
    counts: Mapping[str, int]
    costs: Mapping[str, Estimate]
    detections: int


DetectionTask: TypeAlias = InstancesTask | VocabularyTask | ProposalsTask
"""Tasks whose predictions are detections."""


def classify_detections(task: DetectionTask, truth: InstanceTruth, detections: Detections, limit: int) -> TideImage:
    """Tell one image's best-scored detections apart.

    Proposals have one category. By LVIS's rules a category counts on an image where it is there, or verified to be
    absent, and fully annotated.
    """
    best = detections.ranked(limit)
    objects = [one for one in truth.annotations if not one.iscrowd]
    crowds = [one for one in truth.annotations if one.iscrowd]
    codes = list(best.rles or [])
    classes, names, crowd_names = (
        _categories(task, [int(name) for name in own])
        for own in (best.category_ids, [one.category_id for one in objects], [one.category_id for one in crowds])
    )
    ious = rle.iou(codes, [one.rle for one in objects])
    inside = rle.iou(codes, [one.rle for one in crowds], np.ones(len(crowds), bool)) > MATCHED
    uncounted = (inside & (classes[:, None] == crowd_names)).any(axis=1)
    if not isinstance(task, ProposalsTask) and task.kind == "lvis":
        judged = {*names.tolist(), *truth.neg_category_ids} - set(truth.not_exhaustive_category_ids)
        uncounted |= ~np.isin(classes, list(judged))
    return tide_image(best.scores, classes, names, ious, uncounted)


def detection_kinds(images: Sequence[TideImage], seed: int = 0) -> DetectionKinds:
    """Count the kinds and say what each costs, with intervals over images."""
    costs = TideCosts(images)
    values = costs.replicates(np.ones((1, len(images))))
    ends = bootstrap_intervals(costs.replicates, [""] * len(images), seed=seed)
    by_kind = {name: Estimate(float(own[0]), ends[name]) for name, own in values.items()}
    counts = dict(zip(KINDS, tide_counts(images).sum(axis=0).tolist(), strict=True))
    ap50 = by_kind.pop("AP50")
    return DetectionKinds(ap50, counts, by_kind, sum(len(one.scores) for one in images))


def _categories(task: Any, own: Sequence[int]) -> np.ndarray:
    """Return categories, of proposals one for all."""
    return np.array([0 if isinstance(task, ProposalsTask) else name for name in own], np.int64)
