"""Every object of a stored run with the parts of what its mask lacks, and what kind of object it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sambench.errors import RunError, UsageError
from sambench.explain.compared import Compared, MaskTask, compare_masks, explained_task
from sambench.explain.detections import LIMIT, classify_detections
from sambench.explain.images import loaded, of_each_image
from sambench.masks.overlap import boundary_width, mask_ious
from sambench.masks.windows import chosen_runs, runs_of_rles
from sambench.metrics.anatomy.mask_errors import FIELDS
from sambench.metrics.anatomy.pairs import at_border, contrasts, errors_of, neighbours, shapes_of
from sambench.metrics.anatomy.parts import ious_of, kinds_of, shifted_ious, split
from sambench.metrics.anatomy.shape import SHAPE_FIELDS
from sambench.metrics.anatomy.tide import TideImage
from sambench.metrics.coco.detections import ESTIMATES
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.runs.run import Run
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask
from sambench.types import Sample

BOUNDARY_RATIO = 0.0075
"""Of the image's diagonal: BSDS500's tolerance, 6 pixels at 640 x 480."""

_SAME = 1e-6
_COUNTED = ("missed_pieces", "extra_pieces", "torn_holes", "shift_x", "shift_y")


@dataclass(frozen=True)
class Choice:
    """What is explained, and how.

    Attributes:
        distance: Pixels from a boundary within which a wrong pixel is one of the boundary; None is `BOUNDARY_RATIO`.
        clicks: Of clicked masks: after how many clicks; None the fewest.
        top: Of proposals: how many of the best-ranked may be chosen from; None all.
        images: Whether the images are read, for contrast.
    """

    distance: int | None = None
    clicks: int | None = None
    top: int | None = None
    images: bool = True


@dataclass(frozen=True)
class Objects:
    """The objects of a run.

    Attributes:
        run: The run.
        task: Its task, as it is explained.
        frame: One line an object: `dataset`, `sample_id`, `object`, `area`, `iou`, `confidence`, `ESTIMATES`,
            `best_iou`, `kind`, the parts of 1 - `iou` (`sambench.metrics.anatomy.parts.PARTS`), counts of pieces and
            holes, `level` ("part", "whole" or ""), shift, the figures of `sambench.metrics.anatomy.shape`, `border`,
            `neighbours`, `contrast`.
        notes: What the run cannot tell, and which command makes it tell.
        masks: Gives one image's objects with their masks again.
        detections: Of all tasks but points: each image's detections told apart.
    """

    run: Run
    task: MaskTask
    frame: pd.DataFrame
    notes: list[str]
    masks: Callable[[str], tuple[Sample, Compared | None]] = field(repr=False)
    detections: list[TideImage] = field(default_factory=list, repr=False)


def explain_objects(run: Run, choice: Choice) -> Objects:
    """Compare every stored mask of a run with its object.

    Raises:
        UsageError: The run's task makes no masks, a key does not fit it, or it has no object.
        RunError: The run kept no predictions, or they are not those that it scored.
    """
    whole, dataset = open_again(run)
    task = explained_task(whole, choice.clicks, choice.top)
    reader = stored_predictions(run, task, dataset)
    prompted = run.record.config.predictions.path is None

    def masks(key: str) -> tuple[Sample, Compared | None]:
        sample = loaded(dataset, key)
        return sample, compare_masks(task, sample, reader.read(sample), choice.top, prompted)

    def examine(key: str) -> tuple[dict[str, Any] | None, TideImage | None]:
        sample = loaded(dataset, key, choice.images)
        prediction = reader.read(sample)
        compared = compare_masks(task, sample, prediction, choice.top, prompted)
        of_detections = None
        if not isinstance(task, PointsTask):
            of_detections = classify_detections(task, sample.target, prediction, choice.top or LIMIT)
        if compared is None:
            return None, of_detections
        names = {"dataset": _dataset_of(task, key), "sample_id": key}
        own = {name: np.full(len(compared.objects), text, object) for name, text in names.items()}
        return {**own, **_columns(sample, compared, choice.distance)}, of_detections

    results = of_each_image(run, dataset, examine).values()
    tables = [one for one, _ in results if one is not None]
    if not tables:
        raise UsageError("the run has no object to explain", where=run.location, mend="give a run with objects")
    frame = pd.DataFrame({name: np.concatenate([one[name] for one in tables]) for name in tables[0]})
    if isinstance(task, PointsTask):
        _check_scores(run, task, frame)
    detections = [one for _, one in results if one is not None]
    return Objects(run, task, frame, _notes(run, task, choice, frame), masks, detections)


def _dataset_of(task: MaskTask, key: str) -> str:
    return task.dataset_of(key) if isinstance(task, PointsTask) else ""


def _columns(sample: Sample, compared: Compared, distance: int | None) -> dict[str, Any]:
    """Return the columns of one image's objects."""
    d = boundary_width(sample.size, BOUNDARY_RATIO) if distance is None else distance
    chosen = errors_of(compared.chosen, compared.truth, d)
    best = chosen.copy()
    if compared.best is not compared.chosen:
        other = np.flatnonzero(mask_ious(compared.best, compared.truth) > mask_ious(compared.chosen, compared.truth))
        best[other] = errors_of(chosen_runs(compared.best, other), chosen_runs(compared.truth, other), d)
    parts = split(chosen, best)
    annotated = [one.rle for one in sample.target.annotations if not one.iscrowd]
    level = np.array(["", "part", "whole"])[chosen[:, FIELDS.index("relation")]]
    shape = shapes_of(compared.truth)
    return {
        "object": np.array([str(one.id) for one in compared.objects], object),
        "area": [float(one.area) for one in compared.objects],
        "iou": ious_of(chosen),
        "confidence": compared.confidence,
        **{name: compared.estimates.get(name, np.full(len(best), np.nan)) for name in ESTIMATES},
        "best_iou": ious_of(best),
        "kind": kinds_of(parts, best),
        **parts,
        **{name: best[:, FIELDS.index(name)] for name in _COUNTED},
        "shifted_iou": shifted_ious(best),
        "level": level,
        **dict(zip(SHAPE_FIELDS, shape.T, strict=True)),
        "border": at_border(compared.truth),
        "neighbours": neighbours(compared.truth, runs_of_rles(annotated, sample.size), d),
        "contrast": contrasts(sample.image, compared.truth, d) if sample.has_pixels else np.full(len(best), np.nan),
    }


def _check_scores(run: Run, task: PointsTask, frame: pd.DataFrame) -> None:
    """Hold the overlaps against those that the run's rows tell of the same masks.

    Raises:
        RunError: They differ, so that the masks or the data are not those that were scored.
    """
    rows = run.frame()
    own = rows[rows["clicks"] == task.clicks[0]][["sample_id", "object", "iou"]]
    both = frame[["sample_id", "object", "iou"]].merge(own, on=["sample_id", "object"], suffixes=("", "_scored"))
    off = (both["iou"] - both["iou_scored"]).abs() > _SAME
    if len(both) < len(frame) or off.any():
        raise RunError(
            f"{len(frame) - len(both) + int(off.sum())} of {len(frame)} masks have another IoU than the run's rows say",
            where=run.location,
            mend="bring back the data that was scored, or score the run again with run.overwrite=true",
        )


def _notes(run: Run, task: MaskTask, choice: Choice, frame: pd.DataFrame) -> list[str]:
    """Say what the run cannot tell, and which command makes it tell."""
    notes = []
    words = f"model={run.record.model.name} data={run.record.data.name}"
    if isinstance(task, PointsTask) and (task.clicks[0] != 1 or task.first_output == "single"):
        notes.append(
            f"after {task.clicks[0]} click(s) one mask is stored an object, so that what choosing lost cannot be told:"
            " level_chosen and ranking are 0; `sambench explain RUN clicks=1` of a run with"
            " task.first_output=multimask tells it"
        )
    elif isinstance(task, InstancesTask):
        notes.append(
            "one mask is stored an object, so that what choosing among a model's several masks lost cannot be told:"
            f" level_chosen and ranking are 0; `sambench run task=points {words}` stores them all"
        )
    elif choice.top is None and isinstance(task, ProposalsTask):
        notes.append("each object is held against the best of all proposals; top=100 tells what their ranking loses")
    if frame["contrast"].isna().all():
        notes.append("the images were not read, so that contrast is not told")
    notes.append("no data set that is read here tells occlusion; the number of pieces of an object stands for it")
    return notes
