"""Rows of pairs: what was counted in each, as columns, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.metrics.concepts.counts import PairCounts
from sambench.metrics.concepts.oracle import best_annotators
from sambench.metrics.concepts.rules import IOU_THRESHOLDS, ConceptRules
from sambench.types import Row

COUNTED = ("tp", "fp", "predicted", "objects", "present")
"""Columns of a row that scores are made of: two lists of ten, two numbers, one bool."""


def columns_of_pair(counts: Sequence[PairCounts], rules: ConceptRules) -> Row:
    """Return the columns of one pair.

    Args:
        counts: Of the pair against each annotator, in the benchmark's order.
        rules: That they were counted by.

    Returns:
        "annotator", the place of the one that is agreed with best, and what was counted against that one: "tp" and
        "fp", ten numbers by `IOU_THRESHOLDS` each, "predicted", "objects" and "present".
    """
    best = int(best_annotators(counts, rules.epsilons)[0])
    one = counts[best]
    return {
        "annotator": best,
        "tp": one.true_positives[0].tolist(),
        "fp": one.false_positives[0].tolist(),
        "predicted": int(one.predicted[0]),
        "objects": int(one.objects[0]),
        "present": bool(one.present[0]),
    }


def columns_of_sweep(swept: Sequence[Sequence[PairCounts]], rules: ConceptRules) -> Row:
    """Return the columns of one pair counted at several thresholds of the score, all in one list each.

    Args:
        swept: For each threshold what `columns_of_pair` takes.
        rules: But for the threshold.
    """
    columns = [columns_of_pair(counts, rules) for counts in swept]
    lists = {f"swept_{name}": [value for one in columns for value in one[name]] for name in ("tp", "fp")}
    return {**lists, **{f"swept_{name}": [one[name] for one in columns] for name in COUNTED[2:]}}


def counts_of_rows(rows: Sequence[Row]) -> PairCounts:
    """Read the counts of N rows, at least one."""
    tp, fp, predicted, objects = (np.array([row[name] for row in rows], np.int64) for name in COUNTED[:4])
    return PairCounts(tp, fp, predicted, objects, np.array([row["present"] for row in rows], bool))


def sweep_of_rows(rows: Sequence[Row], index: int) -> PairCounts:
    """Read the counts of N rows, at least one, at one of the thresholds that were swept, by its place."""
    width = len(IOU_THRESHOLDS)
    span = slice(width * index, width * (index + 1))
    plain = [{name: row[f"swept_{name}"][span if name in ("tp", "fp") else index] for name in COUNTED} for row in rows]
    return counts_of_rows(plain)
