"""A callback for Lightning, under either of its names; without it installed, an object with the same method."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from sambench.callbacks.steps import Log, StepEvaluation

log = logging.getLogger("sambench.callbacks")


def lightning_evaluation(evaluation: StepEvaluation, log: Log | None = None) -> Any:
    """Return a Lightning callback that evaluates every N optimizer steps, in the first process alone.

    Numbers go to every logger of the trainer at that step (`logger.log_metrics`), and to the module's own log, where
    ModelCheckpoint and EarlyStopping look (`monitor="sambench/points/mIoU@1"`).

    Args:
        evaluation: What is evaluated, and when; `model_of` finds the model in the LightningModule where several are in.
        log: Takes (numbers, step), for a logger of one's own.
    """
    base = _callback_class()
    kind = LightningSteps if base is None else type("LightningEvaluation", (LightningSteps, base), {})
    return kind(evaluation, log)


class LightningSteps:
    """The callback's method; see `lightning_evaluation`."""

    def __init__(self, evaluation: StepEvaluation, log: Log | None = None) -> None:
        self.evaluation, self._log = evaluation, log

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any, **__: Any) -> None:
        """Evaluate where a step is due; batches whose gradients are only gathered make no step."""
        step = int(trainer.global_step)
        if not getattr(trainer, "is_global_zero", True) or not self.evaluation.is_due(step):
            return
        numbers = self.evaluation(pl_module, step)
        for logger in getattr(trainer, "loggers", None) or []:
            logger.log_metrics(dict(numbers), step=step)
        if hasattr(pl_module, "log_dict"):
            pl_module.log_dict(dict(numbers), logger=False, on_step=True, on_epoch=False, rank_zero_only=True)
        if self._log is not None:
            self._log(numbers, step)
        log.info("step %d: %s", step, numbers)


def _callback_class() -> type | None:
    """Return Lightning's own base class, None where it is not installed."""
    for name in ("lightning.pytorch", "pytorch_lightning"):
        try:
            callback_class: type = importlib.import_module(name).Callback
            return callback_class
        except ImportError:
            continue
    return None
