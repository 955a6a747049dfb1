"""Boundary counts as columns of stored rows, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import PredictionError
from sambench.types import Row

COUNTS = ("cnt_r", "sum_r", "cnt_p", "sum_p")
"""Columns of a row: matched and all true pixels, matched and all predicted pixels; a list over thresholds each."""


def columns_of_counts(counts: np.ndarray) -> Row:
    """Return the columns of one image's (T, 4) counts (`sambench.metrics.boundary.counts.boundary_counts`)."""
    return {name: counts[:, i].tolist() for i, name in enumerate(COUNTS)}


def counts_of_rows(rows: Sequence[Row]) -> np.ndarray:
    """Return (N, T, 4) int64 counts of N rows, as `sambench.metrics.boundary.counts.summarize_counts` takes them.

    Raises:
        PredictionError: The rows have different numbers of thresholds (predictions with more or fewer segmentations).
    """
    lengths = {len(row[COUNTS[0]]) for row in rows}
    if len(lengths) > 1:
        raise PredictionError(
            f"predictions have different numbers of segmentations: {sorted(lengths)}",
            mend="store the same number of label maps for every image; each counts as one threshold",
        )
    return np.stack([np.stack([row[name] for name in COUNTS], axis=1) for row in rows]).astype(np.int64)


def levels_of(count: int) -> np.ndarray:
    """Return the benchmark's `count` evenly spaced thresholds, from 1 / (count + 1) to count / (count + 1)."""
    return np.linspace(1 / (count + 1), 1 - 1 / (count + 1), count)
