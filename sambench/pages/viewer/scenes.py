"""The images of a finished run, opened once: each one's scene, whatever the task."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from sambench.datasets.base import Dataset
from sambench.datasets.images.files import read_image
from sambench.engine.task import Task
from sambench.explain.compared import MaskTask
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.pages.report.gallery import image_scores
from sambench.pages.viewer.clicked import clicked_scene
from sambench.pages.viewer.drawn import drawn_scene
from sambench.pages.viewer.edged import edge_scene
from sambench.pages.viewer.image_table import ImageTable
from sambench.pages.viewer.layers import Scene, jpeg, plain_values, thumbnail
from sambench.pages.viewer.masked import masked_scene
from sambench.predictions.click_records import ClickPrediction
from sambench.predictions.reader import PredictionReader
from sambench.runs.run import Run
from sambench.tasks.edges import EdgesTask
from sambench.tasks.points import PointsTask
from sambench.types import Row, Sample

KEPT = 6
"""Scenes of a run that are kept, as the page asks for their layers one after the other."""


class Scenes:
    """Makes the scenes of one run; one at a time, as readers of data and predictions share files.

    Args:
        run: A finished run.
        table: Its images.

    Raises:
        SambenchError: The data or the predictions are not there any more, or are not those that were scored.
    """

    def __init__(self, run: Run, table: ImageTable) -> None:
        self.run, self.table = run, table
        self.task: Task
        self.dataset: Dataset
        self.task, self.dataset = open_again(run)
        self.reader: PredictionReader = stored_predictions(run, self.task, self.dataset)
        self._kept: OrderedDict[int, Scene] = OrderedDict()
        self._lock = threading.Lock()

    def scene(self, index: int) -> Scene:
        """Return the scene of an image by its place in the table.

        Raises:
            SambenchError: The image or its prediction cannot be read.
        """
        with self._lock:
            if index not in self._kept:
                self._kept[index] = self._made(index)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(index)
            return self._kept[index]

    def small(self, index: int) -> bytes:
        """Return a small picture of an image, without reading its ground truth where the image is a file.

        Raises:
            SambenchError: The image cannot be read.
        """
        key = self.table.ids[index]
        with self._lock:
            picture = self.dataset.picture(key)
            image = (
                self.dataset.load(key).image
                if picture is None
                else read_image(picture, self.dataset.card, self.dataset.image_rules)
            )
        return thumbnail(image)

    def _made(self, index: int) -> Scene:
        key, rows = self.table.ids[index], self.table.rows(index)
        sample = self.dataset.load(key) if self.dataset.images_there else self.dataset.load_without_pixels(key)
        scene = self._of_task(sample, self.reader.read(sample), rows)
        image = sample.image if sample.has_pixels else np.full((*sample.size, 3), 128, np.uint8)
        scene.add("image.jpg", lambda: jpeg(image))
        scene.content |= {"id": key, "size": list(sample.size), "loss": self.table.losses[index]}
        scene.content |= {"scores": plain_values(image_scores(self.task, rows)), "notes": _notes(sample, rows)}
        return scene

    def _of_task(self, sample: Sample, prediction: Any, rows: list[Row]) -> Scene:
        if isinstance(self.task, PointsTask) and isinstance(prediction, ClickPrediction):
            return clicked_scene(self.task, sample, prediction, rows)
        if isinstance(self.task, EdgesTask):
            return edge_scene(self.task, sample, prediction, rows, self.table.level)
        if isinstance(self.task, MaskTask) and getattr(prediction, "rles", None) is not None:
            prompted = self.run.record.config.predictions.path is None
            return masked_scene(self.task, sample, prediction, prompted)
        return drawn_scene(self.task, sample, prediction)


def _notes(sample: Sample, rows: list[Row]) -> list[str]:
    """Say what a reader of the picture must know: that the image is not there, or not the one that was scored."""
    if not sample.has_pixels:
        return ["the image is not there; its predictions were scored without it"]
    scored = rows[0].get("image_sha256")
    if scored and not sample.image_sha256.startswith(scored):
        return ["the image file is not the one that was scored: its pixels are others"]
    return []
