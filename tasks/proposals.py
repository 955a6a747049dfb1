"""Zero-shot object proposals on LVIS.

Paper:      Segment Anything (arXiv 2304.02643), section 7.3, appendix D.3, table 4.
Data:       LVIS v1 validation, 19,809 images of COCO train2017 and val2017; annotations CC BY 4.0.
Protocol:   automatic mask generation with 64 x 64 points, no filter by predicted IoU or stability, box NMS at 0.9, no
            crops; the 1000 best masks by the mean of predicted IoU and stability (segment-anything issue 205); average
            recall over mask IoU .50:.05:.95, all objects one category; small, medium, large by the annotation's area;
            frequent, common, rare against a ground truth of those categories alone.
Open:       the evaluator and the score that orders the greedy matching were never stated. Here COCO's matching runs
            over one category, in the order of the score that ranked the masks.
Rules:      empty masks are dropped before anything is ranked (their stability is 0 / 0); equal scores keep the
            generator's order, those of predictions made elsewhere come by category, then in the file's order, as in
            pycocotools without categories. Negative and not-exhaustive lists play no part, as recall has no false
            positives.
Deviations: none known; published replications of the same row lie between 50.5 and 59.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset
from sambench.drawing.pictures.instances import InstanceDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import GeneratorSettings, Rank
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.coco.average_recall import recall_replicates
from sambench.metrics.coco.detections import Detections, ImagePair, truth_boxes_xywh
from sambench.metrics.coco.evaluators import frequencies_of, match_proposals_by, proposal_figures
from sambench.metrics.coco.params import evaluation_rules
from sambench.metrics.coco.resampling import ProposalResampling
from sambench.metrics.coco.rows import columns_of_proposals, proposals_of_rows
from sambench.models.base import Question
from sambench.predictions.coco_results import DetectionSaving
from sambench.types import InstanceTruth, Metric, Row, Sample

COLUMNS = {"": "all", "s": "small", "m": "med.", "l": "large", "f": "freq.", "c": "com.", "r": "rare"}
"""What a figure's name adds for a group -> the column of table 4."""


@dataclass(frozen=True)
class ProposalsTask(GeneratorSettings, DetectionSaving, InstanceDrawing, ProposalResampling, Task):
    """Object proposals: average recall of automatically generated masks.

    Its switches are those of automatic mask generation (`sambench.masks.generator_settings`) with the paper's values,
    and:

    Attributes:
        iou_type: "segm" scores masks, as the paper; "bbox" the boxes around masks and the objects' own.
        max_dets: Numbers k of proposals at which recall is reported (paper: 1000).
        evaluator: "fast" is this package's matching, "official" pycocotools, "both" these two and hotcoco, and stops
            where they differ.
        rules: Whose groups are reported: "data" takes LVIS's frequencies for `data=lvis` alone; "lvis" for any data
            whose categories have a `frequency`, "coco" for none.
        nan: What becomes of a mask whose logits are NaN or whose predicted IoU is not finite: "error" stops and names
            it, "zero" takes it as empty with a predicted IoU of 0 and counts it.
    """

    name: ClassVar[str] = "proposals"
    target: ClassVar[type] = InstanceTruth
    mini_kind: ClassVar[str] = "lvis"
    with_categories: ClassVar[bool] = False

    points_per_side: Annotated[int, Range(1, 512)] = 64
    pred_iou_thresh: Annotated[float, Range(0, 1)] = 0.0
    stability_score_thresh: Annotated[float, Range(0, 1)] = 0.0
    box_nms_thresh: Annotated[float, Range(0, 1)] = 0.9
    max_masks: Annotated[int, Range(1, 1000000)] | None = 1000
    rank: Rank = "iou_and_stability"
    iou_type: Literal["segm", "bbox"] = "segm"
    max_dets: Annotated[tuple[int, ...], Range(1, 1000000)] = (1, 10, 100, 1000)
    evaluator: Literal["fast", "official", "both"] = "fast"
    rules: Literal["data", "coco", "lvis"] = "data"
    nan: Literal["error", "zero"] = "error"
    categories: tuple[dict[str, Any], ...] = field(default=(), metadata={"from_data": True})

    def for_dataset(self, dataset: Dataset) -> ProposalsTask:
        """Return the task with the data's categories, whose frequencies make the last three columns of LVIS."""
        known = tuple(getattr(dataset, "categories", ()))
        rules = evaluation_rules(self.rules, getattr(dataset, "rules", "coco"), known)
        return replace(self, categories=known if rules == "lvis" else ())

    def questions(self) -> list[Question]:
        """Return the one question of a grid of points."""
        mend = f"task.multimask={'false' if self.multimask else 'true'}"
        return [Question(points=1, multimask=self.multimask, mend=mend)]

    def predict(self, sample: Sample, predictor: Predictor) -> Detections:
        """Generate the masks of one image, best first."""
        proposals = AutomaticMaskGenerator(predictor, self).generate(sample.image, predictor.embed(sample))
        order = np.argsort(-proposals.scores, kind="stable")
        scores = proposals.scores[order].astype(np.float64)
        stated = {"predicted_iou": proposals.predicted_iou[order], "stability_score": proposals.stability[order]}
        estimates = {name: own.astype(np.float64) for name, own in stated.items() if np.isfinite(own).all()}
        masks = [proposals.rles[i] for i in order]
        return Detections(scores, np.ones(len(order), np.int64), masks, estimates=estimates)

    def score(self, sample: Sample, prediction: Detections) -> list[Row]:
        """Find, for every object, the best-ranked proposal that takes it at each overlap; one row an image."""
        match = match_proposals_by(
            ImagePair(sample.target, prediction, truth_boxes_xywh(sample.target)),
            self.evaluator,
            iou_type=self.iou_type,
            max_dets=max(self.max_dets),
            frequencies=frequencies_of(self.categories),
        )
        identity = {"sample_id": sample.id, "image_sha256": sample.image_sha256, "proposals": len(prediction)}
        return [{**identity, **columns_of_proposals(match)}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Pool the objects of all images; intervals pool those of resampled images."""
        matches = proposals_of_rows(rows)
        figures = proposal_figures(matches, max_dets=self.max_dets, evaluator=self.evaluator)
        resample = partial(recall_replicates, matches, max_dets=self.max_dets)
        intervals = bootstrap_intervals(resample, [""] * len(rows), seed=seed)
        metrics = {
            name: Metric(value, intervals[name], len(rows), unit="AR", reference=_reference(name))
            for name, value in figures.items()
        }
        counts = np.array([row["proposals"] for row in rows], np.float64)
        return {**metrics, "proposals_per_image": Metric(float(counts.mean()), None, len(rows), unit="masks")}


def _reference(name: str) -> str | None:
    """Return the published number a figure answers to, as in AR@1000 or ARs@1000."""
    group, _, limit = name.removeprefix("AR").partition("@")
    return f"proposals/{COLUMNS[group]}" if limit == "1000" else None
