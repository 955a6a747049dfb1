"""What the fault injector found, each as a case of its own."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from stored_runs import stored

from sambench.datasets.mini import reader as mini
from sambench.datasets.mini import write as mini_write
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import SharedEntries
from sambench.files.atomic import atomic_path, files_below, write_text
from sambench.files.faults import machine_error
from sambench.files.storage.locations import join, listing, write_bytes
from sambench.runs import store as store_module
from sambench.runs.open import load_run, open_store, run_locations
from sambench.runs.seals import prediction_hashes
from sambench.types import Metric

IDENTITY = {"task": {"name": "edges", "grid": 16}, "seed": 0}


def refuse(*arguments, **more):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def killed_while_writing(path):
    """Return the name of the temporary file that a killed process leaves."""
    code = """
import os, sys
from pathlib import Path
from sambench.files.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    return Path(done.stdout.strip())


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path):
    left = killed_while_writing(tmp_path / "a.html")
    assert left.exists()
    write_text(tmp_path / "b.html", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.html"]


def test_making_the_embedded_data_goes_on_after_a_kill_and_leaves_nothing(tmp_path, monkeypatch):
    code = """
import os, sys
from pathlib import Path
from sambench.datasets.mini import reader as mini, write as mini_write
def write_all(folder):
    folder.mkdir()
    (folder / "half").write_text("")
    os.kill(os.getpid(), 9)
mini_write.write_all = write_all
mini.ensure_mini(Path(sys.argv[1]))
"""
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    assert len(list((tmp_path / "data").iterdir())) == 1

    def write_all(folder):
        folder.mkdir()
        (folder / "whole").write_text("")

    monkeypatch.setattr(mini_write, "write_all", write_all)
    mini.ensure_mini(tmp_path)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mini-v1"]


def test_a_writer_leaves_alone_what_others_are_writing(tmp_path):
    away = killed_while_writing(tmp_path / "of_another_machine")
    elsewhere = away.with_name("." + f"{int(away.name[1:9], 16) ^ 1:08x}" + away.name[9:])
    away.rename(elsewhere)
    with atomic_path(tmp_path / "a") as mine:
        mine.write_text("being written")
        code = "import sys, pathlib, sambench.files.atomic as files; files.write_text(pathlib.Path(sys.argv[1]), '')"
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "b")], check=True)
        assert {path.name for path in tmp_path.iterdir()} == {"b", mine.name, elsewhere.name}
    assert (tmp_path / "a").read_text() == "being written"


def test_a_write_without_a_name_is_told_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="error") as caught:
        write_text(tmp_path / "rows.txt", "text", sync=True)
    assert machine_error(caught.value).where == str(tmp_path / "rows.txt")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "input/output error"), MemoryError()])
def test_a_read_without_a_name_is_told_with_the_path_that_was_worked_on(error):
    def read(path):
        raise error

    with pytest.raises((OSError, MemoryError)) as caught:
        read(Path("/data/results.json"))
    assert machine_error(caught.value).where == "/data/results.json"


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(tmp_path, monkeypatch):
    (tmp_path / "predictions" / "sub").mkdir(parents=True)
    (tmp_path / "predictions" / "sub" / "1.png").write_bytes(b"")
    assert list(prediction_hashes(tmp_path)) == ["predictions/sub/1.png"]
    assert files_below(tmp_path / "nowhere") == []
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("sub"):
            raise PermissionError(errno.EACCES, "permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        prediction_hashes(tmp_path)


def test_a_run_whose_end_cannot_be_written_is_not_published_as_finished(tmp_path, monkeypatch):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    url = f"file://{tmp_path}/place"
    store = open_store(url, IDENTITY)
    store.start({})
    store.append("0", [{"sample_id": "0"}])
    with monkeypatch.context() as failing:
        failing.setattr(store_module, "write_json", refuse)
        with pytest.raises(OSError, match="error"):
            store.finish(store.ordered(["0"]), {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
        store.close()
    assert not load_run(url).finished
    again = open_store(url, IDENTITY)
    again.start({})
    again.finish(again.ordered(["0"]), {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
    assert load_run(url).finished
    assert pq.read_table(load_run(url).folder / "rows.parquet").to_pylist() == [{"sample_id": "0"}]


def test_a_half_written_part_of_a_published_run_is_no_part(tmp_path, monkeypatch):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    url = f"file://{tmp_path}/place"
    store = open_store(url, IDENTITY)
    store.start({})
    store.close()
    write_bytes(join(url, f".parts/.{'0a' * 16}.1.json"), b'{"half')
    again = open_store(url, IDENTITY)
    again.start({})
    again.finish([{"sample_id": "0"}], {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
    assert set(listing(url)) == {"manifest.json", "rows.parquet", "run.json"}


def test_what_a_finished_run_does_not_need_goes_when_it_is_next_opened(tmp_path, monkeypatch):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    url = f"file://{tmp_path}/place"
    store = open_store(url, IDENTITY)
    store.start({})
    store.finish([{"sample_id": "0"}], {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
    write_bytes(join(url, ".parts/1.json"), json.dumps({}).encode())  # killed between the manifest and this
    open_store(url, IDENTITY).close()
    assert set(listing(url)) == {"manifest.json", "rows.parquet", "run.json"}


def test_a_cache_entry_that_is_being_written_is_none_yet(tmp_path):
    left = killed_while_writing(tmp_path / "aa" / f"{'aa' * 32}.safetensors")
    assert left.exists()
    assert list(EmbeddingCache(tmp_path).entries()) == []


def test_pruning_a_shared_cache_removes_what_killed_writers_left(tmp_path):
    left = killed_while_writing(tmp_path / "aa" / f"{'aa' * 32}.safetensors")
    SharedEntries(f"file://{tmp_path}").prune(10**9)
    assert left.exists()  # it may be being written on another machine
    os.utime(left, (time.time() - 7200,) * 2)
    SharedEntries(f"file://{tmp_path}").prune(10**9)
    assert not left.exists()


def test_a_run_that_cannot_be_read_is_told_where_runs_are_listed(tmp_path, monkeypatch, caplog):
    stored(tmp_path / "a" / "run")
    (tmp_path / "lost+found").mkdir()
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("lost+found"):
            raise PermissionError(errno.EACCES, "permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert run_locations(tmp_path) == [tmp_path / "a" / "run"]
    assert "lost+found cannot be read" in caplog.text
