"""Which loops a second process compiles, when, and that it never outlives the run."""

import subprocess
import sys

import pytest

from sambench.engine import ahead
from sambench.engine.ahead import compiled_ahead, compiled_mark, loops_of
from sambench.errors import RunError


def config(task="edges", model="hierarchy"):
    return {"task": {"name": task}, "model": {"name": model}}


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The processes that were started: each waits in the place of one that compiles; there are two processors."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(ahead.os, "cpu_count", lambda: 2)
    processes, popen = [], subprocess.Popen

    def start(command, **streams):
        processes.append((command, popen([sys.executable, "-c", "input()"], **streams | {"stdin": subprocess.PIPE})))
        return processes[-1][1]

    monkeypatch.setattr(ahead.subprocess, "Popen", start)
    return processes


def test_what_a_run_needs_follows_from_its_task_and_its_model():
    assert loops_of(config()) == ["edges", "hierarchy"]
    assert loops_of(config(task="points")) == ["hierarchy"]
    assert loops_of(config(model="canny")) == ["edges"]
    assert loops_of(config("latency", "sam_vit_h")) == []


def test_a_run_is_not_waited_for_and_ends_the_process(started):
    with compiled_ahead(config()):
        [(command, process)] = started
        assert command[-2:] == ["edges", "hierarchy"]
        assert process.poll() is None
    assert process.returncode is not None


def test_a_run_that_fails_ends_the_process_too(started):
    with pytest.raises(RunError), compiled_ahead(config()):
        raise RunError("broken", where="here", mend="there")
    assert started[0][1].returncode is not None


def test_what_was_compiled_before_is_not_compiled_again(started):
    compiled_mark(["edges", "hierarchy"]).touch()
    with compiled_ahead(config()):
        assert started == []
    with compiled_ahead(config(task="points")):
        assert len(started) == 1


@pytest.mark.parametrize("case", ["one processor", "nothing to compile"])
def test_no_process_is_started_where_it_would_help_nobody(started, monkeypatch, case):
    if case == "one processor":
        monkeypatch.setattr(ahead.os, "cpu_count", lambda: 1)
    with compiled_ahead(config() if case == "one processor" else config("latency", "sam_vit_h")):
        assert started == []


def test_loops_of_another_source_are_compiled_anew(started, monkeypatch):
    compiled_mark(["edges", "hierarchy"]).touch()
    monkeypatch.setattr(ahead, "source_stamp", lambda: "of another source")
    with compiled_ahead(config()):
        assert len(started) == 1
