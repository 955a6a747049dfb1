"""The JSON that the page reads of runs: plain texts, numbers, lists and tables."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sambench.errors import RunError, SambenchError
from sambench.pages.report import parts
from sambench.pages.viewer.layers import plain
from sambench.pages.viewer.shelf import Shelved
from sambench.runs.run import Run
from sambench.runs.summary import caption


def fault_fields(error: SambenchError) -> dict[str, str]:
    """Tell what is wrong and what mends it; where it is stays here, as it is a path of this machine."""
    return {"what": error.what, "mend": error.mend or ""}


def run_line(shelved: Shelved) -> dict[str, Any]:
    """Tell of a run what stands in the table of runs."""
    fields: dict[str, Any] = {"key": shelved.key, "place": shelved.name}
    run = shelved.run
    if run is None:
        return {**fields, "state": "damaged", "fault": fault_fields(shelved.fault or RunError("it cannot be read"))}
    record = run.record
    fields |= {"state": record.status, "version": record.sha256[:8]}
    with suppress(RunError):  # a record that has not begun
        fields |= {"name": run.label, "task": record.task_name, "data": record.data.name, "split": record.data.split}
        fields |= {"images": record.data.samples, "model": record.model.name, "finished": record.finished}
        fields |= {"tags": list(record.config.run.tags), "notes": record.config.run.notes or ""}
        fields |= {"preset": record.config.task.preset or "", "started": _started(run)}
        fields |= {"metrics": [_metric(run, name) for name in run.metrics]}
    return fields


def _started(run: Run) -> str:
    return run.record.sessions[0].started if run.record.sessions else ""


def _metric(run: Run, name: str) -> dict[str, Any]:
    metric = run.metrics[name]
    low, high = metric.ci95 or (None, None)
    ends = {"low": plain(low), "high": plain(high)}
    return {"name": name, "value": plain(metric.value), **ends, "unit": metric.unit, "up": metric.higher_is_better}


def metric_lines(run: Run) -> list[dict[str, Any]]:
    """Tell each metric in a line, with its interval and the published values beside it."""
    lines = []
    for name, of_metric in parts.metric_lines([run], ["A"]):
        (line,) = of_metric
        shown = {"value": line.value, "interval": line.interval, "n": line.n, "published": line.published}
        lines.append({"name": name, **shown, "at": line.at, "low": line.low, "high": line.high})
    return lines


def run_page(shelved: Shelved) -> dict[str, Any]:
    """Tell of a run what stands on its page."""
    fields = run_line(shelved)
    run = shelved.run
    if run is None or "task" not in fields:
        return fields
    stages = [{"stage": one.stage, "seconds": one.seconds, "share": one.share} for one in parts.segments(run)]
    provenance = [{"title": title, "pairs": [list(pair) for pair in pairs]} for title, pairs in parts.provenance(run)]
    words = {"caption": caption(run), "lines": metric_lines(run), "stages": stages, "wall": parts.wall(run)}
    return {**fields, **words, "provenance": provenance}
