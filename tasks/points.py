"""Zero-shot masks from single points, and from more clicks.

Paper:      Segment Anything (arXiv 2304.02643), section 7.1, appendix D.1, figure 9, table 7.
Data:       23 sets of instance masks (`data=sa23`), or any one with instances; each set's own licence.
Protocol:   the first click is the point farthest from the object's boundary; each further one is the point farthest
            from the boundary of what the mask misses or has too much. At one click the most confident of three masks is
            scored, from two on the single mask. mIoU is the mean over the masks of a data set; the headline is the
            plain mean over data sets, never over the masks of several.
Open:       whether the mask so far is given back with the clicks, and what a click on a mask without error is: switches
            below. The lists of sampled images were never published.
Metrics:    mIoU at each number of clicks, of all objects and by COCO's sizes; the oracle, best of three by IoU at one
            click, and how much of what is lacking the ranking loses; boundary IoU
            (`sambench.masks.overlap`). Where clicks are counted (RITM): NoC, NoF and objects out of reach at IoU
            thresholds (`sambench.metrics.clicks.noc`).
Rules:      masks are compared at the image's own size; crowds are no objects; a mask without a pixel has IoU 0.
Deviations: none known; two runs of one model by its authors differ by 0.5 mIoU (SAM 2 paper, tables 6 and 15).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset
from sambench.drawing.pictures.clicks import ClickDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import DatasetError
from sambench.masks.prompted.clicking import click_objects
from sambench.masks.prompted.objects import clickable, without_pixels
from sambench.metrics.clicks.miou import HEADLINES, ClickResampling, click_figures
from sambench.metrics.clicks.noc import check_counting
from sambench.metrics.clicks.references import REFERENCES, click_metrics, sa23_names
from sambench.metrics.clicks.truth import best_ious, overlaps, truth_runs
from sambench.models.base import Question, click_questions
from sambench.predictions.click_records import ClickPrediction, ClickSaving, check_clicks_made
from sambench.prompts.click_settings import ClickSettings
from sambench.prompts.clicks import checked_counts, random_draws
from sambench.types import Annotation, InstanceTruth, Metric, Row, Sample

log = logging.getLogger("sambench.points")


@dataclass(frozen=True)
class PointsTask(ClickSettings, ClickSaving, ClickDrawing, ClickResampling, Task):
    """Masks from clicks: mIoU after each number of clicks, the oracle at one, boundary IoU.

    Its switches are those of simulated clicks (`sambench.prompts.click_settings`), whose defaults are the paper's, and:

    Attributes:
        crowds: Click on regions that stand for a group too (EfficientViT-SAM passes over none).
        min_area_of: What `min_area` is compared with: the mask's "pixels", or the "annotation"'s stated area
            (EfficientViT-SAM).
        no_pixels: Objects without a pixel, which nobody can click on: "leave_out", or "zero" as their IoU
            (EfficientViT-SAM, EdgeSAM).
        truth: What masks are compared with: the "annotation", or the object "resampled" to the model's frame and back,
            each pixel above 0 (EdgeSAM).
        boundary_ratio: Width of the boundary for boundary IoU, as a fraction of the image's diagonal (CVPR 2021: .02);
            null leaves it out.
        noc_at: Count the clicks that objects need to reach each of these IoUs (RITM: .8, .85, .9); null, as in the
            paper, does not.
        nan: What becomes of a mask whose logits are NaN or whose predicted IoU is not finite: "error" stops and names
            it, "zero" takes it as empty with a predicted IoU of 0 and counts it.
    """

    name: ClassVar[str] = "points"
    target: ClassVar[type] = InstanceTruth
    mini_kind: ClassVar[str] = "coco"

    crowds: bool = False
    min_area_of: Literal["pixels", "annotation"] = "pixels"
    no_pixels: Literal["leave_out", "zero"] = "leave_out"
    truth: Literal["annotation", "resampled"] = "annotation"
    boundary_ratio: Annotated[float, Range(0, 1, above=True)] | None = 0.02
    noc_at: Annotated[tuple[float, ...], Range(0, 1, above=True)] | None = None
    nan: Literal["error", "zero"] = "error"
    dataset: str = field(default="", metadata={"from_data": True})
    members: Mapping[str, str] = field(default_factory=dict, metadata={"from_data": True})
    whole: bool = field(default=True, metadata={"from_data": True})

    def __post_init__(self) -> None:
        """Refuse switches that no setting can mean, and thresholds to which clicks cannot be counted."""
        super().__post_init__()
        if self.noc_at is not None:
            check_counting(self.noc_at, self.clicks, self.target_iou)

    def for_dataset(self, dataset: Dataset) -> PointsTask:
        """Return the task with the data set's name; of data made of several (`dataset_of(key)`), each sample's."""
        dataset_of = getattr(dataset, "dataset_of", None)
        members = {} if dataset_of is None else {key: dataset_of(key) for key in dataset.all_keys}
        whole = len(dataset.keys) == len(dataset.all_keys) if members else True
        return replace(self, dataset=dataset.card.name, members=members, whole=whole)

    def questions(self) -> list[Question]:
        """Return what the clicks ask."""
        return click_questions(self)

    def predict(self, sample: Sample, predictor: Predictor) -> ClickPrediction:
        """Click on every object of one image until each has the largest number of clicks."""
        objects, embedding = self.objects(sample), predictor.embed(sample)
        names = [str(one.id) for one in objects]
        if empty := len(self._wanted(sample)) - len(objects) - len(self._unclicked(sample)):
            log.warning("%s: %d object(s) of less than %d pixel(s) left out", sample.id, empty, max(1, self.min_area))
        if not objects:
            return ClickPrediction([], None)

        def draw(indices: np.ndarray, number: int) -> np.ndarray:
            return random_draws(self.seed, sample.id, [names[index] for index in indices], number)

        truth, ignored = truth_runs(objects, sample)
        return ClickPrediction(names, click_objects(predictor, embedding, truth, draw, self, ignored))

    def score(self, sample: Sample, prediction: ClickPrediction) -> list[Row]:
        """Compare every mask with its object; one row a mask and number of clicks."""
        clicked = prediction.clicked
        common = {"sample_id": sample.id, "image_sha256": sample.image_sha256, "dataset": self.dataset_of(sample.id)}
        zeros = [{**common, **row} for row in self._zero_rows(sample)]
        if clicked is None:
            return zeros
        objects = self.objects(sample)
        truth, ignored = truth_runs(objects, sample, self.truth == "resampled")
        several = clicked.candidates
        oracle = [None] * len(objects) if several is None else best_ious(several, truth, ignored)
        rows = zeros
        for column, count in enumerate(clicked.counts):
            ious, boundaries = overlaps(clicked.masks[column], truth, ignored, self.boundary_ratio)
            for index, one in enumerate(objects):
                scores = {
                    "iou": float(ious[index]),
                    "boundary_iou": boundaries[index],
                    "predicted_iou": float(clicked.predicted_iou[index, column]),
                    "oracle_iou": oracle[index] if count == 1 else None,
                }
                rows.append({**common, "object": str(one.id), "area": float(one.area), "clicks": count, **scores})
        check_clicks_made(prediction, ious, self, sample.id)
        return rows

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Average masks within data sets and data sets among themselves; intervals resample images."""
        if not rows:
            raise DatasetError(
                "the data has no object to click on",
                where=self.dataset,
                mend="choose other data, or lower task.min_area",
            )
        by_dataset, means = click_figures(rows, seed, self.counting)
        objects = float(len({(row["dataset"], row["sample_id"], row["object"]) for row in rows}))
        images = len({(row["dataset"], row["sample_id"]) for row in rows})
        counted = {"objects": Metric(objects, None, images, unit="masks")}
        if not self.members:
            ((name, figures),) = by_dataset.items()
            return {**click_metrics(figures, "", REFERENCES.get(name)), **counted}
        complete = self.whole and by_dataset.keys() == sa23_names()
        part = "" if self.whole else ", in part"  # `limit` or `ids` cut some of them
        label = " (SA-23)" if complete else f" (mean of {len(by_dataset)} of 23 data sets{part})"
        metrics = click_metrics(means, label, "points/SA-23" if complete else None)
        for name, figures in sorted(by_dataset.items()):
            headline = {key: one for key, one in figures.items() if key.startswith(HEADLINES)}
            metrics |= {f"{name} {key}": one for key, one in click_metrics(headline, "", REFERENCES.get(name)).items()}
        return {**metrics, **counted}

    def objects(self, sample: Sample) -> list[Annotation]:
        """Return the annotations that are clicked on: no crowds, none without a pixel or below `min_area`."""
        return clickable(self._wanted(sample), self.min_area, self.min_area_of)

    def _wanted(self, sample: Sample) -> list[Annotation]:
        return [one for one in sample.target.annotations if self.crowds or not one.iscrowd]

    def _unclicked(self, sample: Sample) -> list[Annotation]:
        """Return the annotations that count though they have no pixel to click on."""
        wanted = self._wanted(sample) if self.no_pixels == "zero" else []
        return without_pixels(wanted, self.min_area, self.min_area_of)

    def _zero_rows(self, sample: Sample) -> list[Row]:
        """Return the rows of the objects that have an IoU of 0 whatever is predicted."""
        scores = {"iou": 0.0, "boundary_iou": None if self.boundary_ratio is None else 0.0, "predicted_iou": 0.0}
        several = self.first_output == "multimask"
        return [
            {"object": str(one.id), "area": float(one.area), "clicks": count, **scores}
            | {"oracle_iou": 0.0 if several and count == 1 else None}
            for one in self._unclicked(sample)
            for count in checked_counts(self.clicks)
        ]

    def dataset_of(self, sample_id: str) -> str:
        """Return the name of the data set a sample is from."""
        return self.members.get(sample_id, self.dataset)
