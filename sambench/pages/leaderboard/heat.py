"""A task's models against the data sets that they were scored on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sambench.metrics.uncertainty.support import plain_name
from sambench.pages.leaderboard.boards import Board, Row
from sambench.runs.summary import number
from sambench.types import COUNTED, Metric

STEPS = 10
"""Colours of the map."""


@dataclass(frozen=True)
class HeatCell:
    """One number: its text, its colour from 0 to `STEPS` - 1, and whether the run departs from the protocol."""

    text: str
    step: int
    departs: bool


@dataclass(frozen=True)
class HeatMap:
    """A map: its metric, its data sets, and a line a run, with a cell for each data set or None."""

    metric: str
    datasets: list[str]
    lines: list[tuple[Row, list[HeatCell | None]]]


def heat_map(board: Board) -> HeatMap | None:
    """Lay a task's runs out by data set, in the order of its tables; None where they share no metric with a scale."""
    rows = [row for table in board.tables for row in table.rows]
    names = [name for table in board.tables for name in table.metrics]
    if not names:
        return None
    metric = plain_name(names[0])
    by_row = [(row, by_dataset(row, metric)) for row in rows]
    by_row = [(row, own) for row, own in by_row if own]
    units = {one.unit for _, own in by_row for one in own.values()}
    if not by_row or units & set(COUNTED):
        return None
    datasets = list(dict.fromkeys(name for _, own in by_row for name in own))
    return HeatMap(metric, datasets, [(row, [_cell(row, own.get(name)) for name in datasets]) for row, own in by_row])


def by_dataset(row: Row, metric: str) -> Mapping[str, Metric]:
    """Return data set -> a run's metric: of data made of several each one's own, as "cityscapes mIoU@1"."""
    metrics, data = row.entry.run.metrics, row.entry.run.record.data
    several = {name.removesuffix(f" {metric}"): one for name, one in metrics.items() if name.endswith(f" {metric}")}
    if several:
        return several
    own = next((one for name, one in metrics.items() if plain_name(name) == metric), None)
    return {} if own is None else {f"{data.name} {data.split}".strip(): own}


def _cell(row: Row, metric: Metric | None) -> HeatCell | None:
    if metric is None or metric.value != metric.value:
        return None
    low, high = metric.bounds
    share = (metric.value - low) / (high - low)
    step = min(int(STEPS * min(max(share, 0.0), 1.0)), STEPS - 1)
    return HeatCell(number(metric.value), step if metric.higher_is_better else STEPS - 1 - step, bool(row.departs))
