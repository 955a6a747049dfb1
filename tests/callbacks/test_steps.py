"""Every N steps on the same samples, each step a run of its own."""

import pytest
import torch
from foreign_predictors import build
from small_instances import settings, write_objects

from sambench.callbacks.steps import StepEvaluation
from sambench.config.ranges import RangeError


def test_each_step_is_a_run_of_its_own_on_the_same_samples(tmp_path):
    words = settings(write_objects(tmp_path / "data"))
    steps = StepEvaluation(
        "points", words["data"], 5, limit=1, folder=tmp_path / "runs", overrides=words["overrides"], prefix="eval_"
    )
    predictor = build("plain", 3.0)
    assert [step for step in range(12) if steps.is_due(step)] == [5, 10]
    first = steps(predictor, 5)
    with torch.no_grad():
        predictor.model.weight *= 3
    second = steps(predictor, 10)
    assert first["eval_points/mIoU@1"] != second["eval_points/mIoU@1"]
    assert all(value == value for value in first.values())
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["step-00000005", "step-00000010"]
    assert {row["sample_id"] for run in steps.runs.values() for row in run.rows()} == {"0"}
    assert steps.runs[10].record["model"]["name"] == "step 10"
    assert not steps.is_due(10)
    again = StepEvaluation(
        "points", words["data"], 5, limit=1, folder=tmp_path / "runs", overrides=words["overrides"], prefix="eval_"
    )
    assert again(predictor, 5) == second


def test_steps_are_counted_from_one():
    with pytest.raises(RangeError, match="every_n_steps"):
        StepEvaluation("points", every_n_steps=0)
