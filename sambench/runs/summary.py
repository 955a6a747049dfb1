"""The table a run prints when it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sambench.runs.reference import paper_values
from sambench.runs.store import Run
from sambench.types import Metric

if TYPE_CHECKING:
    from rich.table import Table


def caption(run: Run) -> str:
    """Say in one line what was run on what, and whatever a reader of the numbers must not miss."""
    record = run.record
    data, card = record["data"], record["data"]["card"]
    preset = record["config"]["task"].get("preset")
    text = f"{record['identity']['task']['name']}"
    text += f" ({preset})" if preset else ""
    text += f", {record['model']['name']}, {card['title']} {data['split']}, {data['samples']} images"
    text += missing_note(run)
    return f"{text}. {card['note']}".strip() if card["note"] else text


def missing_note(run: Run) -> str:
    """Say which part of the data was run, how predictions were read, and what became of images without one."""
    shard, missing = run.record.get("shard"), run.record["model"].get("missing")
    told = [f"part {shard['index']} of {shard['count']} of {shard['samples']} images"] if shard else []
    if (nms := run.record["identity"].get("predictions", {}).get("nms", "none")) != "none":
        told.append(f"raw edge maps, suppressed before scoring (predictions.nms={nms})")
    if missing:
        means = {"left out": "are left out", "empty": "count as images where nothing was found"}
        told.append(f"{len(missing)} images without a prediction {means[run.record['model']['missing_means']]}")
    return "".join(f"; {line}" for line in (*told, *run.record["model"].get("notes", ())))


def interval(metric: Metric, digits: int = 3) -> str:
    """Write a 95 % interval, or nothing where there is none."""
    if metric.ci95 is None or math.isnan(metric.ci95[0]):
        return ""
    return f"[{number(metric.ci95[0], digits)}, {number(metric.ci95[1], digits)}]"


def number(value: float | None, digits: int = 3) -> str:
    """Write a fraction as the field does: .768; nothing for an undefined value."""
    if value is None or math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def print_run(run: Run) -> None:
    """Print metrics with intervals beside the paper's values, the stages' times and the run folder."""
    from rich.console import Console
    from rich.table import Table

    generated = run.record["data"]["card"]["generated"]
    table = Table()
    for column in ("metric", "measured", "95 % interval", "n"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    if not generated:
        table.add_column("paper, SAM ViT-H", justify="right")
    for name, metric in run.metrics.items():
        cells = [name, number(metric.value), interval(metric), str(metric.n)]
        if not generated:
            cells.append(number(paper_values(metric.reference) if metric.reference else None))
        table.add_row(*cells)
    console = Console(highlight=False)
    console.print(caption(run), soft_wrap=True)
    console.print(table)
    console.print(_stages(run))
    if run.record.get("cache"):
        counts = run.record["cache"]
        console.print(f"embedding cache: {counts['hits']} hits, {counts['misses']} misses", soft_wrap=True)
    console.print(f"run folder: {run.place}", soft_wrap=True)


def _stages(run: Run) -> Table:
    """Make the table of what each stage took; stages overlap, so their seconds may add up to more than the wall's."""
    from rich.table import Table

    table = Table()
    for column in ("stage", "seconds", "share", "s / image"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, value in run.record.get("timings", {}).items():
        table.add_row(stage, f"{value['seconds']:.1f}", f"{100 * value['share']:.0f} %", f"{value['per_image']:.3f}")
    return table
