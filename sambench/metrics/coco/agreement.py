"""What happens when evaluators that should count alike do not: the run stops and says which number differs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sambench.errors import SambenchError

TOLERANCE = 1e-9
"""Largest difference of a figure between evaluators that count alike: they add up means in different orders."""

_MEND = "choose one with evaluator=fast or evaluator=official, and report the predictions that bring this about"


class DisagreementError(SambenchError):
    """Two evaluators gave different numbers for the same predictions."""


def agreed_figures(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Compare evaluators' figures.

    Args:
        figures: Figures by name, by evaluator; compared where the first and another both have them.

    Returns:
        The first evaluator's figures.

    Raises:
        DisagreementError: A figure differs by more than `TOLERANCE`, or is undefined (NaN) for one alone.
    """
    (first, reference), *others = figures.items()
    for other, values in others:
        for name in reference.keys() & values.keys():
            same = math.isnan(reference[name]) and math.isnan(values[name])
            if not (same or abs(reference[name] - values[name]) <= TOLERANCE):
                raise DisagreementError(
                    f"evaluators disagree on {name}: {first} has {reference[name]!r}, {other} {values[name]!r}",
                    mend=_MEND,
                )
    return dict(reference)


def check_records(records: Mapping[str, Mapping[str, object]], image_id: int | str) -> None:
    """Compare evaluators' records of one image, which have to be equal.

    Args:
        records: Arrays by name, by evaluator.
        image_id: Named in the error.

    Raises:
        DisagreementError: An array differs.
    """
    (first, reference), *others = records.items()
    for other, arrays in others:
        for name, values in reference.items():
            if not np.array_equal(np.asarray(values), np.asarray(arrays[name])):
                raise DisagreementError(
                    f"evaluators disagree on {name}: {_difference(first, values, other, arrays[name])}",
                    where=f"image {image_id}",
                    mend=_MEND,
                )


def _difference(first: str, values: object, other: str, others: object) -> str:
    """Name the first element that differs."""
    left, right = np.asarray(values), np.asarray(others)
    if left.shape != right.shape:
        return f"{first} has {len(left)} entries, {other} {len(right)}"
    index = tuple(np.argwhere(left != right)[0].tolist())
    return f"at {list(index)} {first} has {left[index]}, {other} {right[index]}"
