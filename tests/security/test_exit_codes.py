"""A machine's refusals and defects end in a sentence and in a code that is never that of a regression."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sambench import cli
from sambench.engine.launch import launch
from sambench.errors import SambenchError
from sambench.files.faults import MachineError, machine_error

REFUSALS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE, errno.ENOMEM, errno.EDQUOT, errno.ENOENT]


def ended(monkeypatch, capsys, error):
    """Run a command that raises an error; returns its exit code and what it printed."""

    def dispatch(words):
        raise error

    monkeypatch.setattr(cli, "dispatch", dispatch)
    with pytest.raises(SystemExit) as caught:
        cli.main(["run"])
    printed = capsys.readouterr()
    return caught.value.code, printed.out + printed.err


@pytest.mark.parametrize("number", REFUSALS)
def test_a_refusal_of_the_machine_is_one_sentence(monkeypatch, capsys, number):
    code, text = ended(monkeypatch, capsys, OSError(number, os.strerror(number), "/results/rows.parquet"))
    assert code == 2
    assert "Traceback" not in text
    assert "/results/rows.parquet" in text
    assert os.strerror(number).lower() in text
    assert "mend:" in text


def test_lack_of_memory_is_one_sentence(monkeypatch, capsys):
    code, text = ended(monkeypatch, capsys, MemoryError())
    assert code == 2
    assert "memory ran out" in text


def test_a_defect_is_told_with_the_file_of_its_traceback_and_ends_with_70(monkeypatch, capsys):
    code, text = ended(monkeypatch, capsys, TypeError("unhashable type: 'list'"))
    assert code == 70
    assert "Traceback" not in text
    path = text.partition("where: ")[2].partition(" holds")[0]
    with open(path, encoding="utf-8") as file:
        assert "TypeError: unhashable" in file.read()


def test_a_defect_is_told_where_no_file_can_be_written(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    code, text = ended(monkeypatch, capsys, TypeError("unhashable"))
    assert code == 70
    assert "cannot be written to a file" in text


def test_an_error_of_a_decoder_is_no_refusal():
    assert machine_error(OSError("image file is truncated")) is None
    wrapped = RuntimeError("saving failed")
    wrapped.__cause__ = OSError(errno.ENOSPC, "no space", "x.png")
    assert isinstance(machine_error(wrapped), MachineError)


def test_python_gets_refusals_as_sambench_errors(monkeypatch):
    def refused(config):
        raise OSError(errno.EROFS, "read-only", "/results")

    monkeypatch.setattr("sambench.engine.launch._launch", lambda config, *_: refused(config))
    secretless = SimpleNamespace(task={"name": "edges"}, cache=SimpleNamespace(secret_file=None), logger=None)
    monkeypatch.setattr("sambench.engine.launch.read_config", lambda config: secretless)
    monkeypatch.setattr("sambench.engine.launch.open_executor", lambda config: None)
    with pytest.raises(SambenchError, match="read-only"):
        launch({})


@pytest.mark.parametrize("flags", [[], ["--multirun"], ["--config-dir", "."]])
def test_a_crash_inside_a_run_never_looks_like_a_regression(tmp_path, flags):
    crash = "import sambench.engine.launch as l; l.launch = lambda config: 1 / 0; from sambench.cli import main; main()"
    words = ["run", *flags, "task=edges", "progress=off"]
    done = subprocess.run([sys.executable, "-c", crash, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 70, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_words_that_hydra_refuses_beside_a_flag_end_with_2(tmp_path):
    words = [sys.executable, "-m", "sambench.cli", "run", "--config-dir", ".", "task=edges", "task.no_such=1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
