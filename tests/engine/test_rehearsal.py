"""A first run finds what the rehearsal has compiled, all of it."""

import os
import subprocess
import sys

import pytest

from sambench.engine.ahead import compiled_mark

RUN = """
import sys
from numba.core.dispatcher import Dispatcher
from sambench.cli import main
try:
    main(["run", "task=edges", "limit=1", "progress=off", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code, end.code
modules = [module for name, module in sys.modules.items() if name.startswith("sambench")]
loops = [loop for module in modules for loop in vars(module).values() if isinstance(loop, Dispatcher)]
for loop in loops:
    for signature in loop.stats.cache_misses:
        print("compiled", loop.py_func.__module__, loop.py_func.__name__, signature)
print("loaded", sum(len(loop.stats.cache_hits) for loop in loops))
"""


@pytest.mark.slow
def test_a_run_compiles_nothing_after_the_rehearsal(tmp_path, mini, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    before = [sys.executable, "-m", "sambench.engine.rehearsal", "edges", "hierarchy"]
    subprocess.run(before, check=True, cwd=tmp_path)
    assert compiled_mark(["edges", "hierarchy"]).is_file()
    settings = [f"run.dir={tmp_path / 'run'}", "cache.enabled=false"]
    environment = os.environ | {"SAMBENCH_CACHE": str(mini.parents[1])}
    run = [sys.executable, "-c", RUN, *settings]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("compiled")] == []
    [loaded] = [int(line.split()[1]) for line in lines if line.startswith("loaded")]
    assert loaded > 10


def test_what_compiles_ahead_does_not_wait_for_torch():
    imports = "import sys, sambench.engine.rehearsal; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
