"""What a leaderboard shows of one task: ranked tables, runs that are not ranked and why, published rows apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from sambench.gates.policy import DEFAULT, load_policy
from sambench.gates.standings import BEHIND, BEST, WITH_BEST
from sambench.pages.leaderboard.costs import Cost, cost_cells, cost_of
from sambench.pages.leaderboard.entries import Entry
from sambench.pages.leaderboard.groups import Group
from sambench.runs.summary import carriers, interval, metric_notes, number
from sambench.tables.build import NOT_RUN, build_table
from sambench.tables.departures import departs, measured
from sambench.tables.specs import TableSpec, specs_of_task
from sambench.types import COSTS

COLUMNS = 8
"""Metrics of a table; all of a run's stand on its page."""

KINDS = {BEST: "leads", WITH_BEST: "leads", BEHIND: "trails"}
"""How a run stands in a ranking -> how its cell is drawn."""

_MARK = re.compile(r" \[(\d+)\](?=(?: \[\d+\])*$)")


@dataclass(frozen=True)
class Cell:
    """A metric of a run as it stands in a table.

    Attributes:
        value, interval: As texts; empty where there is none.
        ranks: The ranks that are possible, as "1 to 3"; empty where the metric is not ranked.
        kind: "leads" of the best and what cannot be told from it, "trails" of what is behind; empty where not ranked.
        order: What the column is sorted by, None where it has no value.
        few: How many images carry it where not all do.
    """

    value: str
    interval: str
    ranks: str
    kind: str
    order: float | None
    few: str = ""


@dataclass(frozen=True)
class Row:
    """A run as it stands in a table: its cells by metric, its costs by column, and in what it departs."""

    entry: Entry
    cells: dict[str, Cell]
    costs: dict[str, str]
    cost: Cost
    departs: list[str]


@dataclass(frozen=True)
class Table:
    """Runs that are ranked together, or one that is not.

    Attributes:
        group: The runs.
        title: Their data and protocol.
        metrics: Columns of metrics; the first one orders the rows.
        heads: Metric -> what stands above it: its name, with its unit where it is a cost.
        costs: Columns of costs.
        rows: The runs, the best first.
        notes: What a reader of the numbers must know.
    """

    group: Group
    title: str
    metrics: list[str]
    heads: dict[str, str]
    costs: list[str]
    rows: list[Row]
    notes: list[str]


@dataclass(frozen=True)
class PublishedTable:
    """Published rows, which are measured by others and not ranked: caption, cells and footnotes."""

    title: str
    table: pd.DataFrame
    notes: list[str]


@dataclass(frozen=True)
class Board:
    """All that is shown of one task."""

    task: str
    tables: list[Table]
    published: list[PublishedTable] = field(default_factory=list)


def board_of(task: str, groups: Sequence[Group], entries: Sequence[Entry]) -> Board:
    """Lay out one task.

    Args:
        task: Its name.
        groups: Its runs (`group_runs`).
        entries: All runs of the leaderboard, among which those of `task=latency` tell costs.
    """
    specs = specs_of_task(task)
    tables = [_table(task, group, entries) for group in groups]
    runs = [entry.run for group in groups for entry in group.entries]
    shown = [spec for spec in specs if spec.published and any(any(measured(spec, run).values()) for run in runs)]
    return Board(task, tables, [published_table(spec) for spec in shown])


def _table(task: str, group: Group, entries: Sequence[Entry]) -> Table:
    metrics = metric_columns(task, group)
    rows = [_row(group, entry, metrics, entries) for entry in group.entries]
    first = metrics[0] if metrics else ""
    ranked = sorted(rows, key=lambda row: _order(group, row.entry, first))
    costs = [name for name in rows[0].costs if any(row.costs[name] for row in rows)]
    notes = [f"{row.entry.label}, {note}" for row in ranked for note in metric_notes(row.entry.run)]
    if group.allowed:
        notes.append(f"Ranked together although they differ in {', '.join(group.allowed)}, as compare= says")
    heads = {name: _head(name, ranked) for name in metrics}
    return Table(group, title_of(group), metrics, heads, costs, ranked, notes)


def _head(name: str, rows: Sequence[Row]) -> str:
    """Return a metric's name, with its unit where it is a cost."""
    unit = next((row.entry.run.metrics[name].unit for row in rows if name in row.entry.run.metrics), "")
    return f"{name}, {unit}" if unit in COSTS else name


def metric_columns(task: str, group: Group) -> list[str]:
    """Return the metrics of a table: those that are ranked, else those that the default gate judges."""
    if group.result is not None and group.result.metrics:
        return group.result.metrics[:COLUMNS]
    policy, names = load_policy(DEFAULT), list(group.entries[0].run.metrics)
    return ([name for name in names if policy.judges(task, name)] or names)[:COLUMNS]


def _order(group: Group, entry: Entry, metric: str) -> tuple[float, str]:
    """Order by rank; runs without one by name."""
    standing = group.standing(entry, metric)
    return (standing.rank if standing else float("inf"), entry.label)


def title_of(group: Group) -> str:
    """Say what data a group is on and by which protocol."""
    record = group.entries[0].run.record
    data, preset = record.data, record.config.task.preset
    protocol = f", protocol {preset}" if preset else ""
    return f"{data.card.title} {data.split}, {data.samples} image{'s' * (data.samples != 1)}{protocol}"


def _row(group: Group, entry: Entry, metrics: Sequence[str], entries: Sequence[Entry]) -> Row:
    cost, departures = cost_of(entry, entries), departs(entry.run)
    cells = {name: _cell(group, entry, name) for name in metrics}
    return Row(entry, cells, cost_cells(cost), cost, departures.split("; ") if departures else [])


def _cell(group: Group, entry: Entry, name: str) -> Cell:
    metric, standing = entry.run.metrics.get(name), group.standing(entry, name)
    if metric is None or metric.value != metric.value:
        return Cell("", "", "", "", None)
    ranks = " to ".join(map(str, dict.fromkeys(standing.ranks))) if standing else ""
    order = metric.value if not metric.higher_is_better else -metric.value
    return Cell(
        number(metric.value),
        interval(metric),
        ranks,
        KINDS.get(standing.told, "") if standing else "",
        order,
        carriers(metric),
    )


def published_table(spec: TableSpec) -> PublishedTable:
    """Return a table's published rows alone, without those that are not run here."""
    table, notes = build_table(spec, [])
    own = table[~table["source"].str.startswith(NOT_RUN)] if spec.rows == "method" else table
    used = {mark for row in own.to_numpy() for text in row for mark in _MARK.findall(text)}
    own = own.loc[:, [name for name in own.columns if own[name].str.len().any()]]
    kept = [note for note in notes if (match := re.match(r"\[(\d+)\] ", note)) is None or match[1] in used]
    return PublishedTable(spec.title, own, kept)
