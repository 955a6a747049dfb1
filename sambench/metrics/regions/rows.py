"""Region scores as columns of stored rows, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import PredictionError
from sambench.metrics.regions.counts import RegionCounts
from sambench.types import Row

COVER = ("cover_r", "sum_r", "cover_p", "sum_p")
"""Columns of a row, a list over thresholds each: covered and all pixels of annotated, and of predicted regions."""


def columns_of_regions(counts: RegionCounts) -> Row:
    """Return the columns of one image's scores."""
    cover = {name: counts.cover[:, i].tolist() for i, name in enumerate(COVER)}
    return {
        **cover,
        "cover_best": counts.best,
        "rand_index": counts.rand_index.tolist(),
        "voi": counts.voi.tolist(),
    }


def regions_of_rows(rows: Sequence[Row]) -> list[RegionCounts]:
    """Return the scores of N rows.

    Raises:
        PredictionError: The rows have different numbers of thresholds (predictions with more or fewer segmentations).
    """
    lengths = {len(row["voi"]) for row in rows}
    if len(lengths) > 1:
        raise PredictionError(
            f"predictions have different numbers of segmentations: {sorted(lengths)}",
            mend="store the same number of label maps for every image; each counts as one threshold",
        )
    return [
        RegionCounts(
            np.column_stack([row[name] for name in COVER]),
            row["cover_best"],
            np.array(row["rand_index"]),
            np.array(row["voi"]),
        )
        for row in rows
    ]
