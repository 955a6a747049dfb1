"""Likely label errors: objects on which several runs agree with each other and not with the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from sambench.datasets.base import Dataset
from sambench.errors import UsageError
from sambench.explain.compared import MaskTask, compare_masks, explained_task
from sambench.explain.detections import LIMIT
from sambench.explain.images import loaded, of_each_image
from sambench.explain.objects import Choice
from sambench.explain.suspects import Suspect, line_of, of_answers, of_detections
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.predictions.reader import PredictionReader
from sambench.runs.run import Run
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask
from sambench.types import Sample

COLUMNS = (
    *("rank", "sample_id", "object", "kind", "told", "score", "agreement", "iou", "dx", "dy"),
    *("category", "named", "left", "top", "width", "height"),
)
"""Of the table of suspects."""


@dataclass(frozen=True)
class Labels:
    """What several runs say of the labels of their data.

    Attributes:
        runs: The runs.
        frame: A line a suspected label error (`COLUMNS`), the likeliest first; the box is the one around the truth and
            all models' masks, in pixels.
        objects, images: How many were looked at.
        notes: What these runs cannot tell.
        look: Gives one image and its suspects with their masks again, in the frame's order within the image.
    """

    runs: Sequence[Run]
    frame: pd.DataFrame
    objects: int
    images: int
    notes: list[str]
    look: Callable[[str], tuple[Sample, list[Suspect]]] = field(repr=False)


@dataclass(frozen=True)
class _Opened:
    """A run with what is needed to read its masks."""

    run: Run
    task: MaskTask
    dataset: Dataset
    reader: PredictionReader

    @property
    def prompted(self) -> bool:
        return self.run.record.config.predictions.path is None

    @property
    def answered(self) -> bool:
        """Whether its masks answer the truth's own prompts, one an object."""
        by_box = isinstance(self.task, InstancesTask) and self.prompted and self.task.boxes == "gt"
        return isinstance(self.task, PointsTask) or by_box


def find_labels(runs: Sequence[Run], choice: Choice) -> Labels:
    """Rank the objects on which runs agree with each other and not with the truth.

    Args:
        runs: Two or more finished runs of one task on the same data, of different models or clicks.
        choice: `clicks` and `top` as for `explain_objects`; of detections the `top` best-scored of an image count, 100
            if None.

    Raises:
        UsageError: The runs do not fit together, or their task makes no masks.
        RunError: A run kept no predictions, or they are not those that it scored.
    """
    _check(runs)
    opened = [_open(run, choice) for run in runs]
    if len({one.answered for one in opened}) > 1:
        what = "some runs were prompted with the truth's boxes, others with a detector's"
        raise UsageError(what, where="runs", mend="give runs of the same task.boxes")
    names = _names(opened[0])
    suspects = partial(_suspects, opened, choice.top or LIMIT, names)
    common = set.intersection(*(run.sample_ids() for run in runs))

    def look(key: str) -> tuple[Sample, list[Suspect]]:
        sample = loaded(opened[0].dataset, key)
        return sample, suspects(sample)

    def examine(key: str) -> tuple[int, list[dict[str, Any]]]:
        if key not in common:
            return 0, []
        sample = loaded(opened[0].dataset, key, images=False)
        objects = sum(not one.iscrowd for one in sample.target.annotations)
        return objects, [{"sample_id": key, **line_of(one, names)} for one in suspects(sample)]

    by_image = of_each_image(runs[0], opened[0].dataset, examine)
    lines = [line for _, own in by_image.values() for line in own]
    frame = pd.DataFrame(lines, columns=[name for name in COLUMNS if name != "rank"])
    frame = frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    frame.insert(0, "rank", range(1, len(frame) + 1))
    return Labels(runs, frame, sum(count for count, _ in by_image.values()), len(common), _notes(opened), look)


def _check(runs: Sequence[Run]) -> None:
    """Refuse what cannot be held together."""
    if len(runs) < 2:
        raise UsageError("one run agrees with itself", where="runs", mend="give runs=[A,B,...] of different models")
    if len({run.folder.resolve() for run in runs}) < len(runs):
        raise UsageError("a run is named twice", where="runs", mend="give runs of different models")
    if len(tasks := {run.record.task_name for run in runs}) > 1:
        raise UsageError(
            f"the runs are of tasks {', '.join(sorted(tasks))}", where="runs", mend="give runs of one task"
        )
    if len({run.record.data.fingerprint for run in runs}) > 1:
        raise UsageError("the runs are of different data", where="runs", mend="give runs of the same data and split")
    if not set.intersection(*(run.sample_ids() for run in runs)):
        raise UsageError("the runs have no image in common", where="runs", mend="give runs of the same images")


def _open(run: Run, choice: Choice) -> _Opened:
    whole, dataset = open_again(run)
    top = choice.top if isinstance(whole, PointsTask) else None
    task = explained_task(whole, choice.clicks, top)
    one = _Opened(run, task, dataset, stored_predictions(run, task, dataset))
    if choice.top is not None and one.answered:
        raise UsageError("top= is of detections, the masks answer the truth's boxes", where="top", mend="leave it out")
    return one


def _names(first: _Opened) -> dict[int, str] | None:
    """Return the categories' names, None where categories do not count."""
    if first.answered or isinstance(first.task, ProposalsTask) or getattr(first.dataset, "classless", False):
        return None
    return {int(one["id"]): str(one.get("name", one["id"])) for one in getattr(first.dataset, "categories", [])}


def _suspects(opened: Sequence[_Opened], limit: int, names: dict[int, str] | None, sample: Sample) -> list[Suspect]:
    """Return one image's suspects, the likeliest first."""
    predictions = [one.reader.read(sample) for one in opened]
    if opened[0].answered:
        compared = [
            compare_masks(one.task, sample, prediction, None, one.prompted)
            for one, prediction in zip(opened, predictions, strict=True)
        ]
        there = [one for one in compared if one is not None]
        suspects = of_answers(there) if len(there) == len(opened) else []
    else:
        if any(one.rles is None for one in predictions):
            raise UsageError("a run's predictions are boxes", where="runs", mend="give runs of masks")
        judged = None
        if names is not None and getattr(opened[0].task, "kind", "coco") == "lvis":
            truth = sample.target
            judged = {*(one.category_id for one in truth.annotations), *truth.neg_category_ids}
            judged -= set(truth.not_exhaustive_category_ids)
        suspects = of_detections(sample, [one.ranked(limit) for one in predictions], names, judged)
    return sorted(suspects, key=lambda one: -one.score)


def _notes(opened: Sequence[_Opened]) -> list[str]:
    notes = ["models that share a fault agree on it too: a suspect is to be looked at, not to be mended unseen"]
    if len({one.run.record.model.fingerprint for one in opened}) < len(opened):
        notes.append("some runs are of one model, which agrees with itself: give runs of different models")
    if opened[0].answered:
        notes.append(
            "the models were prompted with what is annotated, so that objects nobody annotated and wrong categories are"
            " not told; runs of proposals, of vocabulary or of instances with a detector's boxes tell them"
        )
    elif isinstance(opened[0].task, ProposalsTask):
        notes.append("proposals have no category: whether what is not annotated should be is not told")
    return notes
