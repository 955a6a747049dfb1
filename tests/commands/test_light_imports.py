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
try:
    main(json.loads(sys.argv[1]))
except SystemExit as ended:
    print("heavy:", [name for name in {HEAVY} if name in sys.modules], "code:", ended.code or 0)
"""
FROZEN = ("edges", "regions", "proposals", "instances", "points")
"""Tasks whose gate needs no torch."""


def answer(folder, *words):
    """Run a command in a process of its own; returns the heavy modules and the exit code, as it prints them."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(words)],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["ls", "tasks"], ["ls", "models"], ["ls", "data"], ["ls", "runs"],
     ["table", "human"], ["table", "points"], ["table", "edges"]],
    ids=" ".join,
)  # fmt: skip
def test_what_needs_no_model_imports_no_torch(tmp_path, words):
    assert answer(tmp_path, *words) == "heavy: [] code: 0"


@pytest.mark.parametrize("task", FROZEN)
def test_a_gate_on_frozen_baselines_imports_no_torch(tmp_path, task):
    run = stored(tmp_path / "run", task)
    freeze(run, tmp_path / "a.baseline")
    words = ["gate", "baseline=a.baseline", "candidate=a.baseline", "replicates=100"]
    assert answer(tmp_path, *words) == "heavy: [] code: 0"


def test_the_child_tells_of_what_it_imports(tmp_path):
    (tmp_path / "torch.py").write_text("")
    script = CHILD.replace("import json, sys", "import json, sys; sys.path.insert(0, '.'); import torch")
    done = subprocess.run([sys.executable, "-c", script, '["--help"]'], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "heavy: ['torch'] code: 0"
