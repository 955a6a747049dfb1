"""A run's metrics made again from rows alone, with the switches and the seed that its record names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sambench.config.resolve import build
from sambench.engine.task import Task
from sambench.runs.run import Run
from sambench.types import Metric, Row


def metrics_of_rows(run: Run, rows: Sequence[Row], whole: bool) -> dict[str, Metric]:
    """Summarise rows as the run's task does; neither its data nor its model are needed.

    Args:
        run: The run; its record alone is read.
        rows: Rows of its samples.
        whole: Whether none of its samples were left out, by `limit` or `ids` or because it goes on still.

    Raises:
        UsageError: The record names a task or a switch that there is not.
        SambenchError: The rows cannot be summarised, as those of no object.
    """
    task: Task = build("tasks", "task", run.record.config.task.stored)
    return _prepared(task, run.record.data.name, rows, whole).supported(rows, seed=run.record.config.seed)


def _prepared(task: Task, dataset: str, rows: Sequence[Row], whole: bool) -> Task:
    """Tell a task that averages over data sets which samples are of which, as the rows say."""
    members = {row["sample_id"]: str(row["dataset"]) for row in rows if row.get("dataset") is not None}
    if set(members.values()) <= {dataset} or not hasattr(task, "members"):
        return task
    changes: Mapping[str, Any] = {"dataset": dataset, "members": members}
    return replace(task, **changes, **({"whole": whole} if hasattr(task, "whole") else {}))  # type: ignore[type-var]
