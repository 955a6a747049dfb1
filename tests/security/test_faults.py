"""A disk that fails and processes that are killed at any call: one sentence, nothing lost, nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fault_driver
import pytest
from fault_shim import build

QUICK = ["run proposals, local", "run regions, file", "run regions, memory", "table proposals"]


def injected(folder, faults, kills, seed, names=()):
    """Inject faults and kills into commands (all of them, or those named); returns what happened to each."""
    shim = build(folder)
    if shim is None:
        pytest.skip("the fault shim cannot be built here: it needs Linux and a C compiler")
    report = folder / "report.json"
    threads = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}  # a process with threads cannot be forked safely
    support = str(Path(fault_driver.__file__).parent)
    environment = {**os.environ, **threads, "PYTHONPATH": support, "LD_PRELOAD": str(shim)}
    words = [sys.executable, fault_driver.__file__, folder / "base", report, faults, kills, seed, *names]
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(report.read_text())["injected"]


def check(found, faults, kills):
    """Check that so many faults and kills befell a command, and that none did any harm."""
    happened = [one["kill"] for one in found if one["happened"]]
    assert happened.count(False) >= faults
    assert happened.count(True) >= kills
    bad = [one for one in found if one["troubles"]]
    assert not bad, json.dumps(bad, indent=1)


def test_a_few_faults_and_kills(tmp_path):
    check(injected(tmp_path, 16, 12, seed=5, names=QUICK), 12, 8)


@pytest.mark.slow
def test_faults_and_kills_in_every_command(tmp_path):
    """The figures of docs/reliability.md are this test's: `pytest -s` prints them."""
    found = injected(tmp_path, 210, 130, seed=1)
    for kill in (False, True):
        codes = [one["code"] for one in found if one["happened"] and one["kill"] == kill]
        told = ", ".join(f"{codes.count(code)} with {code}" for code in sorted(set(codes)))
        print(
            f"{len(codes)} {'kills' if kill else 'faults'} in {len({one['scene'] for one in found})} commands: {told}"
        )
    check(found, 200, 120)
