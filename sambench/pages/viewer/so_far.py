"""The metrics of a run that goes on, of the images that it has stored, made where somebody asks for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sambench.engine.resummary import metrics_of_rows
from sambench.errors import RunError, SambenchError
from sambench.files.atomic import finite
from sambench.pages.viewer.run_fields import fault_fields, metric_lines
from sambench.runs.journal import rows_so_far
from sambench.runs.record import as_record
from sambench.runs.run import JOURNAL, RECORD, RUNNING, Run
from sambench.types import Metric

MOST = 1 << 28
"""Bytes of a journal up to which its rows are summarised; larger ones take minutes and as much memory again."""


class SoFar:
    """Summarises growing journals, one at a time, as the last thing that a machine does.

    What was made of a journal is told again until the journal has grown.
    """

    def __init__(self) -> None:
        self._made: dict[Path, tuple[int, dict[str, Any]]] = {}
        self._one = ThreadPoolExecutor(1, "so far", initializer=_last)

    def fields(self, run: Run) -> dict[str, Any]:
        """Tell what the images that are stored come to.

        Returns:
            `done` and `total` images and `lines` of metrics as of a finished run, without published values, as these
            are of all images; or `error`: why there are none.
        """
        return self._one.submit(self._read, run).result()

    def _read(self, run: Run) -> dict[str, Any]:
        path = run.folder / JOURNAL
        try:
            if run.record.status != RUNNING or run.url is not None:
                raise RunError("only a run that goes on on this machine is summarised so far", mend="open its page")
            size = path.stat().st_size
            known = self._made.get(path)
            if known is None or known[0] != size:
                known = self._made[path] = size, _summary(run, path, size)
            return known[1]
        except OSError as error:
            what = f"the rows cannot be read: {error.strerror}"
            return {"error": fault_fields(RunError(what, mend="look again once the run has ended"))}
        except SambenchError as error:
            return {"error": fault_fields(error)}


def _summary(run: Run, path: Path, size: int) -> dict[str, Any]:
    if not size:
        raise RunError("no image is stored yet", mend="look again in a while")
    if size > MOST:
        what = f"its rows are {size / 1e6:.0f} MB: too much to be summarised while it goes on"
        raise RunError(what, mend="its metrics are told once it is finished")
    by_image = rows_so_far(path)
    rows = [row for own in by_image.values() for row in own]
    try:
        metrics = metrics_of_rows(run, rows, whole=False)
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
        what = f"the rows of {len(by_image)} images cannot be summarised: {type(error).__name__}: {error}"
        raise RunError(what, mend="look again when there are more") from error
    lines = [{**line, "published": ""} for line in metric_lines(_with(run, metrics))]
    return {"done": len(by_image), "total": run.record.data.samples, "lines": lines}


def _with(run: Run, metrics: Mapping[str, Metric]) -> Run:
    """Return a run as if these were its metrics."""
    stored = {name: finite(asdict(metric)) for name, metric in metrics.items()}
    return Run(run.folder, as_record({**run.record.stored, "metrics": stored}, run.folder / RECORD))


def _last() -> None:
    """Let everything else on the machine go before this thread; Linux alone knows that of a thread."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
