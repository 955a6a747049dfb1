"""Clicked objects as a scene: each with its clicks in order, the masks after them and the first click's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import chosen_runs, difference_runs
from sambench.metrics.clicks.truth import truth_runs
from sambench.pages.viewer.layers import Scene, plain
from sambench.pages.viewer.objects import Answer, ShownObject, add_objects
from sambench.predictions.click_records import ClickPrediction
from sambench.tasks.points import PointsTask
from sambench.types import Row, Sample


def clicked_scene(task: PointsTask, sample: Sample, prediction: ClickPrediction, rows: Sequence[Row]) -> Scene:
    """Show the objects of an image with all clicks, masks and candidates.

    Args:
        task: The run's task.
        sample: The image with its objects.
        prediction: What was stored of it.
        rows: The run's rows of it, which hold the IoUs.
    """
    scene = Scene({"kind": "objects", "clicks": list(task.clicks)})
    clicked = prediction.clicked
    if clicked is None:
        return add_objects(scene, sample, [])
    objects = task.objects(sample)
    truth, ignored = truth_runs(objects, sample, task.truth == "resampled")
    scored = {(str(row["object"]), int(row["clicks"])): float(row["iou"]) for row in rows}
    candidates = _candidates(clicked, truth, ignored)
    shown = []
    for index, one in enumerate(objects):
        name = str(one.id)
        after = [
            Answer(
                f"{count} click{'s' * (count > 1)}",
                scored.get((name, count)),
                plain(clicked.predicted_iou[index, step]),
                _at(clicked.masks[step], index),
                count,
            )
            for step, count in enumerate(clicked.counts)
        ]
        points = np.column_stack([clicked.points_xy[index], clicked.labels[index]])
        made = [[int(part) for part in point] for point in points if point[2] >= 0]
        shown.append(ShownObject(name, one.area, _at(truth, index), [*candidates[index], *after], made))
    return add_objects(scene, sample, shown)


def _candidates(clicked: ClickedObjects, truth: RunLengths, ignored: RunLengths | None) -> list[list[Answer]]:
    """Return for each of N objects the several answers to its first click; none where there was one."""
    count, several = clicked.candidates_iou.shape
    if clicked.candidates is None:
        return [[] for _ in range(count)]
    repeated = np.repeat(np.arange(count), several)
    own = None if ignored is None else chosen_runs(ignored, repeated)
    ious = mask_ious(difference_runs(clicked.candidates, own), chosen_runs(truth, repeated)).reshape(count, several)
    return [
        [
            Answer(
                f"candidate {rank + 1}",
                float(ious[index, rank]),
                plain(clicked.candidates_iou[index, rank]),
                _at(clicked.candidates, index * several + rank),
                None,
            )
            for rank in range(several)
        ]
        for index in range(count)
    ]


def _at(runs: RunLengths, index: int) -> dict[str, Any]:
    code: dict[str, Any] = runs.compressed(np.array([index]))[0]
    return code
