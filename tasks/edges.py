"""Zero-shot edge detection on BSDS500.

Paper:      Segment Anything (arXiv 2304.02643), section 7.2, appendix D.2, table 3.
Data:       BSDS500 test, 200 images, 4 to 9 annotators each; non-commercial research and education.
Protocol:   a 16 x 16 grid of points, three masks each, no filter by predicted IoU or stability, no crops; box NMS at
            0.7 by predicted IoU; Sobel filter on the masks' probability maps (sigmoid of the logits); zero where a
            pixel is not on a mask's outer boundary; pixel-wise maximum; linear stretch to [0, 1]; edge NMS. The NMS
            threshold, the sigmoid and the absence of crops are the authors' word in segment-anything issue 226.
Open:       everything else is a switch below whose default is stated with its reason.
Metrics:    ODS, OIS, AP and R50 by the BSDS benchmark at 99 thresholds (`sambench.metrics.boundary.counts`).
Deviations: none known; the paper's own edge NMS and boundary rule were never published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.drawing.pictures.overlay import EdgeDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.masks.edges.nms import binomial_blur, ridge_orientation, suppress_canny, suppress_toolbox
from sambench.masks.edges.painted import EdgeRules, normalise, painted_edges, quantised, without_border
from sambench.masks.nms import box_nms, box_nms_in_batches
from sambench.metrics.boundary.counts import boundary_counts, counts_of_maps, summarize_counts
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.resampled import BoundaryResampling, boundary_ci95, unsteady_scores
from sambench.metrics.boundary.scores import COUNTS, columns_of_counts, counts_of_rows, levels_of
from sambench.models.base import PromptableModel, Question
from sambench.models.edges.detector import strength_of
from sambench.predictions.edge_maps import EdgeMapSaving, EdgePrediction
from sambench.predictions.edge_suppression import thinned
from sambench.prompts.grid import grid_points_xy, single_points
from sambench.types import BoundaryTruth, Metric, Row, Sample

if TYPE_CHECKING:
    from torch import Tensor

BATCH_POINTS = 64
"""Points in a batch of the reimplementation that suppresses within batches."""

OF_MASKS: tuple[str, ...] = (
    "grid", "nms_iou", "nms_scope", "sobel", "sobel_border", "boundary", "boundary_width", "border_zero", "blur",
    "edge_nms", "nms_radius", "nms_multiplier", "nms_fade", "orientation_smoothing", "orientation",
)  # fmt: skip
"""Switches that decide how masks become a map of edges."""

REFERENCE = {"ods": "edges/ODS", "ois": "edges/OIS", "ap": "edges/AP", "r50": "edges/R50"}


@dataclass(frozen=True)
class EdgesTask(EdgeMapSaving, EdgeDrawing, BoundaryResampling, Task):
    """Zero-shot edge detection: ODS, OIS, AP and R50 of edge maps made from a grid of point prompts.

    Attributes:
        grid: Points a side (paper: 16).
        nms_iou: Box NMS threshold; 1.0 keeps every mask (issue 226: 0.7).
        nms_scope: "image" suppresses among all masks of the image, as the released generator does; "batch" also among
            the masks of each batch of 64 points first (ymgw55).
        sobel: Taps of the Sobel kernel (unstated; 3 is the Sobel filter).
        sobel_border: What lies beyond the image (unstated; "replicate" makes no edge where a mask meets the border).
        boundary: Side of a mask's boundary that counts (paper: "outer").
        boundary_width: Thickness of that side in pixels (unstated; 1 is the boundary's own pixels).
        border_zero: Pixels along the image's border set to 0 before stretching (unstated; 0 changes nothing).
        blur: Taps of a binomial blur before edge NMS, 0 for none (unstated).
        edge_nms: "toolbox" is the benchmark's own edge NMS, used by most published rows; "canny" the four-direction
            rule of the paper's citation; "none" leaves it to the benchmark's thinning.
        nms_radius: Toolbox: neighbours compared up to this many pixels (edge toolbox: 1).
        nms_multiplier: Toolbox: above 1 keeps near ties (edge toolbox: 1.01).
        nms_fade: Toolbox: strength fades to 0 within this many pixels of the border (edge toolbox: 5).
        orientation_smoothing: Toolbox: triangle radius before the orientation is estimated (edge toolbox: 4).
        orientation: Toolbox: second derivatives by "central" differences (edge toolbox) or "sobel" (OpenCV).
        detector_nms: Of a model that finds edges by itself, whose map takes the place of all above: "toolbox" smooths
            and thins it as published rows of learned detectors are, "none" leaves it, "auto" leaves thin ones.
        map_dtype: "uint8" scores the map of 8 bits, as the benchmark reads it; "uint16" and "float32" are finer.
        map_rounding: How strengths become whole numbers: to the "nearest", or cut off ("truncate", ymgw55).
        thin: Thin the thresholded map before matching, as the benchmark does.
        max_dist: Matching tolerance as a fraction of the image diagonal (BSDS: 0.0075).
        thresholds: Number of thresholds (BSDS: 99).
        nan: What becomes of a mask whose logits are NaN or whose predicted IoU is not finite: "error" stops and names
            it, "zero" takes it as empty with a predicted IoU of 0 and counts it.
    """

    name: ClassVar[str] = "edges"
    target: ClassVar[type] = BoundaryTruth
    mini_kind: ClassVar[str] = "bsds"

    grid: Annotated[int, Range(1, 512)] = 16
    nms_iou: Annotated[float, Range(0, 1)] = 0.7
    nms_scope: Literal["image", "batch"] = "image"
    sobel: Literal[3, 5, 7] = 3
    sobel_border: Literal["replicate", "reflect", "zero"] = "replicate"
    boundary: Literal["outer", "inner", "thick"] = "outer"
    boundary_width: Annotated[int, Range(1, 100)] = 1
    border_zero: Annotated[int, Range(0, 100)] = 0
    blur: Literal[0, 3, 5] = 0
    edge_nms: Literal["toolbox", "canny", "none"] = "toolbox"
    nms_radius: Annotated[int, Range(1, 50)] = 1
    nms_multiplier: Annotated[float, Range(0.5, 10)] = 1.01
    nms_fade: Annotated[int, Range(0, 100)] = 5
    orientation_smoothing: Annotated[int, Range(0, 50)] = 4
    orientation: Literal["central", "sobel"] = "central"
    detector_nms: Literal["auto", "toolbox", "none"] = "auto"
    map_dtype: Literal["uint8", "uint16", "float32"] = "uint8"
    map_rounding: Literal["nearest", "truncate"] = "nearest"
    thin: bool = True
    max_dist: Annotated[float, Range(0, 1, above=True)] = 0.0075
    thresholds: Annotated[int, Range(1, 999)] = 99
    nan: Literal["error", "zero"] = "error"

    def questions(self) -> list[Question]:
        """Return the one question: the several masks of a point, or a map of edges."""
        return [Question(points=1, or_edges=True)]

    def idle_switches(self, model: PromptableModel) -> Sequence[str]:
        """Return what only masks, or only a detector's own map, are subject to."""
        return ["detector_nms"] if model.answers_prompts else OF_MASKS

    def predict(self, sample: Sample, predictor: Predictor) -> np.ndarray:
        """Make the edge map of one image: (H, W) of `map_dtype`."""
        if not predictor.model.answers_prompts:
            edge_strength = strength_of(predictor.embed(sample))
            thick = self.detector_nms == "toolbox" or (self.detector_nms == "auto" and not predictor.model.thin_edges)
            return quantised(thinned(edge_strength) if thick else edge_strength, self.map_dtype, self.map_rounding)
        strength = normalise(without_border(self._painted(sample, predictor), self.border_zero))
        return quantised(self._suppressed(strength), self.map_dtype, self.map_rounding)

    def score(self, sample: Sample, prediction: EdgePrediction) -> list[Row]:
        """Match the edge map with every annotator's boundaries at every threshold; one row an image."""
        truths = sample.target.boundaries
        if isinstance(prediction, list):
            maps = boundaries_from_segs(prediction)
            levels, counts = "segs", counts_of_maps(maps, truths, self.max_dist, self.thin)
        else:
            strength, at = strength_from_image(prediction), levels_of(self.thresholds)
            levels, counts = "thresholds", boundary_counts(strength, truths, at, self.max_dist, self.thin)
        identity = {"sample_id": sample.id, "image_sha256": sample.image_sha256, "annotators": len(truths)}
        return [{**identity, "levels": levels, **columns_of_counts(counts)}]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Add the counts up over images; intervals re-accumulate them over resampled images."""
        counts = counts_of_rows(rows)
        levels = levels_of(counts.shape[1])
        scores, intervals = summarize_counts(counts, levels), boundary_ci95(counts, levels, seed=seed)
        notes = unsteady_scores(counts)
        if not counts[..., COUNTS.index("sum_r")].any():
            notes["ods"] = "no annotator of any image drew a boundary: there is nothing to find"
        return {
            name: Metric(
                float(getattr(scores, name)), intervals[name], len(rows), reference=reference, note=notes.get(name, "")
            )
            for name, reference in REFERENCE.items()
        }

    def _painted(self, sample: Sample, predictor: Predictor) -> np.ndarray:
        """Prompt with the grid and paint the edges of the masks that survive box NMS."""
        prompts = single_points(grid_points_xy(self.grid, sample.size))

        def surviving(boxes_xyxy: Tensor, scores: Tensor) -> Tensor:
            if self.nms_scope == "batch":
                batch = BATCH_POINTS * (len(scores) // len(prompts))
                return box_nms_in_batches(boxes_xyxy, scores, self.nms_iou, batch)
            return box_nms(boxes_xyxy, scores, self.nms_iou)

        answers = predictor.decode(predictor.embed(sample), prompts, multimask=True)
        rules = EdgeRules(self.sobel, self.sobel_border, self.boundary, self.boundary_width)
        return painted_edges(answers, sample.size, rules, surviving)

    def _suppressed(self, strength: np.ndarray) -> np.ndarray:
        """Keep of a map in [0, 1] the ridges of its edges."""
        if self.blur:
            strength = binomial_blur(strength, self.blur)
        if self.edge_nms == "toolbox":
            across = ridge_orientation(strength, self.orientation_smoothing, self.orientation)
            return suppress_toolbox(strength, across, self.nms_radius, self.nms_fade, self.nms_multiplier)
        return suppress_canny(strength) if self.edge_nms == "canny" else strength
