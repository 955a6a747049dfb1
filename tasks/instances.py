"""Zero-shot instance segmentation: boxes of a detector prompt the model.

Paper:      Segment Anything (arXiv 2304.02643), section 7.4, appendix D.4, table 5.
Data:       COCO val2017 and LVIS v1 validation; boxes of ViTDet-H (cascade Mask R-CNN).
Protocol:   each box prompts the model; the most confident of its masks is fed back with the box for a second pass.
Open:       the output taken in the second pass (appendix A's rule for several prompts makes it the single mask), the
            number of boxes, their lowest score, and the score of the detection: switches below.
Metrics:    COCO AP (100 detections a category and image), or LVIS AP (300 an image) for `data=lvis`. With `boxes=gt`
            the ground truth's own boxes prompt the model and the mean IoU of mask and object is reported too; it is
            left out for predictions made elsewhere, as nothing tells which box a mask answers; crowds are not prompted
            but where a switch says so.
Rules:      areas are mask areas and the annotation's `area`, never box areas; an empty mask is a false positive in COCO
            and does not count in LVIS, as the official evaluators have it; equal scores keep the file's order.
Deviations: none known; published APs of one checkpoint differ by up to 2.3 with these switches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset, check_classes
from sambench.drawing.pictures.instances import InstanceDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.masks.measure import box_masks
from sambench.masks.rle import areas
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.coco.average_precision import precision_replicates
from sambench.metrics.coco.box_ious import box_ious, columns_of_boxes
from sambench.metrics.coco.detections import Detections, ImagePair, truth_boxes_xywh
from sambench.metrics.coco.evaluators import frequencies_of, instance_figures, instance_limits, match_instances_by
from sambench.metrics.coco.params import evaluation_rules
from sambench.metrics.coco.resampling import InstanceResampling, recorded
from sambench.metrics.coco.rows import columns_of_instances
from sambench.models.base import Question, box_questions
from sambench.predictions.coco_results import DetectionSaving, ResultsFile, open_detector
from sambench.prompts.box_noise import BoxNoise
from sambench.types import Annotation, InstanceTruth, Metric, Row, Sample

COLUMNS = {"AP": "AP", "APs": "S", "APm": "M", "APl": "L"}
"""Figure -> the half of a column's name in table 5 that follows the data's."""


@dataclass(frozen=True)
class InstancesTask(BoxNoise, DetectionSaving, InstanceDrawing, InstanceResampling, Task):
    """Box-prompted instance segmentation: AP, and mean IoU for ground-truth boxes; `BoxNoise` has two more switches.

    Attributes:
        boxes: The file of a detector's boxes, or "gt" for the ground truth's own.
        passes: 2 feeds the most confident mask back with the box (paper); 1 takes the first answer.
        first_output: "multimask" asks for several masks and takes the most confident; "single" for one (paper: the most
            confident of three).
        final_output: The same for the second pass (unstated; "single" by appendix A's rule for several prompts).
        detection_score: "detector" keeps the box's score (unstated; common practice); "times_iou" multiplies it by the
            predicted IoU.
        max_boxes: At most so many boxes an image, the best-scored (unstated; the detectors' own files hold 100 on COCO,
            300 on LVIS); null takes all.
        min_score: Boxes below are not prompted (unstated; 0 takes all).
        iou_type: "segm" scores masks, "bbox" the boxes around them, or those that a results file states beside them.
        rules: Whose rules evaluate: "data" takes LVIS's for `data=lvis`, COCO's for all else; "lvis" (every category
            needs a `frequency`) or "coco" name them.
        crowds: With `boxes=gt`, prompt with the boxes of crowds too and count them in the mean IoU (EfficientViT-SAM).
        min_area: With `boxes=gt`, leave out objects whose annotation states a smaller `area` (EfficientViT-SAM: 1).
        truth: What the mean IoU with `boxes=gt` compares with: the "annotation", or the object "resampled" to the
            model's frame and back, each pixel above 0 (EdgeSAM).
        both_empty: An object without pixels whose mask has none: "zero" is its IoU, or "leave_out" (EdgeSAM).
        max_dets: Limits of the evaluator; null is COCO's 1, 10, 100 or LVIS's 300.
        evaluator: "fast" is this package's matching, "official" pycocotools or lvis, "both" these two and hotcoco, and
            stops where they differ.
        nan: What becomes of a mask whose logits are NaN or whose predicted IoU is not finite: "error" stops and names
            it, "zero" takes it as empty with a predicted IoU of 0 and counts it.
    """

    name: ClassVar[str] = "instances"
    target: ClassVar[type] = InstanceTruth
    mini_kind: ClassVar[str] = "coco"

    boxes: str = "gt"
    passes: Literal[1, 2] = 2
    first_output: Literal["multimask", "single"] = "multimask"
    final_output: Literal["multimask", "single"] = "single"
    detection_score: Literal["detector", "times_iou"] = "detector"
    max_boxes: Annotated[int, Range(1, 1000000)] | None = None
    min_score: Annotated[float, Range(-1e9, 1e9)] = 0.0
    iou_type: Literal["segm", "bbox"] = "segm"
    max_dets: Annotated[tuple[int, ...], Range(1, 1000000)] | None = None
    evaluator: Literal["fast", "official", "both"] = "fast"
    rules: Literal["data", "coco", "lvis"] = "data"
    crowds: bool = False
    min_area: Annotated[float, Range(0, 1e9)] = 0.0
    truth: Literal["annotation", "resampled"] = "annotation"
    both_empty: Literal["zero", "leave_out"] = "zero"
    nan: Literal["error", "zero"] = "error"
    categories: tuple[dict[str, Any], ...] = field(default=(), metadata={"from_data": True})
    data_rules: Literal["coco", "lvis"] = field(default="coco", metadata={"from_data": True})
    detector: ResultsFile | None = field(default=None, metadata={"from_data": True})

    @property
    def kind(self) -> Literal["coco", "lvis"]:
        """Whose evaluation rules: those of the switch, else the data's."""
        return self.data_rules if self.rules == "data" else self.rules

    def for_dataset(self, dataset: Dataset) -> InstancesTask:
        """Return the task with the data's categories and the detector's boxes.

        Raises:
            UsageError: The annotation file tells no categories.
        """
        check_classes(dataset)
        detector = None if self.boxes == "gt" else open_detector(Path(self.boxes), dataset)
        known = tuple(getattr(dataset, "categories", ()))
        rules = evaluation_rules(self.rules, getattr(dataset, "rules", "coco"), known)
        return replace(self, categories=known, data_rules=rules, detector=detector)

    def input_fingerprints(self) -> dict[str, str]:
        """Return the SHA-256 of the file of boxes, which stands for its path in the run's identity."""
        return {} if self.detector is None else {"boxes": self.detector.fingerprint()}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the boxes' index out when the task goes to a scoring process, which needs none."""
        return {**self.__dict__, "detector": None}

    def questions(self) -> list[Question]:
        """Return what the boxes ask, in one pass or two."""
        return box_questions(self.passes, self.first_output == "multimask", self.final_output == "multimask")

    def predict(self, sample: Sample, predictor: Predictor) -> Detections:
        """Prompt the model with every box of one image."""
        boxes_xywh, scores, categories = self._prompts(sample)
        if not len(boxes_xywh):
            return Detections(scores, categories, [], by_prompt=True)
        boxes_xywh = self.moved(boxes_xywh, sample)
        multimask = self.first_output == "multimask", self.final_output == "multimask"
        rles, confidences = box_masks(predictor, predictor.embed(sample), boxes_xywh, self.passes, *multimask)
        if self.detection_score == "times_iou":
            scores = scores * confidences
        return Detections(scores, categories, rles, by_prompt=True)

    def score(self, sample: Sample, prediction: Detections) -> list[Row]:
        """Match the masks with the objects, category by category; one row an image."""
        match = match_instances_by(
            ImagePair(sample.target, prediction, truth_boxes_xywh(sample.target)),
            self.evaluator,
            kind=self.kind,
            iou_type=self.iou_type,
            max_dets=instance_limits(self.kind, self.max_dets)[-1],
        )
        columns = columns_of_instances(match, frequencies_of(self.categories) if self.kind == "lvis" else None)
        own = self._own_box_ious(sample.target, prediction)
        return [{"sample_id": sample.id, "image_sha256": sample.image_sha256, **columns, **own}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Accumulate over images; intervals accumulate again over resampled images."""
        matches, kind, limits, frequencies = recorded(rows, self.max_dets)
        figures = instance_figures(matches, frequencies, kind=kind, max_dets=limits, evaluator=self.evaluator)
        resample = partial(precision_replicates, matches, kind=kind, max_dets=limits, frequencies=frequencies)
        intervals = bootstrap_intervals(resample, [""] * len(rows), seed=seed)
        columns = {name: f"instances/{kind.upper()} {column}" for name, column in COLUMNS.items()}
        metrics = {
            name: Metric(value, intervals[name], len(rows), unit=name[:2], reference=columns.get(name))
            for name, value in figures.items()
        }
        return {**metrics, **{name: Metric(*own, unit="IoU") for name, own in box_ious(rows, seed).items()}}

    def _prompts(self, sample: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (N, 4) XYWH boxes in image pixels, (N,) scores and (N,) categories of one image."""
        if self.boxes == "gt":
            chosen = self._prompted(sample.target)
            boxes = truth_boxes_xywh(replace(sample.target, annotations=chosen))
            return boxes, np.ones(len(chosen)), np.array([one.category_id for one in chosen], np.int64)
        if self.detector is None:
            raise ValueError("the task was not prepared for its data")
        detections = self.detector.read_boxes(sample)
        detections = detections[np.flatnonzero(detections.scores >= self.min_score)].ranked(self.max_boxes)
        return np.asarray(detections.boxes_xywh), detections.scores, detections.category_ids

    def _own_box_ious(self, truth: InstanceTruth, prediction: Detections) -> Row:
        """Return each prompted object's IoU with the mask its own box gave, and its area.

        Only with `boxes=gt` and a model that was prompted: nobody knows which box a mask of a file answers.
        """
        if self.boxes != "gt" or prediction.rles is None or not prediction.by_prompt:
            return {}
        chosen = self._prompted(truth)
        if self.iou_type == "bbox" and chosen and (areas([one.rle for one in chosen]) == 0).any():
            return {}  # objects of a box alone, which the data may hold where boxes are scored
        return columns_of_boxes(chosen, list(prediction.rles), self.truth, self.both_empty)

    def _prompted(self, truth: InstanceTruth) -> list[Annotation]:
        """Return the annotations that prompt the model with their own box."""
        return [one for one in truth.annotations if (self.crowds or not one.iscrowd) and one.area >= self.min_area]
