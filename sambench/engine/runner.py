"""From samples to rows and a summary: an executor predicts and scores, this process stores and counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sambench.engine.costs import EnergyMeter, run_costs
from sambench.engine.executors.base import Executor, Job
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.files.progress import ProgressKind, progress
from sambench.runs.run import Run
from sambench.runs.store import RunStore


@dataclass
class Plan:
    """What to run and how.

    Attributes:
        task: The protocol.
        keys: The samples to score, in order.
        executor: What predicts and scores, in this process or in others.
        workers: Scoring processes; 0 scores where it predicts.
        patient: Whether they are started only once they pay (`Scorer`).
        encode_batch: Samples prepared at once.
        illustrate: Pictures are drawn for the first this many samples.
        seed: Feeds the bootstrap.
        progress: How progress is shown.
        label: Before the progress.
    """

    task: Task
    keys: list[str]
    executor: Executor
    workers: int = 0
    patient: bool = False
    encode_batch: int = 1
    illustrate: int = 0
    seed: int = 0
    progress: ProgressKind = "auto"
    label: str = "scoring"


def execute(plan: Plan, store: RunStore, closing_record: Callable[[], dict[str, Any]] = dict) -> Run:
    """Score every sample that the run folder does not hold yet, then summarise all of them.

    Interrupting is safe at any moment: a sample's rows are stored whole or not at all, and its prediction is written
    before them. `closing_record` gives what else `run.json` says once everything is scored.
    """
    todo = sum(key not in store.done for key in plan.keys)
    start, stages, energy = time.perf_counter(), Stages(), EnergyMeter()
    display = progress(plan.progress, plan.label, len(plan.keys), len(plan.keys) - todo)
    try:
        with closing(plan.executor.run(_job(plan, store, todo, stages))) as scored:
            for sample_id, rows, seconds in scored:
                store.append(sample_id, rows)
                stages.add("score", seconds)
                stages.of_images("score", [seconds])
                display.note(plan.executor.status())
                display.advance()
    finally:
        store.journal.close()
        display.close()
    rows = store.ordered(plan.keys)
    metrics = plan.task.supported(rows, seed=plan.seed)
    wall = time.perf_counter() - start
    timings, costs = stages.table(todo, wall), run_costs(stages.seconds, plan.executor, wall) | energy.joules()
    counts = {"samples": len(plan.keys), "rows": len(rows), "scored_now": todo}
    return store.finish(rows, metrics, {"timings": timings, "costs": costs, "counts": counts, **closing_record()})


def _job(plan: Plan, store: RunStore, todo: int, stages: Stages) -> Job:
    """Cut all samples into groups that are encoded together, whatever has been done and whoever does the rest."""
    size = max(1, plan.encode_batch)
    groups = [plan.keys[start : start + size] for start in range(0, len(plan.keys), size)]
    drawn = set(plan.keys[: plan.illustrate])
    scorers = min(plan.workers, todo)
    return Job(plan.task, groups, set(store.done), store.run.folder, drawn, scorers, stages, plan.patient)
