"""The table a run prints when it ends."""

from __future__ import annotations

from sambench.runs.record import RunRecord
from sambench.runs.run import Run
from sambench.runs.summary import caption, carriers, interval, number
from sambench.tables.departures import published_beside
from sambench.tables.folding import plain_console, print_folded, print_line
from sambench.types import COSTS

STAGE_HEADS = ("stage", "seconds", "share", "s / image", "p50", "p90", "p99")


def print_run(run: Run) -> None:
    """Print metrics with intervals, beside the published rows they answer to, the stages' times and the run folder."""
    published, lines = published_beside(run), []
    for name, metric in run.metrics.items():
        beside = (row.values.get(name, "") for row in published)
        titled = f"{name}, {metric.unit}" if metric.unit in COSTS else name
        lines.append([titled, number(metric.value), interval(metric), carriers(metric) or str(metric.n), *beside])
    console = plain_console()
    print_line(console, caption(run))
    heads = ["metric", "measured", "95 % interval", "n", *(row.name for row in published)]
    print_folded(console, heads, lines, keep=2)
    print_folded(console, STAGE_HEADS, _stages(run), keep=3)
    print_line(console, bottleneck(run.record))
    if (cache := run.record.cache) is not None:
        print_line(console, f"embedding cache: {cache.hits} hits, {cache.misses} misses")
    print_line(console, f"run folder: {run.location}")


def bottleneck(record: RunRecord) -> str:
    """Say in one line what a run spent most of its work on, how long its models waited, and what memory it took."""
    stages = {name: took for name, took in record.timings.items() if name != "wall"}
    if not stages:
        return "nothing was left to do"
    most = max(stages, key=lambda name: stages[name].seconds)
    parts = [f"bottleneck: {most}, {100 * stages[most].share:.0f} % of the work"]
    costs = record.costs
    if "device_idle" in costs:
        parts.append(f"no model computed in {100 * costs['device_idle']:.0f} % of {record.seconds('wall'):.1f} s")
    memory = [
        f"{costs[f'peak_{where}'] / 1e9:.1f} GB ({where})" for where in ("host", "device") if f"peak_{where}" in costs
    ]
    parts += [f"peak memory {', '.join(memory)}"] * bool(memory)
    used = [f"{costs[f'energy_{what}']:.0f} J ({what})" for what in ("cpu", "gpu") if f"energy_{what}" in costs]
    return "; ".join(parts + [f"energy {', '.join(used)}"] * bool(used))


def _stages(run: Run) -> list[list[str]]:
    """Return what each stage took, a row each; stages overlap, so their seconds may add up to more than the wall's."""
    return [
        [
            stage,
            f"{took.seconds:.1f}",
            f"{100 * took.share:.0f} %",
            f"{took.per_image:.3f}",
            *map(_seconds, (took.p50, took.p90, took.p99)),
        ]
        for stage, took in run.record.timings.items()
    ]


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
