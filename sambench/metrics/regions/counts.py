"""Region metrics of the Berkeley segmentation benchmark: covering, probabilistic Rand index, variation of information.

Arbelaez et al. 2011, section 3.2; the numbers are those of the benchmark's `evaluation_reg_image`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from sambench.errors import PredictionError, UsageError
from sambench.metrics.regions.levels import regions_of_ucm2


@dataclass(frozen=True)
class RegionCounts:
    """Region scores of one image's T segmentations against all its annotators.

    Attributes:
        cover: (T, 4) float64: cntR, pixels of all annotators' regions, each region's weighted by the IoU of the
            predicted region that fits it best; sumR, the pixels themselves; cntP and sumP, the same of predicted
            regions and the annotators' region, of any of them, that fits best.
        best: cntR when each annotated region may choose its segmentation as well.
        rand_index: (T,) float64 in [0, 1], mean over annotators: share of pixel pairs on whose togetherness both agree.
        voi: (T,) float64 in bits, mean over annotators: what one segmentation tells about the other is 0 where equal.
    """

    cover: np.ndarray
    best: float
    rand_index: np.ndarray
    voi: np.ndarray


@dataclass(frozen=True)
class _Truths:
    """All annotators' regions: columns of one table of shared pixels."""

    column_of: list[np.ndarray]  # (H * W,) column of each pixel, an annotator
    owner: np.ndarray  # (C,) annotator of each column
    labelled: np.ndarray  # (C,) False for the column of an annotator's unlabelled pixels
    areas: np.ndarray  # (C,) pixels


def region_counts(segmentations: Iterable[np.ndarray], truths: Sequence[np.ndarray]) -> RegionCounts:
    """Score a series of segmentations of one image.

    Args:
        segmentations: T (H, W) integer label maps; a label is one region, connected or not; 0 is unlabelled and counts
            as in the original: in no region, but in the areas that regions are compared by.
        truths: One (H, W) integer label map an annotator, 0 as above.

    Returns:
        The scores.

    Raises:
        PredictionError: A segmentation is no label map of the annotators' size, or has no labelled pixel.
        UsageError: There is no annotator, or the annotators' maps are of several sizes.
    """
    table = _index_truths(truths)
    shape = truths[0].shape
    measured = []
    for number, segmentation in enumerate(segmentations, start=1):
        names, row_of = np.unique(_checked(segmentation, shape, f"segmentation {number}"), return_inverse=True)
        rows = row_of.ravel() + (names[0] != 0)  # row 0 is for unlabelled pixels
        measured.append(_measure(*_overlaps(rows, table), table))
    if not measured:
        raise PredictionError("a prediction of segmentations holds none", mend="store at least one label map")
    return _collect(measured, table)


def region_counts_of_ucm2(ucm2: np.ndarray, truths: Sequence[np.ndarray], thresholds: np.ndarray) -> RegionCounts:
    """Score a double-size ultrametric contour map cut at each threshold.

    Args:
        ucm2: (2 * H + 1, 2 * W + 1) float; see `sambench.metrics.regions.levels.regions_of_ucm2`.
        truths: As in `region_counts`.
        thresholds: (T,) float, ascending.

    Returns:
        The scores, by threshold.

    Raises:
        PredictionError: The map does not fit the annotators' size, or a cut has no labelled pixel.
        UsageError: There is no annotator, or the annotators' maps are of several sizes.
    """
    table = _index_truths(truths)
    pieces, regions = regions_of_ucm2(ucm2, thresholds)
    _checked(pieces, truths[0].shape, "the contour map")
    piece, column, pixels = _overlaps(pieces.ravel(), table)
    measured = []
    for region_of in regions:
        names, row_of = np.unique(region_of, return_inverse=True)
        rows = (row_of + (names[0] != 0))[piece]
        measured.append(_measure(*_summed(rows, column, pixels), table))
    return _collect(measured, table)


def _collect(measured: list[tuple[np.ndarray, np.ndarray, float, float]], table: _Truths) -> RegionCounts:
    covers, fits, rand_index, voi = zip(*measured, strict=True)
    best = float((table.areas * np.max(fits, axis=0))[table.labelled].sum())
    return RegionCounts(np.stack(covers), best, np.array(rand_index), np.array(voi))


def _index_truths(truths: Sequence[np.ndarray]) -> _Truths:
    """Number all annotators' regions through."""
    if not truths:
        raise UsageError("there is no annotator's segmentation to score against", mend="give at least one")
    column_of, owner, labelled, start = [], [], [], 0
    for annotator, truth in enumerate(truths):
        if truth.shape != truths[0].shape or truth.ndim != 2:
            raise UsageError(f"annotators' segmentations have shapes {truths[0].shape} and {truth.shape}")
        names, inverse = np.unique(truth, return_inverse=True)
        column_of.append(inverse.ravel() + start)
        owner.append(np.full(len(names), annotator))
        labelled.append(names != 0)
        start += len(names)
    areas = np.bincount(np.concatenate(column_of), minlength=start)
    return _Truths(column_of, np.concatenate(owner), np.concatenate(labelled), areas)


def _checked(labels: np.ndarray, shape: tuple[int, ...], what: str) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != shape:
        text = " x ".join(map(str, labels.shape))
        raise PredictionError(
            f"{what} is {text} (height x width), the annotators' are {' x '.join(map(str, shape))}",
            mend="segment the image at its own size",
        )
    if labels.dtype.kind == "f" and (labels == np.floor(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "uib" or labels.min() < 0:
        raise PredictionError(
            f"{what} holds {labels.dtype} from {labels.min():g}, not labels", mend="use whole numbers from 1 on"
        )
    return labels


def _overlaps(rows: np.ndarray, table: _Truths) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the pixels every region (row) shares with every annotated one (column), where there are any."""
    every = np.concatenate(table.column_of)
    return _summed(np.tile(rows, len(table.column_of)), every, np.ones(len(every), np.int64))


def _summed(rows: np.ndarray, columns: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up the entries of a sparse table that stand in one place: rows, columns and pixels, (E,) int64 each."""
    summed = coo_array((pixels, (rows, columns))).tocsr().tocoo()
    return summed.row.astype(np.int64), summed.col.astype(np.int64), summed.data


def _measure(
    rows: np.ndarray, columns: np.ndarray, pixels: np.ndarray, table: _Truths
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Score one segmentation from the pixels its regions share with the annotators' (row 0: unlabelled pixels).

    Returns:
        (4,) cntR, sumR, cntP, sumP; (C,) best IoU of each annotated region; Rand index; variation of information.
    """
    first = table.owner[columns] == 0
    areas = np.bincount(rows[first], weights=pixels[first])
    inside = (rows > 0) & table.labelled[columns]
    rows, columns, pixels = rows[inside], columns[inside], pixels[inside]
    overlap = pixels / (areas[rows] + table.areas[columns] - pixels)
    fit_rows, fit_columns = np.zeros(len(areas)), np.zeros(len(table.areas))
    np.maximum.at(fit_rows, rows, overlap)
    np.maximum.at(fit_columns, columns, overlap)
    true_areas = table.areas * table.labelled
    cover = [(true_areas * fit_columns).sum(), true_areas.sum(), (areas * fit_rows)[1:].sum(), areas[1:].sum()]
    return np.array(cover, np.float64), fit_columns, *_agreement(rows, columns, pixels, table.owner)


def _agreement(rows: np.ndarray, columns: np.ndarray, pixels: np.ndarray, owner: np.ndarray) -> tuple[float, float]:
    """Return Rand index and variation of information, means over annotators, from (E,) shared pixels."""
    n_annotators = int(owner[-1]) + 1
    annotator, annotators = owner[columns], np.arange(n_annotators)
    total = np.bincount(annotator, weights=pixels, minlength=n_annotators)
    if not total.all():
        raise PredictionError("a segmentation has no labelled pixel", mend="number its regions from 1 on; 0 is none")
    n_rows = int(rows.max()) + 1
    of_row = np.bincount(annotator * n_rows + rows, weights=pixels, minlength=n_annotators * n_rows)
    of_column = np.bincount(columns, weights=pixels, minlength=len(owner))
    parts = [
        (np.bincount(annotator, weights=pixels.astype(np.float64) ** 2), _bits(annotator, pixels)),
        (
            (of_row.reshape(n_annotators, -1) ** 2).sum(axis=1),
            _bits(np.repeat(annotators, n_rows), of_row),
        ),
        (np.bincount(owner, weights=of_column**2), _bits(owner, of_column)),
    ]
    (both, both_bits), (ours, our_bits), (theirs, their_bits) = parts
    pairs = np.maximum(total * (total - 1) / 2, 1)
    rand_index = 1 - (ours / 2 + theirs / 2 - both) / pairs
    # H(ours) + H(theirs) - 2 MI, with entropies written as log n - sum(x log x) / n.
    voi = np.maximum((our_bits + their_bits - 2 * both_bits) / total, 0)
    return float(rand_index.mean()), float(voi.mean())


def _bits(group: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum x log2 x over groups."""
    return np.bincount(group, weights=counts * np.log2(np.maximum(counts, 1)))
