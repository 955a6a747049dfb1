"""How many of the project's files somebody meets who follows the default run from command to number."""

import json
import subprocess
import sys

import pytest

BAR = 97
"""Files of which the main process of `sambench run task=edges` calls a function once images are encoded.

Sixty were wished for. Measured: 97 files of 14,400 lines, 129 before small modules that are only used together were
put together. Two of them hold compiled loops, which are not seen, and the functions that make room for these, which
are. Whoever lowers the number lowers the bar; whoever raises it asks whether a new module is needed on this way, or
whether the default run does work that it does not need.
"""

CHILD = """
import inspect, json, sys, threading
from pathlib import Path

import sambench
from sambench.cli import main

root, entered, seen = Path(sambench.__file__).parents[1], set(), set()


def note(frame, event, argument):
    code = frame.f_code
    if event == "call" and code not in seen:
        seen.add(code)
        # bodies of modules and classes are no functions, nor are their comprehensions
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_qualname.startswith("<"):
            entered.add(code.co_filename)


threading.setprofile(note)
sys.setprofile(note)
try:
    main(["run", "task=edges", "limit=2", "run.dir=" + sys.argv[1]])
except SystemExit as ended:
    sys.setprofile(None)
    own = [Path(file).relative_to(root) for file in entered if Path(file).is_relative_to(root)]
    files = sorted(file.as_posix() for file in own if file.parts[0] in ("sambench", "tasks"))
    print(json.dumps({"code": ended.code, "files": files}))
"""


@pytest.mark.slow
def test_the_default_run_enters_no_more_files_than_it_did(tmp_path):
    for name in ("cold", "warm"):
        command = [sys.executable, "-c", CHILD, str(tmp_path / name)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["code"] == 0, done.stderr
    files = {file.removeprefix("sambench/") for file in answer["files"]}
    assert {"engine/launch.py", "engine/scoring.py", "tasks/edges.py", "metrics/boundary/scores.py"} <= files
    assert len(files) <= BAR, sorted(files)
