"""A disk that fails and processes that are killed at any call: one sentence, nothing lost, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import fault_driver
import fault_scenes
import pytest
from fault_shim import CHANGES, Fault, build, calls, fired, settings

QUICK = ["run proposals, local", "run regions, file", "run regions, memory", "table proposals"]


def injected(folder, faults, kills, seed, names=()):
    """Inject faults and kills into commands, all or those named; returns each one's calls, and what happened."""
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
    told = json.loads(report.read_text())
    return told["calls"], told["injected"]


def check(found, faults, kills):
    """Check that so many faults and kills befell a command, and that none did any harm."""
    happened = [one["kill"] for one in found if one["happened"]]
    assert happened.count(False) >= faults
    assert happened.count(True) >= kills
    bad = [one for one in found if one["troubles"]]
    assert not bad, json.dumps(bad, indent=1)


def test_a_few_faults_and_kills(tmp_path):
    _, found = injected(tmp_path, 8, 6, seed=5, names=QUICK)
    check(found, 6, 4)


@pytest.mark.slow
def test_faults_and_kills_in_every_command(tmp_path):
    """The figures of docs/reliability.md are this test's: `pytest -s` prints them."""
    calls_made, found = injected(tmp_path, 110, 60, seed=1)
    print(f"\n{len(calls_made)} commands make {sum(calls_made.values())} calls")
    for kill in (False, True):
        codes = [one["code"] for one in found if one["happened"] and one["kill"] == kill]
        told = ", ".join(f"{codes.count(code)} with {code}" for code in sorted(set(codes)))
        print(f"{len(codes)} {'kills' if kill else 'faults'}; ended {told}")
    check(found, 110, 70)


WORKERS = fault_scenes.Scene(
    "run with workers",
    fault_scenes.run_words("points", "workers=1", "devices=[cpu,cpu]", "run.dir=out", "cache.dir=emb"),
)


def with_workers(shim, folder, fault=None, first=False):
    """Run a command whose work is done by processes that it starts; all of them, or the first alone, meet the fault."""
    here, own = folder / "here", folder / ("again" if fault is None else "fault")
    own.mkdir()
    asked = settings(fault or Fault(), [here] if fault else [], own, first)
    preloaded = {"LD_PRELOAD": str(shim), "SAMBENCH_CACHE": str(here / "user"), "TMPDIR": str(here / "tmp"), **asked}
    words = [sys.executable, "-m", "sambench.cli", *WORKERS.words]
    done = subprocess.run(words, cwd=here, env={**os.environ, **preloaded}, capture_output=True, text=True, timeout=120)
    return fault_driver.Ended(done.returncode, done.stdout + done.stderr), own


@pytest.mark.slow
def test_faults_and_kills_in_worker_processes(tmp_path):
    """The N-th call of all processes together, or of the first alone, whichever makes it."""
    if (shim := build(tmp_path)) is None:
        pytest.skip("the fault shim cannot be built here: it needs Linux and a C compiler")
    fault_scenes.write_inputs(tmp_path / "inputs")
    fault_driver.prepare(WORKERS, tmp_path / "work" / "alone")
    ended, own = with_workers(shim, tmp_path / "work" / "alone", Fault())
    assert ended.code == 0, ended.text
    wanted, left = fault_driver.outcome(WORKERS, tmp_path / "work" / "alone")
    assert not left
    changes = [at for at, (kind, _, _) in enumerate(calls(own), 1) if kind in CHANGES]
    for number, (part, do, first) in enumerate(((0.3, "fail", False), (0.5, "after", False), (0.7, "after", True))):
        fault, folder = Fault(changes[int(part * len(changes))], CHANGES, do), tmp_path / "work" / str(number)
        fault_driver.prepare(WORKERS, folder)
        ended, own = with_workers(shim, folder, fault, first)
        assert fired(own) or first
        assert ended.code in ((0, 2, -signal.SIGKILL) if fault.kills else (0, 2)), ended.text
        assert "Traceback" not in ended.text
        again, _ = with_workers(shim, folder)
        assert again.code == 0, again.text
        assert fault_driver.outcome(WORKERS, folder) == (wanted, [])
