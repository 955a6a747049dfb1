"""Commands that only read start no deep-learning library: seconds for an answer that takes none."""

import json
import os
import subprocess
import sys

import pytest
from stored_runs import stored

from sambench.gates.compare import freeze

HEAVY = ("torch", "transformers", "ray")
CHILD = f"""
import json, sys
from sambench.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as ended:
        print("heavy:", [name for name in {HEAVY} if name in sys.modules], "code:", ended.code or 0)
"""
FROZEN = ("annotators", "noise", "edges", "regions", "proposals", "instances", "points")
"""Tasks whose gate needs no torch."""

LIGHT = ["--help", "run --help", "ls tasks", "ls models", "ls data", "ls runs", "table human", "table points"]
LIGHT += ["table edges"]


def answers(folder, *commands, script=CHILD):
    """Run commands one after the other in one process; returns the heavy modules and the exit code after each."""
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(commands)],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("heavy:")]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What was imported after each command that needs no model, and after each gate on a frozen baseline."""
    folder = tmp_path_factory.mktemp("light")
    gates = []
    for task in FROZEN:
        freeze(stored(folder / task, task), folder / f"{task}.baseline")
        gates.append(["gate", f"baseline={task}.baseline", f"candidate={task}.baseline", "replicates=100"])
    commands = [line.split() for line in LIGHT]
    return dict(zip([*LIGHT, *FROZEN], answers(folder, *commands, *gates), strict=True))


@pytest.mark.parametrize("words", LIGHT)
def test_what_needs_no_model_imports_no_torch(told, words):
    assert told[words] == "heavy: [] code: 0"


@pytest.mark.parametrize("task", FROZEN)
def test_a_gate_on_frozen_baselines_imports_no_torch(told, task):
    assert told[task] == "heavy: [] code: 0"


def test_the_child_tells_of_what_it_imports(tmp_path):
    (tmp_path / "torch.py").write_text("")
    script = CHILD.replace("import json, sys", "import json, sys; sys.path.insert(0, '.'); import torch")
    assert answers(tmp_path, ["--help"], script=script) == ["heavy: ['torch'] code: 0"]
