"""The commands of the example workflow in the documents do what the page says."""

import os
import shlex
from pathlib import Path

import pytest
import yaml

from sambench.cli import dispatch

DOCS = Path(__file__).parents[2] / "docs"


def commands():
    jobs = yaml.safe_load((DOCS / "examples" / "gate.yml").read_text())["jobs"]
    steps = {step["name"]: step["run"] for step in jobs["gate"]["steps"] if "run" in step}
    return {name: run for name, run in steps.items() if run.startswith("sambench ")}


@pytest.mark.slow
def test_the_example_workflow_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, gate = (shlex.split(commands()[name])[1:] for name in ("run", "gate"))
    assert dispatch([*run, "workers=0"]) == 0
    os.mkdir("baselines")
    page = (DOCS / "gate.md").read_text()
    policy = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    policy["metrics"]["ap"] = {"must_improve": False}
    Path("baselines/policy.yaml").write_text(yaml.safe_dump(policy))
    assert dispatch(["gate", "freeze", "gate/candidate", "out=baselines/edges.baseline"]) == 0
    assert dispatch(gate) == 0
    assert "no regression" in Path("gate/gate.md").read_text()
    policy["metrics"]["ap"] = {"must_improve": True}
    Path("baselines/policy.yaml").write_text(yaml.safe_dump(policy))
    assert dispatch(gate) == 1
    assert "not improved: ap" in Path("gate/gate.md").read_text()
