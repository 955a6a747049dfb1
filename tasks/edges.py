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
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset
from sambench.engine.predictor import Predictor
from sambench.engine.task import PredictionReader, Task
from sambench.errors import UsageError
from sambench.masks import edge_nms
from sambench.masks.edge_strength import MaskEdge, mask_edges, normalise, paint
from sambench.masks.nms import box_nms
from sambench.masks.resize import logits_at_original
from sambench.metrics.baseline_rows import in_order, without
from sambench.metrics.boundary.counts import boundary_counts, counts_of_maps, summarize_counts
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.resampled import boundary_ci95, boundary_replicates
from sambench.metrics.boundary.rows import COUNTS, columns_of_counts, counts_of_rows, levels_of
from sambench.metrics.boundary.scores import half_precision_crossings, recall_precision_f
from sambench.models.questions import Question
from sambench.pictures.boundaries import match_picture
from sambench.pictures.overlay import edge_overlay
from sambench.predictions.edge_maps import EdgeMapFolder, EdgePrediction, write_map
from sambench.predictions.edge_suppression import Suppression
from sambench.prompts.grid import grid_points_xy
from sambench.types import BoundaryTruth, Metric, Prompts, Row, Sample

CHUNK = 32
"""Masks resized to the image at once."""

BATCH_POINTS = 64
"""Points in a batch of the reimplementation that suppresses within batches."""

if TYPE_CHECKING:
    from torch import Tensor


REFERENCE = {"ods": "edges/ODS", "ois": "edges/OIS", "ap": "edges/AP", "r50": "edges/R50"}


@dataclass(frozen=True)
class EdgesTask(Task):
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
        map_dtype: "uint8" scores the stored 8-bit PNG, as the benchmark reads it; "uint16" and "float32" finer maps.
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
    map_dtype: Literal["uint8", "uint16", "float32"] = "uint8"
    map_rounding: Literal["nearest", "truncate"] = "nearest"
    thin: bool = True
    max_dist: Annotated[float, Range(0, 1, above=True)] = 0.0075
    thresholds: Annotated[int, Range(1, 999)] = 99
    nan: Literal["error", "zero"] = "error"

    def questions(self) -> list[Question]:
        """Return the one question: the several masks of a point."""
        return [Question(points=1)]

    def predict(self, sample: Sample, predictor: Predictor) -> np.ndarray:
        """Make the edge map of one image: (H, W) of `map_dtype`."""
        strength = normalise(self._zero_border(paint(self._surviving_edges(sample, predictor), sample.size)))
        return _quantise(self._thin(strength), self.map_dtype, self.map_rounding)

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
        crossings = half_precision_crossings(scores.recall, scores.precision)
        told = f"precision crosses .5 at {crossings} places of the curve, so that R50 is not one recall"
        notes = {"r50": told if crossings > 1 else ""}
        if not counts[..., COUNTS.index("sum_r")].any():
            notes["ods"] = "no annotator of any image drew a boundary: there is nothing to find"
        return {
            name: Metric(
                float(getattr(scores, name)), intervals[name], len(rows), reference=reference, note=notes.get(name, "")
            )
            for name, reference in REFERENCE.items()
        }

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Add the counts up anew over the images of each resample."""
        counts = counts_of_rows(in_order(rows, sample_ids))
        return boundary_replicates(counts, levels_of(counts.shape[1]), weights)

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Shorten the images' hashes; counts compress well as they are."""
        return without(rows)

    def save(self, sample: Sample, prediction: np.ndarray, folder: Path) -> None:
        """Write the map as a PNG (8 or 16 bits), or as .npy where it is float32."""
        write_map(prediction, folder, sample.id)

    def reader(
        self, path: Path, dataset: Dataset, nms: Suppression = "auto", names: str | None = None
    ) -> PredictionReader:
        """Open a folder of soft maps, `ucm2` or `segs` files made by `save` or by any detector.

        Args:
            path: The folder.
            dataset: What they answer to.
            nms: Edge suppression of soft maps; "auto" measures whether they still need it.
            names: A template of the files' names; None finds it.
        """
        return EdgeMapFolder(path, dataset.all_keys, nms, dataset.keys, dataset.image_rules.max_pixels, names)

    def illustrate(self, sample: Sample, prediction: EdgePrediction, folder: Path) -> None:
        """Draw the edges over the image, and what of them is right at the threshold that is best for it."""
        edge_overlay(sample, prediction, folder)
        match_picture(sample, prediction, folder, self.thresholds, self.max_dist, self.thin)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the image's best F over thresholds."""
        return float(recall_precision_f(counts_of_rows(rows))[2].max())

    def _surviving_edges(self, sample: Sample, predictor: Predictor) -> list[MaskEdge]:
        """Prompt with the grid and keep the edges of the masks that survive box NMS."""
        import torch

        points_xy = torch.from_numpy(grid_points_xy(self.grid, sample.size)).float()[:, None]
        prompts = Prompts(points_xy, torch.ones(points_xy.shape[:2], dtype=torch.int64))
        edges: list[MaskEdge] = []
        scores = []
        for answer in predictor.decode(predictor.embed(sample), prompts, multimask=True):
            masks = answer.flat()
            for start in range(0, len(masks.logits), CHUNK):
                logits = logits_at_original(masks.logits[start : start + CHUNK, 0], masks.frame)
                edges += mask_edges(
                    logits.cpu().numpy(), self.sobel, self.sobel_border, self.boundary, self.boundary_width
                )
            scores.append(masks.predicted_iou[:, 0].float().cpu())
        boxes_xyxy = torch.tensor([edge.box_xyxy for edge in edges])
        kept = self._suppress(boxes_xyxy, torch.cat(scores), len(edges) // len(points_xy))
        return [edges[index] for index in kept.tolist()]

    def _suppress(self, boxes_xyxy: Tensor, scores: Tensor, per_point: int) -> Tensor:
        """Return the indices of the masks that survive box NMS, `per_point` masks a grid point in order."""
        import torch

        candidates = torch.arange(len(scores))
        if self.nms_scope == "batch":
            batches = candidates.split(BATCH_POINTS * per_point)
            candidates = torch.cat([part[box_nms(boxes_xyxy[part], scores[part], self.nms_iou)] for part in batches])
        return candidates[box_nms(boxes_xyxy[candidates], scores[candidates], self.nms_iou)]

    def _zero_border(self, strength: np.ndarray) -> np.ndarray:
        if self.border_zero:
            if 2 * self.border_zero >= min(strength.shape):
                raise UsageError(
                    f"border_zero={self.border_zero} leaves nothing of an image of {strength.shape[0]} x"
                    f" {strength.shape[1]} (height x width)",
                    where="task.border_zero",
                    mend=f"give at most {(min(strength.shape) - 1) // 2}",
                )
            inner = np.zeros_like(strength)
            inside = (slice(self.border_zero, -self.border_zero),) * 2
            inner[inside] = strength[inside]
            return inner
        return strength

    def _thin(self, strength: np.ndarray) -> np.ndarray:
        if self.blur:
            strength = edge_nms.binomial_blur(strength, self.blur)
        if self.edge_nms == "toolbox":
            across = edge_nms.ridge_orientation(strength, self.orientation_smoothing, self.orientation)
            return edge_nms.suppress_toolbox(strength, across, self.nms_radius, self.nms_fade, self.nms_multiplier)
        return edge_nms.suppress_canny(strength) if self.edge_nms == "canny" else strength


def _quantise(strength: np.ndarray, dtype: str, rounding: str) -> np.ndarray:
    """Turn a map in [0, 1] into the integers of a PNG, or leave it as float32."""
    if dtype == "float32":
        return strength.astype(np.float32)
    top = np.iinfo(dtype).max
    if rounding == "truncate":  # a product in single precision, as numpy makes it of a float32 map
        return (np.clip(strength, 0, 1).astype(np.float32) * np.float32(top)).astype(dtype)
    return np.round(np.clip(strength, 0, 1).astype(np.float64) * top).astype(dtype)
