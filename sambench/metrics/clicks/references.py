"""Figures of clicked masks as metrics, tied to the columns where such numbers were published."""

from __future__ import annotations

from collections.abc import Mapping

from sambench.metrics.clicks.miou import MeanIou
from sambench.metrics.clicks.noc import is_count
from sambench.metrics.published import published
from sambench.types import Metric

REFERENCES = {"coco": "points_coco/COCO", "coco_masks": "points_coco/COCO", "lvis": "points_coco/LVIS"}
"""Data set -> where single sets' numbers were published: a table and the first half of its columns' names."""


def sa23_names() -> set[str]:
    """Return the names of the paper's 23 data sets."""
    return set(published("points_fig9a")["dataset"])


def click_metrics(figures: Mapping[str, MeanIou], label: str, reference: str | None) -> dict[str, Metric]:
    """Name figures and tie those that were published to their column, as in "points/SA-23 @1"."""
    metrics = {}
    for name, (value, ci95, n) in figures.items():
        kind, _, count = name.partition("@")
        column = {"mIoU": "@", "oracle": "oracle @"}.get(kind)
        known = None if reference is None or column is None else f"{reference} {column}{count}"
        worse_higher = kind == "ranking_share" or kind.startswith("NoC") or is_count(name)
        metrics[name + label] = Metric(
            value, ci95, n, higher_is_better=not worse_higher, unit=_unit(name), reference=known
        )
    return metrics


def _unit(name: str) -> str:
    """Return the unit of a figure of clicked masks."""
    if is_count(name):
        return "masks"
    if name.startswith("NoC"):
        return "clicks"
    return "fraction" if name.startswith("ranking_share") else "IoU"
