"""This process: it predicts with what the command has built, and scores beside it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sambench.engine.executors.base import Executor, Job, Ledger, groups_to_do
from sambench.engine.scaling import AHEAD
from sambench.engine.scoring import Scored, Scorer
from sambench.engine.work import Work


class InProcess(Executor):
    """No process of its own predicts: a run on one device, or of predictions made elsewhere.

    Args:
        work: What predicts.
        device: The device it predicts on.
    """

    def __init__(self, work: Work, device: str) -> None:
        self.work, self.device, self.ledger = work, device, Ledger()

    def run(self, job: Job) -> Generator[Scored, None, None]:
        """Predict and score every sample that is not done (`Executor.run`)."""
        groups = list(groups_to_do(job))
        scorer = Scorer(job.task, job.scorers, sum(len(group.todo) for group in groups) if job.patient else None)
        try:
            for index, group in enumerate(groups):
                ahead = [later.keys for later in groups[index + 1 : index + 1 + AHEAD]]
                made = self.work.predictions(job.folder, group.keys, group.todo, job.drawn, *ahead)
                for sample, prediction in made:
                    yield from scorer.submit(sample, prediction)
            yield from scorer.drain()
        finally:
            scorer.close()
            self.work.reader.close()
        self.ledger.note("this process", self.work.figures(), job.stages)

    def status(self) -> str:
        """Return nothing: the progress line says it all."""
        return ""

    def workers(self) -> list[dict[str, Any]]:
        """Return nothing: there are no processes that predict."""
        return []

    def close(self) -> None:
        """End what `run` has not."""
        self.work.reader.close()
