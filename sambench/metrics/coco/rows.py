"""Match records as columns of stored rows, and back: numbers and lists, one row an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sambench.metrics.coco.average_recall import ProposalMatches
from sambench.metrics.coco.matches import InstanceMatches
from sambench.metrics.coco.params import IOU_THRESHOLDS
from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS
from sambench.types import Row

_SHIFT = 16  # uncounted bits are stored above the hits


def columns_of_proposals(match: ProposalMatches) -> Row:
    """Return `image_id` and, for each group, `places_GROUP`: ten places an object in one list."""
    return {
        "image_id": match.image_id,
        **{f"places_{name}": places.reshape(-1).tolist() for name, places in match.places.items()},
    }


def proposals_of_rows(rows: Sequence[Row]) -> list[ProposalMatches]:
    """Return the records that `columns_of_proposals` made rows of."""
    names = [name for name in (*AREA_RANGES, *FREQUENCY_GROUPS) if rows and rows[0].get(f"places_{name}") is not None]
    return [
        ProposalMatches(
            row["image_id"],
            {name: _array(row[f"places_{name}"], np.int32).reshape(-1, len(IOU_THRESHOLDS)) for name in names},
        )
        for row in rows
    ]


def columns_of_instances(match: InstanceMatches, frequencies: Mapping[int, str] | None = None) -> Row:
    """Return the record of an image as lists.

    `found_*` has one element a detection: category, score, place, and for each area range its hits and, 16 bits up, its
    uncounted bits. `truth_*` has one element a category: its id, the objects that count in each area range and, with
    `frequencies` (LVIS), its letter.
    """
    bits = match.hits.astype(np.int64) | match.uncounted.astype(np.int64) << _SHIFT
    return {
        "image_id": match.image_id,
        "found_category": match.categories.tolist(),
        "found_score": match.scores.tolist(),
        "found_place": match.places.tolist(),
        **{f"found_{name}": bits[:, a].tolist() for a, name in enumerate(AREA_RANGES)},
        "truth_category": match.truth_categories.tolist(),
        **{f"truth_{name}": match.truth_counts[:, a].tolist() for a, name in enumerate(AREA_RANGES)},
        **(
            {}
            if frequencies is None
            else {"truth_frequency": [frequencies[k] for k in match.truth_categories.tolist()]}
        ),
    }


def frequencies_of_rows(rows: Sequence[Row]) -> dict[int, str] | None:
    """Return the frequency letter of every category that has an object, or None where rows hold none."""
    if not any(row.get("truth_frequency") is not None for row in rows):
        return None
    return {
        int(category): letter
        for row in rows
        for category, letter in zip(row["truth_category"] or [], row["truth_frequency"] or [], strict=True)
    }


def instances_of_rows(rows: Sequence[Row]) -> list[InstanceMatches]:
    """Return the records that `columns_of_instances` made rows of."""
    records = []
    for row in rows:
        bits = np.stack([_array(row[f"found_{name}"], np.int64) for name in AREA_RANGES], axis=1)
        records.append(
            InstanceMatches(
                image_id=row["image_id"],
                categories=_array(row["found_category"], np.int64),
                scores=_array(row["found_score"], np.float64),
                places=_array(row["found_place"], np.int32),
                hits=(bits & ((1 << _SHIFT) - 1)).astype(np.uint16),
                uncounted=(bits >> _SHIFT).astype(np.uint16),
                truth_categories=_array(row["truth_category"], np.int64),
                truth_counts=np.stack([_array(row[f"truth_{name}"], np.int64) for name in AREA_RANGES], axis=1),
            )
        )
    return records


def _array(values: Any, dtype: type) -> np.ndarray:
    return np.asarray([] if values is None else values, dtype)
