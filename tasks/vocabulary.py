"""Masks from category names: detection of a closed vocabulary by a model that takes text.

Paper:      SAM 3 (arXiv 2511.16719), section 6 and appendix F.1, tables 1, 3 and 33.
Data:       COCO val2017 and LVIS v1 validation; their licences.
Protocol:   every category's name is asked of every image, each alone; scores have no floor and are the model's own,
            presence included. COCO: the best 100 detections of an image over all categories, COCO's AP. LVIS: AP-fixed
            (Dave et al., arXiv 2102.01066), the best 10,000 detections of a class over the data set, no limit an image.
            AP+ asks for the categories alone that are in the image.
Open:       how LVIS's names become text (`names`), and the images of its table (taken for all of v1 val); the paper's
            AP of COCO has not been made again by others (sam3 issue 376).
Metrics:    AP, AP50, AP75, APs, APm, APl; APr, APc, APf on LVIS. Never beside AP of the box task, whose limits differ.
Rules:      those of task=instances. LVIS judges no detection of a category that is neither in the image nor verified
            to be absent, so `ask=federated` gives the same AP-fixed for a hundredth of the phrases, but for a class
            that has more than 10,000 detections.
Deviations: intervals keep the class limit of the whole set; resampled images do not compete anew for its places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset, check_classes
from sambench.drawing.pictures.instances import InstanceDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.masks.best_answers import best_answers
from sambench.masks.phrases import phrase_detections
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.coco.average_precision import precision_replicates
from sambench.metrics.coco.class_limit import NO_LIMIT, columns_of_ranks
from sambench.metrics.coco.detections import Detections, ImagePair, truth_boxes_xywh
from sambench.metrics.coco.evaluators import frequencies_of
from sambench.metrics.coco.matches import match_instances
from sambench.metrics.coco.params import RuleKind
from sambench.metrics.coco.resampling import VocabularyResampling
from sambench.metrics.coco.rows import columns_of_instances
from sambench.models.base import A_PHRASE, Question
from sambench.predictions.coco_results import DetectionSaving
from sambench.prompts.category_names import Names, phrases_of
from sambench.types import InstanceTruth, Metric, Row, Sample


@dataclass(frozen=True)
class VocabularyTask(DetectionSaving, InstanceDrawing, VocabularyResampling, Task):
    """Detection of all categories by their names: COCO's AP, or AP-fixed on LVIS.

    Attributes:
        rules: "coco" is COCO's AP of an image's best detections, "lvis_fixed" AP-fixed; "data" takes AP-fixed for
            `data=lvis`, COCO's for all else.
        ask: "all" asks for every category of the data; "federated" for those in the image or verified to be absent
            (LVIS); "present" for those in the image alone, which is AP+.
        names: A category's "name" as it stands, with "underscore_to_space", or so the "first_synonym" (for LVIS it is
            unstated; COCO's names, which are asked as they stand, have no underscore).
        iou_type: "segm" scores masks, "bbox" the model's boxes.
        max_per_image: Under COCO's rules the detections of an image that are kept, over all categories (official: 100).
        max_per_class: With AP-fixed the detections of a class that are kept, over all images (Dave et al.: 10,000).
        keep_above: Detections of a score not above are not kept (official: -1, all); a higher one saves time and room.
        phrases_at_once: So many names are asked at once of an image (official: 1).
        nan: What becomes of NaN among a model's scores or logits: "error" stops, "zero" takes the mask as empty, of
            score 0, and counts it.
    """

    name: ClassVar[str] = "vocabulary"
    target: ClassVar[type] = InstanceTruth
    mini_kind: ClassVar[str] = "coco"

    rules: Literal["data", "coco", "lvis_fixed"] = "data"
    ask: Literal["all", "federated", "present"] = "all"
    names: Names = "underscore_to_space"
    iou_type: Literal["segm", "bbox"] = "segm"
    max_per_image: Annotated[int, Range(1, 1000000)] = 100
    max_per_class: Annotated[int, Range(1, 1000000000)] = 10000
    keep_above: Annotated[float, Range(-1, 1)] = -1.0
    phrases_at_once: Annotated[int, Range(1, 10000)] = 1
    nan: Literal["error", "zero"] = "error"
    categories: tuple[dict[str, Any], ...] = field(default=(), metadata={"from_data": True})
    phrases: Mapping[int, str] = field(default_factory=dict, metadata={"from_data": True})
    data_rules: RuleKind = field(default="coco", metadata={"from_data": True})

    @property
    def kind(self) -> RuleKind:
        """Whose matching: LVIS's with AP-fixed, else COCO's."""
        return self.data_rules if self.rules == "data" else "lvis" if self.rules == "lvis_fixed" else "coco"

    def for_dataset(self, dataset: Dataset) -> VocabularyTask:
        """Return the task with the data's categories and their names.

        Raises:
            UsageError: The data has no categories, or none with what a switch needs of them.
        """
        check_classes(dataset)
        known = tuple(getattr(dataset, "categories", ()))
        task = replace(self, categories=known, data_rules=getattr(dataset, "rules", "coco"))
        if task.kind == "lvis" and any("frequency" not in one for one in known):
            what = "AP-fixed is LVIS's, whose categories have a `frequency`; here some have none"
            raise UsageError(what, where="task.rules=lvis_fixed", mend="use task.rules=coco")
        if task.kind == "coco" and self.ask == "federated":
            what = "COCO's rules judge every category in every image, so that all have to be asked for"
            raise UsageError(
                what, where="task.ask=federated", mend="use task.ask=all, or task.rules=lvis_fixed on LVIS"
            )
        return replace(task, phrases=phrases_of(known, self.names, dataset.card.name, "task.names"))

    def questions(self) -> list[Question]:
        """Return that phrases are asked."""
        return [A_PHRASE]

    def predict(self, sample: Sample, predictor: Predictor) -> Detections:
        """Ask for the categories of one image."""
        asked, embedding = self._asked(sample.target), predictor.embed(sample)
        answers = predictor.concepts(embedding, [self.phrases[one] for one in asked], self.phrases_at_once)
        chosen = best_answers(answers, self.max_per_image) if self.kind == "coco" else answers
        detections = phrase_detections(chosen, sample.size, self.keep_above)
        scores = np.concatenate([np.zeros(0), *(one.scores for one in detections)])
        categories = np.repeat(np.array(asked, np.int64), [len(one) for one in detections])
        rles = [code for one in detections for code in one.rles or ()]
        boxes = [one.box_shares_xywh for one in detections if one.box_shares_xywh is not None]
        if self.iou_type == "segm" or not boxes:
            return self._kept(sample.target, Detections(scores, categories, rles))
        sides = np.array([sample.size[1], sample.size[0]] * 2, np.float64)
        return self._kept(sample.target, Detections(scores, categories, None, np.concatenate(boxes) * sides))

    def score(self, sample: Sample, prediction: Detections) -> list[Row]:
        """Match the masks with the objects, category by category; one row an image."""
        detections = self._kept(sample.target, prediction)
        pair = ImagePair(sample.target, detections, truth_boxes_xywh(sample.target))
        lvis = self.kind == "lvis"
        match = match_instances(pair, kind=self.kind, iou_type=self.iou_type, max_dets=NO_LIMIT if lvis else None)
        columns = columns_of_instances(match, frequencies_of(self.categories) if lvis else None)
        ranks = columns_of_ranks(match, detections) if lvis else {}
        return [{"sample_id": sample.id, "image_sha256": sample.image_sha256, **columns, **ranks}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Accumulate over images; intervals accumulate again over resampled images."""
        matches, kind, limits, frequencies = self.recorded(rows)
        resample = partial(precision_replicates, matches, kind=kind, max_dets=limits, frequencies=frequencies)
        values = resample(np.ones((1, len(rows)), np.int64))
        intervals = bootstrap_intervals(resample, [""] * len(rows), seed=seed)
        boxes, plus = "box " * (self.iou_type == "bbox"), "+" * (self.ask == "present")
        columns = {"AP": f"vocabulary/{kind.upper()} {boxes}AP{plus}"}
        return {
            name: Metric(float(value[0]), intervals[name], len(rows), unit="AP", reference=columns.get(name))
            for name, value in values.items()
            if name.startswith("AP")
        }

    def _asked(self, truth: InstanceTruth) -> list[int]:
        """Return the categories that are asked for in one image, in the data's order."""
        present = {one.category_id for one in truth.annotations}
        wanted = {"all": self.phrases.keys(), "present": present, "federated": {*present, *truth.neg_category_ids}}
        return [one for one in self.phrases if one in wanted[self.ask]]

    def _kept(self, truth: InstanceTruth, detections: Detections) -> Detections:
        """Return the detections that count: of what is asked for, under COCO's rules the image's best."""
        detections = detections[
            np.flatnonzero(np.isin(detections.category_ids, self._asked(truth)) & (detections.scores > self.keep_above))
        ]
        return detections.ranked(self.max_per_image) if self.kind == "coco" else detections
