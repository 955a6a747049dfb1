"""What the models of a leaderboard cost: from runs of `task=latency`, else as a run's own clock told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sambench.pages.leaderboard.entries import Entry
from sambench.runs.summary import interval, number
from sambench.tables.pareto import ParetoPoint, model_key, placed
from sambench.types import Metric

MODEL_STAGES = ("encode", "decode", "post")
"""Stages of a run in which the model, and what makes masks of its answers, worked."""

LATENCY = ("encode_p50", "peak_host", "parameters_model")
"""Metrics of `task=latency` that a leaderboard shows."""


@dataclass(frozen=True)
class Cost:
    """What a run's model cost.

    Attributes:
        seconds: Seconds an image in `MODEL_STAGES`; None where no model ran or embeddings came from a cache.
        peak_bytes: Most bytes that a process of the run held; None where it is not known, or no model ran.
        latency: Metric -> what a run of `task=latency` of the same model measured.
        machine: What it was measured on.
    """

    seconds: float | None
    peak_bytes: float | None
    latency: dict[str, Metric]
    machine: str


def cost_of(entry: Entry, entries: Sequence[Entry]) -> Cost:
    """Return what a run's model cost, with what a run of `task=latency` among all entries says of the same model."""
    record = entry.run.record
    own = [one for one in entries if one.task == "latency" and model_key(one.run) == model_key(entry.run)]
    timed = {name: own[0].run.metrics[name] for name in LATENCY if own and name in own[0].run.metrics}
    cached = record.cache is not None and record.cache.stored.get("hits", 0) > 0
    stages = [record.timings[one].per_image for one in MODEL_STAGES if one in record.timings]
    ran = record.config.predictions.path is None
    clocked = bool(stages) and not cached and ran
    environment = record.environment
    machine = ", ".join(str(one) for one in (environment.platform, environment.device) if one)
    return Cost(
        seconds=sum(stages) if clocked else None,
        peak_bytes=record.costs.get("peak_host") if ran else None,
        latency=timed,
        machine=machine,
    )


def cost_cells(cost: Cost) -> dict[str, str]:
    """Return column -> text; empty where nothing is known."""
    metrics = {name: f"{number(one.value)} {interval(one)}".strip() for name, one in cost.latency.items()}
    return {
        "model, s an image": "" if cost.seconds is None else f"{cost.seconds:.3f}",
        "peak memory, GB": "" if cost.peak_bytes is None else f"{cost.peak_bytes / 1e9:.2f}",
        "encode p50, ms": metrics.get("encode_p50", ""),
        "parameters, M": metrics.get("parameters_model", ""),
    }


def pareto_of(entries: Sequence[Entry], costs: Sequence[Cost], metric: str) -> tuple[list[ParetoPoint], str, list[str]]:
    """Put runs on an axis of cost and one of a metric.

    Args:
        entries: Runs that may be compared.
        costs: What each cost.
        metric: The second axis.

    Returns:
        The runs that have both, what the first axis is, and sentences on what is missing or unlike. The axis is the
        median time of encoding where two runs have it, else the run's own clock.
    """
    timed = [cost.latency.get("encode_p50") for cost in costs]
    by_latency = sum(one is not None for one in timed) > 1
    axis = "encode p50, ms (task=latency)" if by_latency else "model, s an image (the run's own clock)"
    known, left_out, machines = [], [], set()
    for entry, cost, latency in zip(entries, costs, timed, strict=True):
        x = latency if by_latency else _clocked(cost)
        if x is None or metric not in entry.run.metrics:
            left_out.append(entry.label)
            continue
        known.append((entry.label, x, entry.run.metrics[metric]))
        machines.add(cost.machine)
    notes = [f"Left out, as their cost is not known: {'; '.join(left_out)}"] if left_out else []
    notes += ["Times are of different machines"] if len(machines) > 1 else []
    return placed(known), axis, notes


def _clocked(cost: Cost) -> Metric | None:
    return None if cost.seconds is None else Metric(cost.seconds, None, 1, higher_is_better=False, unit="s")
