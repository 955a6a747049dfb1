"""A run's images in the data's order: where each one's rows are, and what it loses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sambench.config.resolve import build
from sambench.engine.task import Task
from sambench.errors import RunError, SambenchError
from sambench.metrics.bootstrap import Resampling
from sambench.metrics.boundary.scores import counts_of_rows, recall_precision_f
from sambench.pages.viewer.layers import plain
from sambench.runs.run import Run
from sambench.types import Row

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 256
"""Images whose rows are turned into Python's at once: all rows of a large run would take a gigabyte."""


@dataclass(frozen=True)
class ImageTable:
    """The images of a finished run.

    Attributes:
        ids: Their sample ids, in the order of the rows.
        losses: 1 - quality of each, as the task ranks images; None where it is undefined.
        starts: (N + 1,) first row of each image, and the number of rows.
        task: The run's task; None where it does not rank images, or is of a plug-in that is not here.
        table: The rows.
        level: Of edges: the number of the threshold that is best over all images.
        why: Why no image's loss is known; empty where it is.
    """

    ids: list[str]
    losses: list[float | None]
    starts: np.ndarray
    task: Task | None
    table: pa.Table = field(repr=False)
    level: int | None = None
    why: str = ""

    def rows(self, index: int) -> list[Row]:
        """Return the rows of one image."""
        first, last = int(self.starts[index]), int(self.starts[index + 1])
        rows: list[Row] = self.table.slice(first, last - first).to_pylist()
        return rows


def image_table(run: Run) -> ImageTable:
    """Read a run's rows, and tell what each image loses.

    Raises:
        RunError: The run is not finished, or its rows cannot be read.
    """
    if not run.finished:
        raise RunError("the run is not finished", where=run.location, mend="its images are shown once it is")
    table = run.table()
    samples = np.asarray(table["sample_id"].to_pylist(), object)
    new = np.flatnonzero(np.append(True, samples[1:] != samples[:-1]))
    if len(set(samples[new].tolist())) < len(new):
        raise RunError("rows of one image do not stand together", where=run.location, mend="score the run again")
    task, why = _task_of(run)
    result = ImageTable(samples[new].tolist(), [], np.append(new, len(samples)), task, table)
    total: Any = 0
    for index, rows in enumerate(_by_image(result)):
        result.losses.append(_loss(result.task, rows))
        if run.record.task_name == "edges":
            total = total + counts_of_rows(rows)[0] if index == 0 or _fits(total, rows) else None
    level = int(np.argmax(recall_precision_f(total[None])[2][0])) if isinstance(total, np.ndarray) else None
    return replace(result, level=level, why=why)


def _by_image(table: ImageTable) -> Iterator[list[Row]]:
    """Yield the rows of each image, a few images' at once turned into Python's."""
    for first in range(0, len(table.ids), _AT_ONCE):
        last = min(first + _AT_ONCE, len(table.ids))
        start = int(table.starts[first])
        rows = table.table.slice(start, int(table.starts[last]) - start).to_pylist()
        for index in range(first, last):
            yield rows[int(table.starts[index]) - start : int(table.starts[index + 1]) - start]


def _task_of(run: Run) -> tuple[Task | None, str]:
    """Return the run's task, or None and why its images cannot be ranked."""
    try:
        task: Task = build("tasks", "task", run.record.config.task.stored)
    except SambenchError as error:  # of a plug-in that is not installed here
        return None, f"the run's task cannot be opened: {error.what}"
    ranks = type(task).image_quality is not Resampling.image_quality
    return (task, "") if ranks else (None, f"task {task.name} does not rank images")


def _loss(task: Task | None, rows: list[Row]) -> float | None:
    return None if task is None else plain(1.0 - task.image_quality(rows))


def _fits(total: Any, rows: list[Row]) -> bool:
    return isinstance(total, np.ndarray) and counts_of_rows(rows)[0].shape == total.shape
