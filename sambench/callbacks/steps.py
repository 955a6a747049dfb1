"""What the callbacks share: every N steps, a fixed subset, one run a step, numbers under plain names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.api.evaluation import evaluate
from sambench.config.ranges import Range, check_range
from sambench.runs.run import Run

STEPS = Range(1, 10**9)
"""Optimizer steps between two evaluations."""

Log = Callable[[Mapping[str, float], int], object]
"""(numbers by name, step)."""


@dataclass
class StepEvaluation:
    """Evaluates a model every N steps on the same samples, each step in a run folder of its own.

    No embedding is cached, as the weights change; the folder of a step that was evaluated before is written anew, as
    training that starts again has other weights at the same step.

    Attributes:
        task, data, overrides, settings: As of `sambench.evaluate`.
        every_n_steps: Steps between two evaluations.
        limit: How many samples of the data; the first ones, so that all steps have the same.
        folder: Where the runs go, as FOLDER/step-00000100.
        model_of: Finds the model in what is trained; by default that itself, wrappers looked through.
        prefix: Before the names of metrics.
        runs: The finished runs by step.
    """

    task: str
    data: str = "mini"
    every_n_steps: int = 1000
    limit: int | None = 32
    folder: str | Path = "results/training"
    overrides: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    model_of: Callable[[Any], Any] = lambda trained: trained
    prefix: str = "sambench/"
    runs: dict[int, Run] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a number of steps that is none."""
        check_range(self.every_n_steps, STEPS, "every_n_steps")

    def is_due(self, step: int) -> bool:
        """Tell whether a step is to be evaluated, and was not yet."""
        return step > 0 and step % self.every_n_steps == 0 and step not in self.runs

    def __call__(self, trained: Any, step: int) -> dict[str, float]:
        """Evaluate what is trained, as it is at a step.

        Returns:
            Metrics by name, as "sambench/points/mIoU@1"; undefined ones are left out.
        """
        run = evaluate(
            self.model_of(trained),
            self.task,
            self.data,
            [*self.overrides, f"model.title='step {step}'"],
            **{
                "limit": self.limit,
                **self.settings,
                "run": {"dir": str(Path(self.folder) / f"step-{step:08d}"), "overwrite": True},
            },
        )
        self.runs[step] = run
        named = {f"{self.prefix}{self.task}/{name}": metric.value for name, metric in run.metrics.items()}
        return {name: value for name, value in named.items() if value == value}
