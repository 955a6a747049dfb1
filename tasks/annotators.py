"""How far the annotators of an image agree: the ceiling of what a model can be told to reach.

Paper:      Learning to Detect Natural Image Boundaries (Martin et al., TPAMI 2004), whose benchmark scores humans so;
            its figures for BSDS500: Contour Detection and Hierarchical Image Segmentation (Arbelaez et al., 2011).
Data:       BSDS500, or any boundary data with several annotators an image (`data=own` takes a folder an annotator).
Protocol:   each annotator in turn stands in a model's place and is scored against all the others of the image.
Metrics:    boundary recall, precision and F, counts added up over annotators and images; covering, probabilistic Rand
            index and variation of information against the others; IoU of each segment with the segment that fits it
            best, mean over the others and best of the others (`sambench.metrics.leave_one_out`).
Rules:      an image with one annotator has nobody to agree with and counts in no figure, which is told; one threshold,
            as an annotator draws lines and no strengths, so that ODS and OIS are one number.
Deviations: none known from the benchmark's rule for boundaries; its region figures for humans, whose rule its code does
            not hold, come out by the same. IoU of segments is ours: it needs no click, as annotators give none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from sambench.config.ranges import Range
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import DatasetError
from sambench.metrics.leave_one_out import (
    AgreementResampling,
    agreement_figures,
    boundary_columns,
    region_columns,
)
from sambench.types import BoundaryTruth, Metric, Row, Sample

REFERENCE = {
    "boundary_f": "F",
    "cover": "covering",
    "pri": "PRI",
    "voi": "VOI",
    "segment_iou": "segment IoU",
    "segment_best": "best segment IoU",
}
"""Figure -> its column beside the published row."""


@dataclass(frozen=True)
class AnnotatorsTask(AgreementResampling, Task):
    """Annotators scored against each other: boundary F, region metrics and IoU of segments; no model is run.

    Attributes:
        thin: Thin an annotator's lines before matching, as the benchmark does with what it scores.
        max_dist: Matching tolerance as a fraction of the image diagonal (BSDS: 0.0075).
    """

    name: ClassVar[str] = "annotators"
    target: ClassVar[type] = BoundaryTruth
    mini_kind: ClassVar[str] = "bsds"
    only_model: ClassVar[str | None] = "humans"

    thin: bool = True
    max_dist: Annotated[float, Range(0, 1, above=True)] = 0.0075

    def predict(self, sample: Sample, predictor: Predictor) -> BoundaryTruth:
        """Return what the annotators drew: each is a prediction that the others judge."""
        drawn: BoundaryTruth = sample.target
        return drawn

    def score(self, sample: Sample, prediction: BoundaryTruth) -> list[Row]:
        """Score each annotator against the others; one row an image."""
        identity = {"sample_id": sample.id, "image_sha256": sample.image_sha256}
        lines = boundary_columns(prediction.boundaries, self.max_dist, self.thin)
        annotators = len(prediction.boundaries)
        return [{**identity, "annotators": annotators, **lines, **region_columns(prediction.segmentations)}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Add up over annotators and images; intervals resample images.

        Raises:
            DatasetError: No image has two annotators.
        """
        several = [row for row in rows if row["annotators"] > 1]
        if not several:
            raise DatasetError(
                f"none of {len(rows)} image(s) has two annotators, who could agree",
                where="task=annotators",
                mend="choose data with several annotators an image, as data=bsds500",
            )
        alone = len(rows) - len(several)
        note = f"{alone} of {len(rows)} images have one annotator and count in no figure" if alone else ""
        metrics = {}
        for name, (value, ci95) in agreement_figures(several, seed).items():
            known = f"annotators/{REFERENCE[name]}" if name in REFERENCE else None
            unit = {"voi": "bits", "segment_iou": "IoU", "segment_best": "IoU"}.get(name, "fraction")
            metrics[name] = Metric(value, ci95, len(several), name != "voi", unit, reference=known, note=note)
        return metrics
