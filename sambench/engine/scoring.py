"""Scoring beside prediction: a pool of worker processes with a bounded backlog, or the main process itself."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from threading import Thread
from typing import Any

from sambench.engine.executors.deaths import Deaths
from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.types import Row, Sample

UNGUARDED = 79
"""Exit code of a worker process that met a run in the script it imports."""


class UnguardedScriptError(UsageError):
    """A script whose run is not below `if __name__ == "__main__":`."""

    def __init__(self) -> None:
        main = getattr(sys.modules.get("__main__"), "__file__", "the script")
        super().__init__(
            "the script starts its run when it is imported, as each worker process does before it works",
            where=main,
            mend='put the call below `if __name__ == "__main__":`, or keep to one process (workers=0, devices=null)',
        )


def end_if_imported() -> None:
    """End this process if it is a worker that is still importing the script which started it."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # as multiprocessing itself asks
        os._exit(UNGUARDED)


log = logging.getLogger("sambench.scoring")

START = 2.0
"""Seconds that starting a scoring process costs, most of them for importing torch; measured with `mini`."""

Scored = tuple[str, list[Row], float]
"""Sample id, its rows, seconds spent."""


class Scorer:
    """Scores (sample, prediction) pairs; results come back in the order they are finished.

    A process that dies takes its pool with it: another is started, and scores what was not.

    Args:
        task: The task, sent to each worker once.
        workers: Number of processes; 0 scores in the main process.
        samples: How many there are to score, to start the processes only once they pay; None starts them at once.
    """

    def __init__(self, task: Task, workers: int, samples: int | None = None) -> None:
        self.task, self.workers = task, workers
        self.backlog = 2 * workers
        self._left = samples
        self._scored_here = 0
        self._pending: dict[Future[Scored], tuple[Sample, Any]] = {}
        self._pool = self._open() if samples is None else None
        self._deaths = Deaths()

    def submit(self, sample: Sample, prediction: Any) -> Iterator[Scored]:
        """Hand over one prediction and yield whatever has been scored; blocks while the backlog is full."""
        if self._pool is None:
            scored = timed_score(self.task, sample, prediction)
            self._judge(scored[2])
            yield scored
            return
        self._hand_over(sample, prediction)
        while self._pending:
            full = len(self._pending) > self.backlog
            done, _ = wait(self._pending, None if full else 0, return_when=FIRST_COMPLETED)
            if not done:
                return
            yield from self._results(done)

    def drain(self) -> Iterator[Scored]:
        """Yield everything that is still being scored."""
        while self._pending:
            done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
            yield from self._results(done)

    def close(self) -> None:
        """Drop what has not been scored and stop the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> ProcessPoolExecutor | None:
        if not self.workers:
            return None
        context = multiprocessing.get_context("spawn")  # fork would copy torch's and numba's threads half-alive
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_start, initargs=(self.task,))

    def _judge(self, seconds: float) -> None:
        """Start the processes if scoring what is left here would take longer, by what the last sample took.

        The first one is no measure of the others: it loads the loops, or compiles them.
        """
        if self._left is not None:
            self._left -= 1
            if self._scored_here and seconds * self._left > START:
                self._pool, self._left = self._open(), None
            self._scored_here += 1

    def _hand_over(self, sample: Sample, prediction: Any) -> None:
        if self._pool is None:
            raise RuntimeError("there are no scoring processes")
        try:
            future = self._pool.submit(_score, sample, prediction)
        except BrokenProcessPool:
            self._restart()
            self._hand_over(sample, prediction)
        else:
            self._pending[future] = sample, prediction

    def _results(self, done: set[Future[Scored]]) -> Iterator[Scored]:
        broken = {future for future in done if isinstance(future.exception(), BrokenProcessPool)}
        for future in done - broken:
            del self._pending[future]
            yield future.result()
        if broken:
            self._restart()

    def _restart(self) -> None:
        """Start other processes in the place of a broken pool, and hand them what was not scored."""
        ended = list((getattr(self._pool, "_processes", None) or {}).values())
        self.close()
        if any(process.exitcode == UNGUARDED for process in ended):
            raise UnguardedScriptError
        for future, (sample, _) in self._pending.items():
            if future.exception() is not None:
                self._deaths.count("a scoring process", sample.id)
        log.warning("a scoring process died; others are started, and score what it had at hand")
        before, self._pending, self._pool = self._pending, {}, self._open()
        for future, pair in before.items():
            if isinstance(future.exception(), BrokenProcessPool):
                self._hand_over(*pair)
            else:
                self._pending[future] = pair


def worker_count(wanted: int | str) -> int:
    """Turn `workers=` into a number of processes; "auto" is one a processor, at most 16."""
    return min(os.cpu_count() or 1, 16) if wanted == "auto" else int(wanted)


_worker_task: Task | None = None


def _start(task: Task) -> None:
    """Set a worker up: keep the task, ignore Ctrl-C (the parent handles it), one thread for each library."""
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
    return timed_score(_worker_task, sample, prediction)


def timed_score(task: Task, sample: Sample, prediction: Any) -> Scored:
    """Score a sample; every process that scores, wherever it is, does it here."""
    start = time.perf_counter()
    return sample.id, task.score(sample, prediction), time.perf_counter() - start
