"""Runs of instances, proposals and points, killed and started again, end as those that were not."""

import hashlib
import json
import random
import subprocess
import sys
import time

import pytest
from toys import environment

import sambench
from sambench.cli import dispatch

WORDS = {
    "instances": ["task.evaluator=fast"],
    "proposals": ["task.points_per_side=4"],
    "points": ["task.clicks=[1]"],
}


def words_of(task, folder, cache):
    words = [f"task={task}", "model.name=toys:ToyModel", "+model.delay=0.1", *WORDS[task]]
    words += ["limit=5", "workers=0", "device=cpu", "illustrate=0", "progress=off"]
    return ["run", *words, f"run.dir={folder}", f"cache.dir={cache}"]


def results(folder):
    """Metrics, rows and the bytes of every prediction."""
    files = sorted(path for path in (folder / "predictions").rglob("*") if path.is_file())
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return json.loads((folder / "run.json").read_text())["metrics"], sambench.load_run(folder).rows(), digests


@pytest.mark.slow
@pytest.mark.parametrize("task", list(WORDS))
def test_killed_runs_end_alike(task, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert dispatch(words_of(task, whole, tmp_path / "a")) == 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "sambench.cli", *words_of(task, killed, tmp_path / "b")],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        journal, deadline = killed / "rows.jsonl", time.time() + 60
        before = journal.stat().st_size if journal.exists() else 0
        while process.poll() is None and time.time() < deadline:
            if journal.exists() and journal.stat().st_size > before:
                break
            time.sleep(0.005)
        time.sleep(random.random() * 0.2)
        process.kill()
        process.wait()
    assert dispatch(words_of(task, killed, tmp_path / "b")) == 0
    assert results(killed) == results(whole)
