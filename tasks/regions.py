"""Regions on BSDS500: segmentations made elsewhere against every annotator's.

Paper:      Contour Detection and Hierarchical Image Segmentation (Arbelaez et al., TPAMI 2011), section 3.2.
Data:       BSDS500 test, 200 images, 4 to 9 annotators each; non-commercial research and education.
Protocol:   one segmentation a threshold: an ultrametric contour map cut at 99 thresholds, or label maps in the order
            they are stored.
Metrics:    segmentation covering at optimal data set scale (ODS), optimal image scale (OIS) and best per region;
            probabilistic Rand index and variation of information (bits, less is better) at ODS and OIS
            (`sambench.metrics.regions.counts`).
Deviations: none; the benchmark's own result files are reproduced to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from sambench.config.ranges import Range
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import DatasetError, UsageError
from sambench.metrics.boundary.scores import levels_of
from sambench.metrics.regions.counts import region_counts, region_counts_of_ucm2
from sambench.metrics.regions.rows import columns_of_regions, regions_of_rows
from sambench.metrics.regions.scores import SCORES, RegionResampling, region_ci95, summarize_regions
from sambench.predictions.region_maps import RegionPrediction, SegmentationReading
from sambench.types import BoundaryTruth, Metric, Row, Sample


@dataclass(frozen=True)
class RegionsTask(SegmentationReading, RegionResampling, Task):
    """Segmentation covering, Rand index and variation of information of segmentations made elsewhere.

    Attributes:
        thresholds: Cuts of a contour map (BSDS: 99); stored label maps are as many as they are.
    """

    name: ClassVar[str] = "regions"
    target: ClassVar[type] = BoundaryTruth
    mini_kind: ClassVar[str] = "bsds"

    thresholds: Annotated[int, Range(1, 999)] = 99

    def predict(self, sample: Sample, predictor: Predictor) -> Any:
        """Refuse: no protocol says how a promptable model divides an image into a hierarchy of regions.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "task regions scores segmentations made elsewhere; it has no protocol for a model",
            where="task=regions",
            mend="sambench score task=regions data=bsds500 data.root=FOLDER predictions=FOLDER",
        )

    def score(self, sample: Sample, prediction: RegionPrediction) -> list[Row]:
        """Compare every segmentation with every annotator's; one row an image."""
        truths = sample.target.segmentations
        if not truths:
            what = "the ground truth has boundaries and no segmentation, which region metrics compare"
            raise DatasetError(what, where=sample.id, mend="choose task=edges, or data with label maps (Segmentation)")
        if isinstance(prediction, list):
            levels, counts = "segs", region_counts(prediction, truths)
        else:
            levels, counts = "thresholds", region_counts_of_ucm2(prediction, truths, levels_of(self.thresholds))
        identity = {"sample_id": sample.id, "image_sha256": sample.image_sha256, "annotators": len(truths)}
        return [{**identity, "levels": levels, **columns_of_regions(counts)}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Average over images; intervals resample images and find the best thresholds anew each time."""
        images = regions_of_rows(rows)
        scores, intervals = summarize_regions(images, levels_of(len(images[0].voi))), region_ci95(images, seed=seed)
        return {name: _metric(name, getattr(scores, name), intervals[name], len(rows)) for name in SCORES}


def _metric(name: str, value: float, interval: tuple[float, float], n: int) -> Metric:
    if name.startswith("voi"):
        return Metric(value, interval, n, higher_is_better=False, unit="bits")
    return Metric(value, interval, n)
