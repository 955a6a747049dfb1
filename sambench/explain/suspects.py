"""Objects of one image on which models agree with each other and not with what is annotated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sambench.explain.compared import Compared
from sambench.explain.consensus import Alike, Group, Window, agreement, majority, mask_iou, window_of
from sambench.explain.label_kinds import difference_of
from sambench.masks import rle
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import chosen_runs, runs_of_rles
from sambench.metrics.coco.detections import Detections
from sambench.types import Annotation, Sample

LEAST, SAME, COVERED = 0.1, 0.5, 0.5
"""Least IoU of a detection that may stand for an object; IoU from which on two masks are of one object; share of a
detection within annotated masks from which on it is annotated."""


@dataclass(frozen=True)
class Suspect:
    """What may be wrong with a label.

    Attributes:
        object: Id of the annotation; "" where none is.
        kind: One of `sambench.explain.label_kinds.KINDS`.
        description: The kind in words.
        score: What it is ranked by, in (0, 1]: agreement less the overlap with the truth.
        agreement: Mean IoU of every two models' masks.
        iou: IoU of the mask that most models hold with the truth.
        dx, dy: By how many pixels the truth lies elsewhere, where it is shifted.
        category: The annotation's category, None where none is.
        named: The category that most models name, None where they name none.
        window: The truth, and then each model's mask, empty where a model has none.
    """

    object: str
    kind: str
    description: str
    score: float
    agreement: float
    iou: float
    dx: int
    dy: int
    category: int | None
    named: int | None
    window: Window


def of_answers(models: Sequence[Compared]) -> list[Suspect]:
    """Find suspects among objects that were prompted for, each with one mask a model.

    Of several candidates that one stands for a model which is most like the truth, so that no model is held to another
    nesting level than the annotator's.
    """
    names = [[str(one.id) for one in model.objects] for model in models]
    common = [name for name in names[0] if all(name in own for own in names[1:])]
    positions = [np.array([own.index(name) for name in common], np.int64) for own in names]
    masks = [chosen_runs(model.best, indices) for model, indices in zip(models, positions, strict=True)]
    truth = chosen_runs(models[0].truth, positions[0])
    objects = [models[0].objects[index] for index in positions[0]]
    if not objects:
        return []
    alike = agreement(masks)
    suspects = [_of_mask(one, window_of([truth, *masks], i), float(alike[i])) for i, one in enumerate(objects)]
    return [one for one in suspects if one is not None]


def _of_mask(own: Annotation, window: Window, alike: float) -> Suspect | None:
    """Hold an annotated mask against the models'; None where nothing speaks against it."""
    truth, marked = window.masks[0], majority(window.masks[1:])
    iou = mask_iou(truth, marked)
    if alike <= iou or not marked.any() or not truth.any():
        return None
    difference = difference_of(truth, marked)
    figures = alike - iou, alike, iou, difference.dx, difference.dy
    return Suspect(str(own.id), difference.kind, difference.description, *figures, own.category_id, None, window)


def of_detections(
    sample: Sample, models: Sequence[Detections], categories: dict[int, str] | None, judged: set[int] | None
) -> list[Suspect]:
    """Find suspects among an image's objects, and what models mark and nobody annotated.

    Args:
        sample: The image with its objects.
        models: Each model's masks.
        categories: Id -> name; None where categories do not count.
        judged: Categories of which all objects of the image are annotated; None for all.
    """
    codes = [list(one.rles or []) for one in models]
    objects = [one for one in sample.target.annotations if not one.iscrowd]
    sides = _Sides(sample, models, codes, Alike(codes))
    suspects, taken = [], [np.zeros(len(own), bool) for own in codes]
    ious = [rle.iou(own, [one.rle for one in objects]) for own in codes]
    for index, own in enumerate(objects):
        allowed = [(one.argmax(axis=1) == index) & (one[:, index] >= LEAST) for one in ious]
        group = sides.most_alike(allowed, [one[:, index] for one in ious])
        if group is None:
            continue
        sides.take(group, taken)
        masks = [runs_of_rles([own.rle], sample.size), *sides.masks(group)]
        window = window_of(masks, 0)
        suspect = _of_mask(own, window, group.agreement)
        if categories is not None:
            suspect = _of_category(own, sides, group, window, categories, suspect) or suspect
        if suspect is not None:
            suspects.append(suspect)
    return suspects + _not_annotated(sides, taken, categories, judged)


def _of_category(
    own: Annotation, sides: _Sides, group: Group, window: Window, categories: dict[int, str], more: Suspect | None
) -> Suspect | None:
    """Hold an annotation's category against what models name; None unless all that have a mask name one other.

    What `more` says of the annotated mask is told beside.
    """
    named = {sides.named(model, index) for model, index in group.members.items()}
    iou = mask_iou(window.masks[0], majority(window.masks[1:]))
    if len(named) != 1 or own.category_id in named or iou < SAME or len(group.members) < 2:
        return None
    (other,) = named
    text = (
        f"the models say {categories.get(other, other)}, truth says {categories.get(own.category_id, own.category_id)}"
    )
    figures = group.agreement, group.agreement, iou, 0, 0
    return Suspect(str(own.id), "category", text, *figures, own.category_id, other, window)


def _not_annotated(
    sides: _Sides, taken: Sequence[np.ndarray], categories: dict[int, str] | None, judged: set[int] | None
) -> list[Suspect]:
    """Find groups of masks that lie beside all that is annotated, the surest first and one at a place.

    Nothing but the models says that there is an object, so that their mean confidence (0 to 1) takes part in the score.
    """
    free = sides.free(taken, judged)
    groups = []
    for model, own in enumerate(free):
        for index in map(int, np.flatnonzero(own)):
            group = sides.alike.group(model, index, free)
            if len(group.members) > 1:
                groups.append((group.agreement * sides.confidence(group), model, index, group))
    groups.sort(key=lambda one: (-one[0], one[1], one[2]))
    suspects: list[Suspect] = []
    left = [own.copy() for own in free]
    for score, model, index, group in groups:
        if not all(left[a][b] for a, b in group.members.items()):
            continue
        sides.drop_around(model, index, left)
        masks = [runs_of_rles([rle.empty(sides.sample.size)], sides.sample.size), *sides.masks(group)]
        window = window_of(masks, 0)
        names = [sides.named(a, b) for a, b in group.members.items()] if categories is not None else []
        named = max(names, key=names.count) if names else None
        more = f": {categories.get(named, named)}" if categories is not None and named is not None else ""
        if score > 0:
            figures = score, group.agreement, 0.0, 0, 0
            suspects.append(Suspect("", "missing", f"not annotated{more}", *figures, None, named, window))
    return suspects


@dataclass(frozen=True)
class _Sides:
    """All models' detections of an image."""

    sample: Sample
    models: Sequence[Detections]
    codes: Sequence[list[rle.Rle]]
    alike: Alike

    def most_alike(self, allowed: Sequence[np.ndarray], fits: Sequence[np.ndarray]) -> Group | None:
        """Return the group around that model's best-fitting mask which the other models agree with most."""
        seeds = [
            (model, int(np.where(own, fit, 0).argmax()))
            for model, (own, fit) in enumerate(zip(allowed, fits, strict=True))
            if own.any()
        ]
        groups = [self.alike.group(model, index, allowed) for model, index in seeds]
        return max(groups, key=lambda one: one.agreement) if groups else None

    def masks(self, group: Group) -> list[RunLengths]:
        """Return each model's mask of a group, empty where it has none."""
        size = self.sample.size
        nothing = rle.empty(size)
        return [
            runs_of_rles([own[group.members[model]] if model in group.members else nothing], size)
            for model, own in enumerate(self.codes)
        ]

    def named(self, model: int, index: int) -> int:
        """Return the category of a model's surest detection among those that are of one object with a mask."""
        ious = rle.iou(self.codes[model], [self.codes[model][index]])[:, 0]
        there = np.flatnonzero(ious >= 0.75)
        return int(self.models[model].category_ids[there[self.models[model].scores[there].argmax()]])

    def confidence(self, group: Group) -> float:
        """Return the mean score of a group's masks, held to 0 to 1."""
        return float(np.mean([np.clip(self.models[a].scores[b], 0, 1) for a, b in group.members.items()]))

    def take(self, group: Group, taken: Sequence[np.ndarray]) -> None:
        """Mark all detections that are of one object with a member of a group."""
        for model, index in group.members.items():
            self.drop_around(model, index, taken, True, SAME)

    def drop_around(
        self, model: int, index: int, marks: Sequence[np.ndarray], value: bool = False, least: float = LEAST
    ) -> None:
        """Set the marks of all models' detections that overlap a mask by `least` or more."""
        for other, mark in enumerate(marks):
            mark[rle.iou(self.codes[other], [self.codes[model][index]])[:, 0] >= least] = value

    def free(self, taken: Sequence[np.ndarray], judged: set[int] | None) -> list[np.ndarray]:
        """Tell which detections stand for no object, lie beside all that is annotated and are of a judged category."""
        annotated = [one.rle for one in self.sample.target.annotations]
        whole = rle.union(annotated) if annotated else rle.empty(self.sample.size)
        flags = []
        for own, codes, used in zip(self.models, self.codes, taken, strict=True):
            beside = rle.iou(codes, [whole], [True])[:, 0] < COVERED
            known = np.ones(len(codes), bool) if judged is None else np.isin(own.category_ids, list(judged))
            flags.append(beside & known & ~used)
        return flags


def line_of(one: Suspect, categories: dict[int, str] | None) -> dict[str, Any]:
    """Return a suspect as a line of a table, without its masks."""
    names = categories or {}
    box = [one.window.left, one.window.top, one.window.masks.shape[2], one.window.masks.shape[1]]
    return {
        "object": one.object,
        "kind": one.kind,
        "told": one.description,
        "score": one.score,
        "agreement": one.agreement,
        "iou": one.iou,
        "dx": one.dx,
        "dy": one.dy,
        "category": "" if one.category is None else str(names.get(one.category, one.category)),
        "named": "" if one.named is None else str(names.get(one.named, one.named)),
        **dict(zip(("left", "top", "width", "height"), box, strict=True)),
    }
