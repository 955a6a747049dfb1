"""The one way through: read, encode or fetch, predict, score, store; whatever is done is never done again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sambench.datasets.base import Dataset
from sambench.engine.building import loader
from sambench.engine.executors.base import Executor, Job
from sambench.engine.scoring import Scorer
from sambench.engine.sources import PredictionSource
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.progress import Progress, ProgressKind, progress
from sambench.runs.run import Run
from sambench.runs.store import RunStore
from sambench.types import Sample

log = logging.getLogger("sambench.runner")


@dataclass
class Plan:
    """What to run and how.

    Attributes:
        task: The protocol.
        dataset: The samples.
        source: Where predictions come from; None where an executor makes them.
        keys: The samples to score, in order.
        workers: Scoring processes; 0 scores in the main process.
        encode_batch: Samples prepared at once.
        save_predictions: Whether predictions are written to the run folder.
        illustrate: Pictures are drawn for the first this many samples.
        seed: Feeds the bootstrap.
        progress: How progress is shown.
        label: Before the progress.
        executor: Worker processes that predict and score, or None for this process.
    """

    task: Task
    dataset: Dataset
    source: PredictionSource | None
    keys: list[str]
    stages: Stages
    workers: int = 0
    encode_batch: int = 1
    save_predictions: bool = True
    illustrate: int = 0
    seed: int = 0
    progress: ProgressKind = "auto"
    label: str = "scoring"
    executor: Executor | None = None


def execute(plan: Plan, store: RunStore, closing_record: Callable[[], dict[str, Any]] = dict) -> Run:
    """Score every sample that the run folder does not hold yet, then summarise all of them.

    Interrupting is safe at any moment: a sample's rows are stored whole or not at all, and its prediction is written
    before them. `closing_record` gives what else `run.json` says once everything is scored.
    """
    todo = [key for key in plan.keys if key not in store.done]
    start = time.perf_counter()
    display = progress(plan.progress, plan.label, len(plan.keys), len(plan.keys) - len(todo))
    try:
        if plan.executor is not None:
            _collect(_elsewhere(plan, plan.executor, store, len(todo)), plan, store, display)
        else:
            _here(plan, store, todo, display)
    finally:
        store.journal.close()
        display.close()
    rows = store.ordered(plan.keys)
    metrics = plan.task.supported(rows, seed=plan.seed)
    timings = plan.stages.table(len(todo), time.perf_counter() - start)
    counts = {"samples": len(plan.keys), "rows": len(rows), "scored_now": len(todo)}
    return store.finish(rows, metrics, {"timings": timings, "counts": counts, **closing_record()})


def _elsewhere(
    plan: Plan, executor: Executor, store: RunStore, todo: int
) -> Iterator[tuple[str, list[dict[str, Any]], float]]:
    """Let worker processes predict and score; the groups are cut from all samples, whatever has been done."""
    size = max(1, plan.encode_batch)
    groups = [plan.keys[start : start + size] for start in range(0, len(plan.keys), size)]
    drawn = set(plan.keys[: plan.illustrate])
    scorers = min(max(1, plan.workers), max(1, todo))
    return executor.run(Job(plan.task, groups, set(store.done), store.run.folder, drawn, scorers, plan.stages))


def _here(plan: Plan, store: RunStore, todo: list[str], display: Progress) -> None:
    """Predict in this process and score beside it."""
    source = plan.source
    if source is None:
        raise ValueError("a plan needs a source or an executor")
    scorer = Scorer(plan.task, min(plan.workers, len(todo)))
    try:
        with closing(_batches(plan, todo)) as batches:
            for samples in batches:
                source.prepare(samples)
                for sample in samples:
                    prediction = _predict(plan, source, store, sample)
                    _collect(scorer.submit(sample, prediction), plan, store, display)
        _collect(scorer.drain(), plan, store, display)
    finally:
        scorer.close()


def _predict(plan: Plan, source: PredictionSource, store: RunStore, sample: Sample) -> Any:
    """Make, save and, for the first few samples, draw a prediction."""
    prediction = source.predict(sample)
    with plan.stages.timed("save"):
        if plan.save_predictions:
            plan.task.save(sample, prediction, store.run.predictions)
        if sample.has_pixels and sample.id in plan.keys[: plan.illustrate]:
            plan.task.illustrate(sample, prediction, store.run.folder / "pictures")
    return prediction


def _collect(
    scored: Iterator[tuple[str, list[dict[str, Any]], float]], plan: Plan, store: RunStore, shown: Progress
) -> None:
    for sample_id, rows, seconds in scored:
        store.append(sample_id, rows)
        plan.stages.add("score", seconds)
        if plan.executor is not None:
            shown.note(plan.executor.status())
        shown.advance()


def _batches(plan: Plan, keys: Sequence[str]) -> Generator[list[Sample], None, None]:
    """Read samples one batch ahead of their use, in a thread."""
    size = max(1, plan.encode_batch)
    groups = [list(keys[start : start + size]) for start in range(0, len(keys), size)]
    load = loader(plan.dataset)

    def read(group: list[str]) -> list[Sample]:
        begun = time.perf_counter()
        samples = [load(key) for key in group]
        plan.stages.add("read", time.perf_counter() - begun)
        return samples

    with ThreadPoolExecutor(1) as reader:
        ahead = [reader.submit(read, group) for group in groups[:2]]
        for index in range(len(groups)):
            samples = ahead.pop(0).result()
            if index + 2 < len(groups):
                ahead.append(reader.submit(read, groups[index + 2]))
            yield samples
