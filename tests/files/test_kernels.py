"""Where compiled loops are kept: never inside the installed package, which pip removes without them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import config

from sambench.files.kernels import kernel
from sambench.files.paths import source_stamp

PACKAGE = Path(__file__).parents[2] / "sambench"
COMPILE_ONE = "import numpy; from sambench.masks.run_lengths.bits import lowest_bit; print(lowest_bit(numpy.uint64(8)))"


def test_every_loop_of_the_suite_is_compiled_by_this_decorator():
    for path in PACKAGE.rglob("*.py"):
        assert path.name == "kernels.py" or "njit" not in path.read_text(encoding="utf-8"), path


def test_a_change_of_a_loop_that_another_file_calls_is_compiled_again(tmp_path):
    package = tmp_path / "sambench"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    inner, outer = package / "inner_loop.py", package / "outer_loop.py"
    outer.write_text(
        "from sambench.inner_loop import inner\nfrom sambench.files.kernels import kernel\n\n"
        "@kernel()\ndef outer(value):\n    return inner(value)\n"
    )
    environment = os.environ | {"SAMBENCH_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    answers = []
    for added in (1, 2):
        inner.write_text(
            f"from sambench.files.kernels import kernel\n\n@kernel()\ndef inner(value):\n    return value + {added}\n"
        )
        run = [sys.executable, "-B", "-c", "from sambench.outer_loop import outer; print(outer(1))"]
        done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
        answers.append(done.stdout.split())
    assert answers == [["2"], ["3"]]


def test_the_folder_of_other_users_of_numba_stays_as_it_is():
    kernel()(lambda value: value)(2)  # numba reads its variables again when it first compiles
    config.CACHE_DIR, before = "theirs", config.CACHE_DIR
    try:
        kernel()(lambda value: value + 1)
        assert config.CACHE_DIR == "theirs"
    finally:
        config.CACHE_DIR = before


def test_loops_that_borrow_their_arrays_answer_alike_and_hold_on_to_none():
    def fill_up(pair, start):
        first, second = pair
        for at in range(start, len(first)):
            second[at] += first[at]
        return len(first[start:])

    arrays = np.arange(5), np.ones(5, np.int64)
    before = [sys.getrefcount(array) for array in arrays]
    assert kernel(borrows=True)(fill_up)(arrays, 2) == 3
    assert arrays[1].tolist() == [1, 1, 3, 4, 5]
    assert [sys.getrefcount(array) for array in arrays] == before


@pytest.mark.parametrize("chosen", [False, True], ids=["cache folder", "NUMBA_CACHE_DIR"])
def test_compiled_loops_are_kept_outside_the_package(tmp_path, chosen):
    environment = os.environ | {"SAMBENCH_CACHE": str(tmp_path / "cache"), "NUMBA_CACHE_DIR": str(tmp_path / "own")}
    if not chosen:
        del environment["NUMBA_CACHE_DIR"]
    done = subprocess.run(
        [sys.executable, "-c", COMPILE_ONE], capture_output=True, text=True, cwd=tmp_path, env=environment, check=True
    )
    assert done.stdout.split() == ["3"]
    kept = {path.relative_to(tmp_path).parts[:-2] for path in tmp_path.rglob("*.nbi")}
    assert kept == {("own", source_stamp()) if chosen else ("cache", "kernels", source_stamp())}
    assert not list(PACKAGE.rglob("bits.lowest_bit*.nb?"))
