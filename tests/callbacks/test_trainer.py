"""The callback in transformers' Trainer: a toy decoder is trained, and its numbers are in the trainer's history."""

import types

import pytest
import torch
from small_instances import settings, write_objects
from tiny_sams import tiny_model

from sambench.callbacks.steps import StepEvaluation
from sambench.callbacks.trainer import TrainerEvaluation


def evaluation(tmp_path, **more):
    words = settings(write_objects(tmp_path / "data"))
    return StepEvaluation("points", words["data"], 2, 1, tmp_path / "runs", words["overrides"], **more)


def state(step, first=True):
    return types.SimpleNamespace(global_step=step, is_world_process_zero=first, log_history=[])


def test_numbers_of_due_steps_are_logged(tmp_path):
    seen = []
    callback = TrainerEvaluation(evaluation(tmp_path), log=lambda numbers, step: seen.append((numbers, step)))
    model = tiny_model("sam")
    for step, first in ((1, True), (2, False)):
        told = state(step, first)
        callback.on_step_end(None, told, None, model=model)
        assert told.log_history == seen == []
    told = state(2)
    callback.on_step_end(None, told, None, model=model)
    (numbers, step), (history,) = seen[0], told.log_history
    assert step == 2
    assert history == {**numbers, "step": 2}
    assert 0 <= numbers["sambench/points/mIoU@1"] <= 1


def test_in_a_trainer(tmp_path):
    pytest.importorskip("accelerate", reason="transformers' Trainer needs accelerate")
    from transformers import Trainer, TrainingArguments

    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.sam = tiny_model("sam")

        def forward(self, pixel_values, input_points, labels):
            found = self.sam(pixel_values=pixel_values, input_points=input_points, multimask_output=False).pred_masks
            return {"loss": torch.nn.functional.binary_cross_entropy_with_logits(found.flatten(1), labels)}

    generator = torch.Generator().manual_seed(0)
    samples = [
        {
            "pixel_values": torch.randn(3, 64, 64, generator=generator),
            "input_points": torch.full((1, 1, 2), 20.0),
            "labels": torch.ones(256),
        }
        for _ in range(4)
    ]
    arguments = TrainingArguments(
        str(tmp_path / "out"), max_steps=4, per_device_train_batch_size=1, learning_rate=1e-2, report_to=[],
        use_cpu=True, save_strategy="no", logging_steps=100, disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(Student(), arguments, train_dataset=samples)
    callback = TrainerEvaluation(evaluation(tmp_path)).attach(trainer)
    trainer.train()
    assert sorted(callback.evaluation.runs) == [2, 4]
    logged = [entry["step"] for entry in trainer.state.log_history if "sambench/points/mIoU@1" in entry]
    assert logged == [2, 4]
    assert trainer.model.training
