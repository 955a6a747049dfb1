"""Every task with a tiny random model of every family's real class, from the command's own configuration."""

from importlib.util import find_spec

import pytest
from tiny_sams import FAMILIES, tiny_model

import sambench

TASKS = {
    "edges": ["task.grid=3"],
    "proposals": ["task.points_per_side=3", "task.evaluator=both"],
    "instances": ["task.evaluator=both"],
    "points": ["task.clicks=[1,2]"],
}


SLOW_BUT_THE_FIRST = [FAMILIES[0], *(pytest.param(family, marks=pytest.mark.slow) for family in FAMILIES[1:])]


@pytest.fixture(scope="module", params=SLOW_BUT_THE_FIRST)
def checkpoint(request, tmp_path_factory):
    """A folder in transformers' format."""
    if request.param == "edgetam" and find_spec("timm") is None:
        pytest.skip("EdgeTAM's backbone is timm's, which needs torchvision; tests/parity/run.sh has both")
    folder = tmp_path_factory.mktemp(request.param)
    tiny_model(request.param).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("task", list(TASKS))
def test_runs_and_then_needs_no_encoding(checkpoint, tmp_path, task):
    def run(name):
        overrides = [f"model.checkpoint={checkpoint}", *TASKS[task]]
        cache = {"dir": str(tmp_path / "cache")}
        settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "limit": 1, "cache": cache}
        return sambench.run(task, "sam", overrides=overrides, run={"dir": str(tmp_path / name)}, **settings)

    first, second = run("first"), run("second")
    assert first.record["cache"]["misses"] == second.record["cache"]["hits"] == 1
    assert first.rows() == second.rows()
    assert first.record["model"]["fingerprint"] == second.record["model"]["fingerprint"]
    assert any(path.is_file() for path in first.predictions.rglob("*"))
    assert first.metrics
