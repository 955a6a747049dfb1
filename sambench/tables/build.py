"""The paper's tables: published rows and measured ones side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from sambench.metrics.published import published, published_texts
from sambench.runs.run import Run
from sambench.runs.summary import cell, metric_notes, missing_note, number
from sambench.tables.departures import (
    answered_row,
    departing_switches,
    departure,
    is_own,
    measured,
    missing_rows,
    switches_text,
)
from sambench.tables.specs import Expected, TableSpec

if TYPE_CHECKING:
    import pandas as pd

    from sambench.types import Metric

DIFFERENCE, NOT_RUN = "difference", "not run"
"""What stands in the source column of a line of differences, and of a row that no run fills."""


class Footnotes:
    """The footnotes of a table, numbered in the order in which they are first used.

    Attributes:
        texts: The notes, each with its number, as "[1] text".
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, text: str) -> str:
        """Return the mark of a note, as " [1]"; nothing for no text. Notes of the same words share a number."""
        return f" [{self._numbers.setdefault(text, len(self._numbers) + 1)}]" if text else ""

    @property
    def texts(self) -> list[str]:
        """The notes in order."""
        return [f"[{number}] {text}" for text, number in self._numbers.items()]


def build_table(spec: TableSpec, runs: Sequence[Run], ceilings: Sequence[Run] = ()) -> tuple[pd.DataFrame, list[str]]:
    """Put published and measured rows together.

    A measured row is followed by its differences to the published row it answers to, where there is one. Runs on users'
    own data are left to `build_own_table`. A row one would expect but that no run fills stands empty; its note tells
    the command.

    Args:
        spec: The table.
        runs: Finished runs of its task.
        ceilings: Finished runs of the tasks of its `ceiling`.

    Returns:
        The table as texts (a column for the row's name, one for each number, one for the source), and its footnotes.
    """
    if not spec.published:
        return _unpublished(spec, runs)
    left_out = [run.folder.name for run in runs if is_own(run) and not _about(spec, run)]
    runs = [run for run in runs if not is_own(run)]
    if spec.rows == "dataset":
        return _by_dataset(spec, runs)
    notes = Footnotes()
    rows = _published_rows(spec, notes)
    for run in runs:
        if any(measured(spec, run).values()):
            rows += _run_rows(spec, run, notes)
        else:
            left_out.append(run.folder.name)
    rows += [_ceiling_row(spec, run, notes) for run in ceilings if not is_own(run)]
    rows += [_missing_row(spec, row, notes) for row in missing_rows(spec, runs)]
    own = [column for column in spec.own if column not in spec.columns and any(row.get(column) for row in rows)]
    table = pd.DataFrame(rows, columns=["method", *spec.columns, *own, "source"]).fillna("")
    return table, [*notes.texts, *_not_shown(left_out)]


def _published_rows(spec: TableSpec, notes: Footnotes) -> list[dict[str, str]]:
    """Make the published rows that have one of the numbers, to the digit they are printed with."""
    texts = published_texts(spec.published)
    numbers = [column for column in spec.columns if column in published(spec.published).select_dtypes("number")]
    rows = []
    for _, row in texts[(texts[numbers] != "").any(axis=1)].iterrows():
        year = f" ({row['year']})" if row.get("year") else ""
        source = f"{row['source']}, {row['location']}"
        cells = {column: row[column] for column in spec.columns}
        rows.append({"method": row.iloc[0] + year + notes.mark(row["note"]), **cells, "source": source})
    return rows


def _run_rows(spec: TableSpec, run: Run, notes: Footnotes) -> list[dict[str, str]]:
    """Make a run's row, and the line of its differences where they have a meaning."""
    metrics, departs, answer = measured(spec, run), departure(run, spec), spec.answer(run)
    cells = {column: cell(metric) for column, metric in metrics.items()}
    name = run.label + notes.mark(departs.text) + notes.mark("; ".join(metric_notes(run)))
    rows = [{"method": name, **cells, "source": f"measured, {run.folder.name}"}]
    if answer is None or not departs.comparable:
        return rows
    row = answered_row(spec, answer)
    differences = {
        column: signed(metric.value - float(row[column]))
        for column, metric in metrics.items()
        if metric is not None and row.get(column) and signed(metric.value - float(row[column]))
    }
    if differences:
        rows.append({"method": f"minus {answer.name}", **differences, "source": DIFFERENCE})
    return rows


def _ceiling_row(spec: TableSpec, run: Run, notes: Footnotes) -> dict[str, str]:
    """Make the row of a run that no model made, on the data that it tells where they are others."""
    metrics = run.metrics
    cells = {column: cell(metrics.get(name)) for column, name in spec.ceiling[run.record.task_name].items()}
    note = "; ".join(filter(None, ("each annotator against the others", departure(run, spec).text, *metric_notes(run))))
    return {"method": run.label + notes.mark(note), **cells, "source": f"measured, {run.folder.name}"}


def _missing_row(spec: TableSpec, row: Expected, notes: Footnotes) -> dict[str, str]:
    """Make an empty row whose note tells the command that fills it."""
    command = row.command or f"sambench run task={spec.task} {row.run}"
    return {"method": row.row, "source": NOT_RUN + notes.mark(f"`{command}` fills this row")}


def _by_dataset(spec: TableSpec, runs: Sequence[Run]) -> tuple[pd.DataFrame, list[str]]:
    """Make a table with a row a data set: its published columns, and a column for each run that has it."""
    notes = Footnotes()
    rows = published_texts(spec.published)
    columns: dict[str, list[str]] = {"data set": rows["abbreviation"].tolist()}
    columns |= {column: rows[column].tolist() for column in spec.columns}
    left_out = []
    for run in runs:
        (name,) = spec.own.values()
        by_dataset = {key: run.metrics.get(f"{key} {name}") for key in rows["dataset"]}
        if run.record.data.name in by_dataset:
            by_dataset[run.record.data.name] = run.metrics.get(name)
        if any(by_dataset.values()):
            (kind,) = spec.own
            head = f"{run.label} {kind}"
            mark = notes.mark(f"{run.folder.name}; {departure(run, spec).text}".removesuffix("; "))
            columns[head + mark] = [cell(by_dataset[key]) for key in rows["dataset"]]
        else:
            left_out.append(run.folder.name)
    marks = [
        notes.mark(f"`sambench run task={spec.task} {row.run}` makes a column") for row in missing_rows(spec, runs)
    ]
    table = pd.DataFrame(columns)
    table["source"] = [f"{row['source']}, {row['location']}{''.join(marks)}" for _, row in rows.iterrows()]
    return table, [*notes.texts, *_not_shown(left_out)]


def _unpublished(spec: TableSpec, runs: Sequence[Run]) -> tuple[pd.DataFrame, list[str]]:
    """Make a table of runs alone, on whatever data, which a column names."""
    notes, rows, left_out = Footnotes(), [], []
    every = {} if spec.own or spec.metrics else {name: name for run in runs for name in run.metrics}
    shown = replace(spec, own=spec.own or every)
    for run in runs:
        cells = {column: cell(metric) for column, metric in measured(shown, run).items()}
        if any(cells.values()):
            chosen = {switch: str(run.record.switches.get(switch, "")) for switch in spec.switches}
            rows.append(_measured_row(shown, run, {**chosen, **cells}, notes))
        else:
            left_out.append(run.folder.name)
    rows += [_missing_row(spec, row, notes) for row in missing_rows(spec, runs)]
    columns = dict.fromkeys([*(name for names in spec.metrics.values() for name in names), *shown.own])
    table = pd.DataFrame(rows, columns=["method", "data", *spec.switches, *columns, "source"], dtype=object)
    return table.fillna(""), [*notes.texts, *_not_shown(left_out)]


def _measured_row(spec: TableSpec, run: Run, cells: Mapping[str, str], notes: Footnotes) -> dict[str, str]:
    """Make the row of a run that stands beside no published one: its data are named in it."""
    data = run.record.data
    text = f"{data.card.title}, {data.samples} image{'s' * (data.samples != 1)}"
    changed = departing_switches(run, spec)
    marks = notes.mark(missing_note(run).removeprefix("; "))
    marks += notes.mark(f"switches: {switches_text(changed)}" if changed else "")
    name = run.label + marks + notes.mark("; ".join(metric_notes(run)))
    return {"method": name, "data": text, **cells, "source": f"measured, {run.folder.name}"}


def build_own_table(spec: TableSpec, runs: Sequence[Run]) -> tuple[pd.DataFrame, list[str], str]:
    """Put runs on users' own data together, where no published row stands.

    Returns:
        The table as texts, with a column for each metric that the table is about, its footnotes and its title.
    """
    notes, rows = Footnotes(), []
    for run in runs:
        shown = {name: cell(metric) for name, metric in _about(spec, run).items()}
        if any(shown.values()):
            rows.append(_measured_row(spec, run, shown, notes))
    columns = dict.fromkeys(["method", "data", *(name for row in rows for name in row if name != "source"), "source"])
    title = f"{spec.task} on own data, to which no published number answers"
    return pd.DataFrame(rows, columns=list(columns)).fillna(""), notes.texts, title


def _about(spec: TableSpec, run: Run) -> dict[str, Metric]:
    """Return the metrics of a run that a table is about, whatever data they are of."""
    names = {name for columns in spec.metrics.values() for name in columns.values()} | {*spec.own.values()}
    return {
        name: metric
        for name, metric in run.metrics.items()
        if name in names or (metric.reference or "").startswith(f"{spec.published}/")
    }


def _not_shown(folders: Sequence[str]) -> list[str]:
    return [f"not shown, as no column here is theirs: {', '.join(folders)}"] if folders else []


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign: +.012, -.037; nothing for an undefined one."""
    text = number(abs(value), digits)
    return text and ("-" if value < 0 and float(text) else "+") + text
