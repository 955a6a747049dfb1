"""Runs as one flat table: a row a run and metric, as CSV, Parquet or a LaTeX table a task."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pandas as pd

from sambench.files.csv_cells import csv_cell
from sambench.gates.policy import DEFAULT, load_policy
from sambench.runs.run import Run
from sambench.runs.summary import cell
from sambench.tables.departures import departs
from sambench.tables.render import render


def flat_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row a run and metric; numbers that are undefined or not known are NaN."""
    return pd.DataFrame([row for run in runs for row in _rows(run)])


def _rows(run: Run) -> list[dict[str, object]]:
    record = run.record
    about = {
        "run": run.label,
        "task": record.task_name,
        "preset": record.config.task.preset or "",
        "model": str(record.model.name),
        "model_sha256": record.model.fingerprint,
        "data": record.data.name,
        "split": record.data.split,
        "samples": record.data.samples,
        "samples_sha256": record.identity.data.keys_sha256,
    }
    made = {
        "departs": departs(run),
        "finished": record.finished,
        "sambench": str(record.code.version or ""),
        "run_sha256": record.sha256,
    }
    rows = []
    for name, metric in run.metrics.items():
        low, high = metric.ci95 or (float("nan"), float("nan"))
        value = {"metric": name, "value": metric.value, "low": low, "high": high, "n": metric.n}
        kind = {"unit": metric.unit, "higher_is_better": metric.higher_is_better, "note": metric.note}
        rows.append({**about, **value, **kind, **made})
    return rows


def as_csv(table: pd.DataFrame) -> str:
    """Write a flat table as CSV, with texts that no spreadsheet takes for a formula."""
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    safe = table.assign(**{name: table[name].map(csv_cell) for name in texts})
    return safe.to_csv(index=False, lineterminator="\n")


def as_parquet(table: pd.DataFrame) -> bytes:
    """Write a flat table as Parquet."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def as_latex(runs: Sequence[Run]) -> str:
    """Write a LaTeX table a task: a row a run, a column for each metric that the default gate judges."""
    tasks = dict.fromkeys(run.record.task_name for run in runs)
    return "\n".join(_latex(task, [run for run in runs if run.record.task_name == task]) for task in tasks)


def _latex(task: str, runs: Sequence[Run]) -> str:
    policy = load_policy(DEFAULT)
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    shown = [name for name in names if policy.judges(task, name)] or list(names)
    notes: dict[str, int] = {}
    rows = []
    for run in runs:
        departures = departs(run)
        mark = f" [{notes.setdefault(departures, len(notes) + 1)}]" if departures else ""
        data = run.record.data
        measured = {name: cell(run.metrics.get(name)) for name in shown}
        rows.append(
            {"method": run.label + mark, "data": f"{data.card.title} {data.split}", **measured, "source": "measured"}
        )
    texts = [f"[{number}] {text}" for text, number in notes.items()]
    return render(pd.DataFrame(rows), texts, f"{task}, with 95 % intervals", "latex")
