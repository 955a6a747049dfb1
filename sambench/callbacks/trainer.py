"""A callback for `transformers.Trainer`: numbers go where the trainer's own go."""

from __future__ import annotations

import logging
from typing import Any

from transformers.trainer_callback import TrainerCallback

from sambench.callbacks.steps import Log, StepEvaluation

log = logging.getLogger("sambench.callbacks")


class TrainerEvaluation(TrainerCallback):
    """Evaluates every N optimizer steps, in the first process alone.

    `TrainerEvaluation(StepEvaluation("points", every_n_steps=500)).attach(trainer)` has the numbers go through
    `trainer.log`: into its history and to every logger it reports to. One given as `callbacks=[...]` knows no trainer;
    its numbers go into the history, and to `log` where that is given.

    Args:
        evaluation: What is evaluated, and when.
        log: Takes (numbers, step), for a logger of one's own.
    """

    def __init__(self, evaluation: StepEvaluation, log: Log | None = None) -> None:
        self.evaluation, self._log = evaluation, log
        self._trainer: Any = None

    def attach(self, trainer: Any) -> TrainerEvaluation:
        """Add this callback to a trainer, and log through it."""
        self._trainer = trainer
        trainer.add_callback(self)
        return self

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Evaluate where a step is due."""
        step = int(state.global_step)
        if not state.is_world_process_zero or not self.evaluation.is_due(step):
            return
        numbers = self.evaluation(model, step)
        if self._trainer is not None:
            self._trainer.log(dict(numbers))
        else:
            state.log_history.append({**numbers, "step": step})
        if self._log is not None:
            self._log(numbers, step)
        log.info("step %d: %s", step, numbers)
