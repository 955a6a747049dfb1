"""Which mask of a stored prediction stands for which object, and which one would have been better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from sambench.errors import RunError, UsageError
from sambench.masks import rle
from sambench.masks.overlap import mask_ious
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import chosen_runs, difference_runs, runs_of_rles
from sambench.metrics.clicks.truth import truth_runs
from sambench.metrics.coco.detections import Detections
from sambench.predictions.click_records import ClickPrediction
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask
from sambench.tasks.vocabulary import VocabularyTask
from sambench.types import Annotation, Sample, Size

MaskTask: TypeAlias = PointsTask | InstancesTask | ProposalsTask | VocabularyTask
"""Tasks whose predictions are masks of objects."""


@dataclass(frozen=True)
class Compared:
    """N objects of an image with their masks, less the pixels that count neither way.

    Attributes:
        objects: The annotations.
        truth: Their masks as they are scored.
        chosen: The mask that stands for each.
        best: The best candidate of each, by IoU; the chosen one where none is better.
        candidates: Whether others than the chosen one are known.
        confidence: (N,) float64 the model's own estimate of each chosen mask, or its score; NaN where there is none.
        estimates: What else is said of each chosen mask (`sambench.metrics.coco.detections.ESTIMATES`), (N,) each.
    """

    objects: list[Annotation]
    truth: RunLengths
    chosen: RunLengths
    best: RunLengths
    candidates: bool
    confidence: np.ndarray
    estimates: Mapping[str, np.ndarray] = field(default_factory=dict)


def explained_task(task: Any, clicks: int | None, top: int | None) -> MaskTask:
    """Return a run's task as it is explained: of clicked masks at one number of clicks.

    Args:
        task: Of the run.
        clicks: After how many clicks; the fewest if None.
        top: For proposals alone.

    Raises:
        UsageError: The task makes no masks of objects, a key is of another task, or no such number was scored.
    """
    if not isinstance(task, MaskTask):
        raise UsageError(f"runs of task {task.name} have no masks of objects", where="sambench explain", mend=TASKS)
    if top is not None and not isinstance(task, ProposalsTask):
        raise UsageError(f"top= is of proposals, the run is of task {task.name}", where="top", mend="leave it out")
    if not isinstance(task, PointsTask):
        if clicks is not None:
            raise UsageError(f"task {task.name} makes no clicks", where="clicks", mend="leave it out")
        return task
    if clicks is not None and clicks not in task.clicks:
        there = ", ".join(map(str, sorted(task.clicks)))
        raise UsageError(f"the run has no masks after {clicks} clicks", where="clicks", mend=f"choose of {there}")
    return replace(task, clicks=(min(task.clicks) if clicks is None else clicks,), noc_at=None)


TASKS = "explain a run of points, instances, vocabulary or proposals"


def compare_masks(task: MaskTask, sample: Sample, prediction: Any, top: int | None, prompted: bool) -> Compared | None:
    """Find the masks of one image's objects.

    Args:
        task: As `explained_task` returns it.
        sample: The image with its objects.
        prediction: As the task's reader reads it.
        top: Of proposals: how many best-ranked ones may be chosen from.
        prompted: Whether a model was prompted, so that with boxes=gt the i-th mask answers the i-th object's box.

    Returns:
        None where the image has no object.
    """
    if isinstance(task, PointsTask):
        return _clicked(task, sample, prediction)
    objects = [one for one in sample.target.annotations if not one.iscrowd]
    own_boxes = isinstance(task, InstancesTask) and prompted and task.boxes == "gt"
    if isinstance(task, InstancesTask) and own_boxes:
        objects = [one for one in sample.target.annotations if task.crowds or not one.iscrowd]
        objects = [one for one in objects if one.area >= task.min_area]
    if not objects:
        return None
    truth = runs_of_rles([one.rle for one in objects], sample.size)
    if own_boxes:
        return _answered(objects, truth, prediction, sample)
    if isinstance(task, ProposalsTask):
        return _proposed(objects, truth, prediction, sample.size, top)
    categories = np.array([one.category_id for one in objects])
    ious = _overlaps(objects, prediction) * (prediction.category_ids[:, None] == categories)
    chosen, confidence, estimates = _picked(prediction, ious, sample.size)
    return Compared(objects, truth, chosen, chosen, False, confidence, estimates)


def _clicked(task: PointsTask, sample: Sample, prediction: ClickPrediction) -> Compared | None:
    clicked = prediction.clicked
    if clicked is None:
        return None
    objects = task.objects(sample)
    truth, ignored = truth_runs(objects, sample, task.truth == "resampled")
    chosen = difference_runs(clicked.masks[0], ignored)
    several, confidence = clicked.candidates_iou.shape[1], clicked.predicted_iou[:, 0].astype(np.float64)
    if clicked.counts[0] != 1 or clicked.candidates is None:
        return Compared(objects, truth, chosen, chosen, candidates=False, confidence=confidence)
    repeated = np.repeat(np.arange(len(objects)), several)
    own = None if ignored is None else chosen_runs(ignored, repeated)
    candidates = difference_runs(clicked.candidates, own)
    ious = mask_ious(candidates, chosen_runs(truth, repeated)).reshape(-1, several)
    better = np.flatnonzero(ious.max(axis=1) > mask_ious(chosen, truth))
    index = np.arange(len(objects))
    index[better] = len(objects) + better * several + ious[better].argmax(axis=1)
    best = chosen_runs(RunLengths.joined([chosen, candidates]), index)
    return Compared(objects, truth, chosen, best, candidates=True, confidence=confidence)


def _answered(objects: list[Annotation], truth: RunLengths, detections: Detections, sample: Sample) -> Compared:
    if detections.rles is None or len(detections.rles) != len(objects):
        what = f"{len(objects)} objects prompted the model, {len(detections)} masks are stored"
        raise RunError(what, where=sample.id, mend="run it again with run.overwrite=true")
    masks = runs_of_rles(list(detections.rles), sample.size)
    return Compared(objects, truth, masks, masks, candidates=False, confidence=detections.scores)


def _proposed(
    objects: list[Annotation], truth: RunLengths, detections: Detections, size: Size, top: int | None
) -> Compared:
    ious = _overlaps(objects, detections)
    first = ious.copy()
    if top is not None:
        first[np.argsort(-detections.scores, kind="stable")[top:]] = 0
    chosen, confidence, estimates = _picked(detections, first, size)
    best = _picked(detections, ious, size)[0] if top else chosen
    return Compared(objects, truth, chosen, best, top is not None, confidence, estimates)


def _overlaps(objects: Sequence[Annotation], detections: Detections) -> np.ndarray:
    """Return the (D, N) IoU of all detections with all objects."""
    if detections.rles is None:
        raise UsageError(
            "the run's predictions are boxes, which have no parts", where="sambench explain", mend="give a run of masks"
        )
    return rle.iou(list(detections.rles), [one.rle for one in objects])


def _picked(
    detections: Detections, ious: np.ndarray, size: Size
) -> tuple[RunLengths, np.ndarray, dict[str, np.ndarray]]:
    """Return for each of N objects the detection of the largest of (D, N) overlaps, its score and its estimates.

    Where the overlap is 0 the mask is empty and the score NaN.
    """
    codes = [*(detections.rles or []), rle.empty(size)]
    best = ious.argmax(axis=0) if len(ious) else np.zeros(ious.shape[1], np.int64)
    there = ious.max(axis=0, initial=0) > 0
    masks = [codes[one] if held else codes[-1] for one, held in zip(best, there, strict=True)]
    indices = np.where(there, best, -1)
    estimates = {name: np.append(own, np.nan)[indices] for name, own in detections.estimates.items()}
    return runs_of_rles(masks, size), np.append(detections.scores, np.nan)[indices], estimates
