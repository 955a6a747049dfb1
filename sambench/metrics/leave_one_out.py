"""Agreement of an image's annotators: each is scored against the others, left out in turn, and images are added up.

The rule is the Berkeley benchmark's for humans (`boundaryBenchHuman`, Martin 2003): matched and all boundary pixels of
every annotator against the others are summed over annotators, then over images, and give one recall, precision and F.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sambench.metrics.baseline_rows import without_columns
from sambench.metrics.bootstrap import Resampling, bootstrap_intervals, in_order, weighted_sums
from sambench.metrics.boundary.counts import counts_of_maps
from sambench.metrics.boundary.scores import COUNTS, recall_precision_f
from sambench.metrics.regions.counts import region_counts
from sambench.metrics.regions.segments import best_fits
from sambench.types import Row

SUMMED = ("covered", "pixels", "segments", "segment_iou", "segment_best")
AVERAGED = ("rand_index", "voi")

COLUMNS = (*COUNTS, *SUMMED, *AVERAGED)
"""Columns of a row, a list over the annotators left out each: boundary counts against the others; pixels of the others'
regions, each weighted by the IoU of the region that fits it best, and all of them; segments, and over them the sums of
the IoU with the best fit, mean over the others, and best of the others; Rand index; variation of information (bits)."""


def boundary_columns(boundaries: Sequence[np.ndarray], max_dist: float, thin: bool) -> Row:
    """Return the boundary columns of one image.

    Args:
        boundaries: A (H, W) bool boundary map an annotator.
        max_dist, thin: As for `counts_of_maps`.
    """
    counts = [counts_of_maps([one], others, max_dist, thin)[0] for one, others in _left_out(boundaries)]
    table = np.array(counts, np.int64).reshape(-1, len(COUNTS))
    return {name: table[:, index].tolist() for index, name in enumerate(COUNTS)}


def region_columns(segmentations: Sequence[np.ndarray]) -> Row:
    """Return the region columns of one image: empty lists where there are no segmentations.

    Args:
        segmentations: A (H, W) integer label map an annotator, or none.
    """
    scores: list[dict[str, float]] = []
    for one, others in _left_out(segmentations):
        counts = region_counts([one], others)
        fits = np.stack([best_fits(one, other) for other in others])
        scores.append(
            {
                "covered": float(counts.cover[0, 0]),
                "pixels": float(counts.cover[0, 1]),
                "segments": fits.shape[1],
                "segment_iou": float(fits.mean(axis=0).sum()),
                "segment_best": float(fits.max(axis=0).sum()),
                "rand_index": float(counts.rand_index[0]),
                "voi": float(counts.voi[0]),
            }
        )
    return {name: [one[name] for one in scores] for name in (*SUMMED, *AVERAGED)}


def _left_out(maps: Sequence[np.ndarray]) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Return each annotator's map with all the others'; nothing where there are no others."""
    if len(maps) < 2:
        return []
    return [(one, [*maps[:index], *maps[index + 1 :]]) for index, one in enumerate(maps)]


def agreement_replicates(rows: Sequence[Row], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures of agreement of resamples of images.

    Args:
        rows: N images, one row each.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by figure; region figures only where an image has segmentations, NaN where a resample has none.
    """
    sums = {name: np.array([np.sum(row[name] or [0]) for row in rows], np.float64) for name in (*COUNTS, *SUMMED)}
    means = {name: np.array([np.mean(row[name] or [0]) for row in rows], np.float64) for name in AVERAGED}
    there = np.array([bool(row["voi"]) for row in rows], np.float64)
    table = np.column_stack([*sums.values(), *means.values(), there])
    drawn = dict(zip((*sums, *means, "there"), weighted_sums(weights, table).T, strict=True))
    recall, precision, f = recall_precision_f(np.stack([drawn[name] for name in COUNTS], axis=-1))
    figures = {"boundary_f": f, "boundary_recall": recall, "boundary_precision": precision}
    if not there.any():
        return figures
    return figures | {
        "cover": _ratio(drawn["covered"], drawn["pixels"]),
        "pri": _ratio(drawn["rand_index"], drawn["there"]),
        "voi": _ratio(drawn["voi"], drawn["there"]),
        "segment_iou": _ratio(drawn["segment_iou"], drawn["segments"]),
        "segment_best": _ratio(drawn["segment_best"], drawn["segments"]),
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.where(whole > 0, whole, np.nan)


def agreement_figures(rows: Sequence[Row], seed: int) -> dict[str, tuple[float, tuple[float, float]]]:
    """Return each figure with its 95 % interval over images.

    Args:
        rows: N images, one row each.
        seed: Of the bootstrap.
    """
    resample = partial(agreement_replicates, rows)
    ends = bootstrap_intervals(resample, [""] * len(rows), seed=seed, bounds={"voi": (0.0, float("inf"))})
    values = resample(np.ones((1, len(rows)), np.int64))
    return {name: (float(own[0]), ends[name]) for name, own in values.items()}


class AgreementResampling(Resampling):
    """A task whose rows are annotators scored against each other."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Add up anew over the images of each resample."""
        return agreement_replicates(in_order(rows, sample_ids), weights)

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Shorten the images' hashes."""
        return without_columns(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the image's boundary F; NaN with a single annotator."""
        (row,) = rows
        return float(agreement_replicates(rows, np.ones((1, 1), np.int64))["boundary_f"][0]) if row["cnt_r"] else np.nan
