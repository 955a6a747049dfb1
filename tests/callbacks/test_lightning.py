"""The callback for Lightning: duck-typed here, in Lightning's own trainer where that is installed."""

import types

import pytest
import torch
from small_instances import settings, write_objects
from tiny_sams import tiny_model

from sambench.callbacks.lightning import lightning_evaluation
from sambench.callbacks.steps import StepEvaluation


class Logger:
    def __init__(self):
        self.seen = []

    def log_metrics(self, metrics, step):
        self.seen.append((step, metrics))


def evaluation(tmp_path, **more):
    words = settings(write_objects(tmp_path / "data"))
    return StepEvaluation("points", words["data"], 2, 1, tmp_path / "runs", words["overrides"], **more)


def test_due_steps_go_to_every_logger_and_to_the_module(tmp_path):
    callback = lightning_evaluation(evaluation(tmp_path))
    loggers, own = [Logger(), Logger()], []
    module = torch.nn.Module()
    module.model = tiny_model("sam")
    module.log_dict = lambda numbers, **how: own.append((numbers, how["logger"]))
    for step, first in ((1, True), (2, False), (2, True), (2, True)):
        trainer = types.SimpleNamespace(global_step=step, is_global_zero=first, loggers=loggers)
        callback.on_train_batch_end(trainer, module, None, None, 0)
    (numbers, to_logger), ((step, logged),) = own[0], loggers[0].seen
    assert len(own) == 1
    assert (step, to_logger) == (2, False)
    assert logged == numbers == loggers[1].seen[0][1]
    assert "sambench/points/mIoU@1" in numbers


def test_in_lightning(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = tiny_model("sam")

        def training_step(self, batch, _):
            return self.model.mask_decoder.iou_token.weight.square().sum()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    kept = Logger()
    callback = lightning_evaluation(evaluation(tmp_path), log=lambda numbers, step: kept.log_metrics(numbers, step))
    trainer = lightning.Trainer(
        max_steps=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback],
    )  # fmt: skip
    trainer.fit(Module(), torch.utils.data.DataLoader(torch.zeros(8, 1)))
    assert [step for step, _ in kept.seen] == [2, 4]
    assert trainer.callback_metrics["sambench/points/mIoU@1"] == pytest.approx(
        kept.seen[-1][1]["sambench/points/mIoU@1"]
    )
