"""The fault injector itself: it sees the calls of Python and of compiled libraries, and does what it is told."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import fault_shim
import pytest
from fault_shim import Fault, build, calls, fired, settings

WRITES = {
    "text": "path.write_text('hi')",
    "save": "np.save(open(path, 'wb'), np.arange(3))",
    "parquet": "pq.write_table(pa.table({'a': [1, 2]}), path)",
    "picture": "Image.fromarray(np.zeros((4, 4), np.uint8)).save(path, format='PNG')",
}
READS = {
    "text": "path.read_bytes()",
    "save": "np.load(path)",
    "parquet": "pq.read_table(path)",
    "picture": "Image.open(path).load()",
}
OTHERS = {
    "sync": "os.fsync(os.open(folder, os.O_RDONLY))",
    "meta": "os.utime(folder)",
    "mkdir": "(folder / 'new').mkdir()",
    "name": "os.rename(folder / 'new', folder / 'newer')",
    "unlink": "os.rmdir(folder / 'newer')",
    "list": "os.listdir(folder)",
    "map": "path.write_bytes(b'123'); mmap.mmap(os.open(path, os.O_RDWR), 0)",
    "lock": "fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)",
}
BEGIN = """
import fcntl, mmap, os, sys
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from PIL import Image
folder = Path(sys.argv[1])
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    found = build(tmp_path_factory.mktemp("shim"))
    if found is None:
        pytest.skip("the fault shim cannot be built here: it needs Linux and a C compiler")
    return found


def ended(shim, folder, code, fault=None, **more):
    """Run Python code with a fault in the calls on `folder/in`; returns the ended process."""
    (folder / "in").mkdir(exist_ok=True)
    (folder / "own").mkdir(exist_ok=True)
    asked = settings(fault or Fault(), [folder / "in"], folder / "own", **more)
    environment = {**os.environ, "LD_PRELOAD": str(shim), **asked}
    words = [sys.executable, "-c", code, str(folder / "in")]
    return subprocess.run(words, env=environment, capture_output=True, text=True)


def test_calls_of_python_and_of_compiled_libraries_are_seen(shim, tmp_path):
    lines = [f"path = folder / '{name}'; {code}" for found in (WRITES, READS) for name, code in found.items()]
    lines += [f"path = folder / '{name}'; {code}" for name, code in OTHERS.items()]
    done = ended(shim, tmp_path, BEGIN + "\n".join(lines))
    assert done.returncode == 0, done.stderr
    seen = {(kind, Path(path).name) for kind, path, _ in calls(tmp_path / "own")}
    for name in WRITES:
        assert {("create", name), ("write", name), ("open", name), ("read", name), ("close", name)} <= seen
    assert set(OTHERS) <= {kind for kind, _ in seen}
    assert set(fault_shim.KINDS) == {kind for kind, _ in seen}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE])
def test_a_call_fails_as_it_is_told(shim, tmp_path, error):
    kind = "create" if error == errno.EMFILE else "write"
    write = "pathlib.Path(sys.argv[1], '{}').write_text('x')"
    code = "\n".join(["import sys, pathlib", write.format("a"), write.format("b")])
    done = ended(shim, tmp_path, code, Fault(1, (kind,), error=error))
    assert f"[Errno {error}]" in done.stderr
    assert fired(tmp_path / "own")
    assert [path for found, path, chosen in calls(tmp_path / "own") if chosen] == [str(tmp_path / "in" / "a")]


@pytest.mark.parametrize("lasting", [False, True])
def test_a_fault_lasts_if_it_is_told_to(shim, tmp_path, lasting):
    code = """
import sys, pathlib
for name in "abc":
    try:
        pathlib.Path(sys.argv[1], name).write_text(name)
        print("well")
    except OSError as error:
        print(error.errno)
"""
    done = ended(shim, tmp_path, code, Fault(1, ("create",), error=errno.EROFS, lasting=lasting))
    assert done.stdout.split() == [str(errno.EROFS)] * (3 if lasting else 1) + ["well"] * (0 if lasting else 2)


@pytest.mark.parametrize(("do", "left"), [("before", b""), ("after", b"12345678"), ("torn", b"1234")])
def test_a_process_is_killed_before_in_or_after_a_call(shim, tmp_path, do, left):
    code = "import os, sys\nos.write(os.open(sys.argv[1] + '/a', os.O_WRONLY | os.O_CREAT), b'12345678')\nprint('on')"
    done = ended(shim, tmp_path, code, Fault(1, ("write",), do))
    assert done.returncode == -9
    assert not done.stdout
    assert (tmp_path / "in" / "a").read_bytes() == left


def test_a_write_is_cut_short(shim, tmp_path):
    code = "import os, sys\nprint(os.write(os.open(sys.argv[1] + '/a', os.O_WRONLY | os.O_CREAT), b'12345678'))"
    assert ended(shim, tmp_path, code, Fault(1, ("write",), "short")).stdout == "4\n"


@pytest.mark.parametrize("first", [False, True])
def test_processes_share_their_counters_unless_only_the_first_counts(shim, tmp_path, first):
    write = "import sys, pathlib; pathlib.Path(sys.argv[1], 'a').write_text('x')"
    code = f"import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', {write!r}, sys.argv[1]]).returncode)"
    done = ended(shim, tmp_path, code, Fault(1, ("write",), error=errno.EIO), first=first)
    assert done.stdout == ("0\n" if first else "1\n")
    assert fired(tmp_path / "own") != first


def test_calls_elsewhere_are_left_alone(shim, tmp_path):
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).with_name('in_not').write_text('x')"
    assert ended(shim, tmp_path, code, Fault(1)).returncode == 0
    assert calls(tmp_path / "own") == []
