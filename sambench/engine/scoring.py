"""Scoring beside prediction: a pool of worker processes with a bounded backlog, or the main process itself."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from threading import Thread
from typing import Any

from sambench.engine.task import Task
from sambench.errors import RunError
from sambench.types import Row, Sample

Scored = tuple[str, list[Row], float]
"""Sample id, its rows, seconds spent."""


class Scorer:
    """Scores (sample, prediction) pairs; results come back in the order they are finished.

    Args:
        task: The task, sent to each worker once.
        workers: Number of processes; 0 scores in the main process.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self.task = task
        self.backlog = 2 * workers
        self._pending: set[Future[Scored]] = set()
        self._pool: ProcessPoolExecutor | None = None
        if workers:
            context = multiprocessing.get_context("spawn")  # fork would copy torch's and numba's threads half-alive
            self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(task,))

    def submit(self, sample: Sample, prediction: Any) -> Iterator[Scored]:
        """Hand over one prediction and yield whatever has been scored; blocks while the backlog is full."""
        if self._pool is None:
            yield _timed_score(self.task, sample, prediction)
            return
        self._pending.add(self._pool.submit(_score, sample, prediction))
        while self._pending:
            full = len(self._pending) > self.backlog
            done, self._pending = wait(self._pending, None if full else 0, return_when=FIRST_COMPLETED)
            if not done:
                return
            for future in done:
                yield _result(future)

    def drain(self) -> Iterator[Scored]:
        """Yield everything that is still being scored."""
        while self._pending:
            done, self._pending = wait(self._pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield _result(future)

    def close(self) -> None:
        """Drop what has not been scored and stop the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def worker_count(wanted: int | str) -> int:
    """Turn `workers=` into a number of processes; "auto" is one a processor, at most 16."""
    return min(os.cpu_count() or 1, 16) if wanted == "auto" else int(wanted)


_worker_task: Task | None = None


def _start(task: Task) -> None:
    """Set a worker up: keep the task, ignore Ctrl-C (the parent handles it), one thread for each library."""
    import signal

    import torch

    global _worker_task
    _worker_task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the run that started it has been killed, so that none is left behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _score(sample: Sample, prediction: Any) -> Scored:
    if _worker_task is None:
        raise RuntimeError("the worker was not set up")
    return _timed_score(_worker_task, sample, prediction)


def _timed_score(task: Task, sample: Sample, prediction: Any) -> Scored:
    start = time.perf_counter()
    return sample.id, task.score(sample, prediction), time.perf_counter() - start


def _result(future: Future[Scored]) -> Scored:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise RunError(
            "a scoring process died, most likely for lack of memory",
            mend="run the same command again to go on where it stopped, with fewer processes (workers=1 or workers=0)",
        ) from error
