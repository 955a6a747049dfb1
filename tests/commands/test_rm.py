"""`sambench rm`: what it removes and keeps, what it asks, and what it refuses."""

import io
import sys

import pytest
from object_store import s3_server
from stored_runs import stored

from sambench.cli import dispatch
from sambench.errors import RunError, StorageError, UsageError
from sambench.files.storage.lease import Lease
from sambench.files.storage.locations import write_bytes
from sambench.runs.open import load_run
from sambench.runs.removing import bytes_of, refuse_in_use, remove
from sambench.runs.run import Run
from sambench.runs.store import lock


class Terminal(io.StringIO):
    """Standard input of somebody who sits there."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_it_asks(answer, code, tmp_path, monkeypatch, capsys):
    folder = stored(tmp_path / "a")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert dispatch(["rm", str(folder)]) == code
    assert "remove this run" in capsys.readouterr().err
    assert folder.exists() == bool(code)


def test_nobody_is_asked_where_nobody_sits(tmp_path, monkeypatch):
    folder = stored(tmp_path / "a")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match="no terminal"):
        dispatch(["rm", str(folder)])
    assert load_run(folder).finished


def test_a_run_that_is_written_is_refused_and_none_is_removed(tmp_path):
    done, busy = stored(tmp_path / "a"), stored(tmp_path / "b")
    handle = lock(busy)
    with pytest.raises(RunError, match="another process is writing") as told:
        dispatch(["rm", str(done), str(busy), "yes=true"])
    assert told.value.mend == "wait for it, or end it first"
    assert load_run(done).finished
    handle.close()
    assert dispatch(["rm", str(done), str(busy), "yes=true"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_no_run_writes_is_kept(tmp_path):
    folder = stored(tmp_path / "a")
    (folder / "mine.txt").write_text("mine")
    assert dispatch(["rm", str(folder), "yes=true"]) == 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    with pytest.raises(RunError, match="no run"):
        dispatch(["rm", str(folder), "yes=true"])


def test_the_size_of_a_run_is_that_of_its_own_files_without_links(tmp_path):
    folder = stored(tmp_path / "a")
    before = bytes_of(load_run(folder))
    assert before == sum(path.stat().st_size for path in folder.iterdir() if path.name in ("run.json", "rows.parquet"))
    (folder / "predictions" / "deep").mkdir(parents=True)
    (folder / "predictions" / "deep" / "1.png").write_bytes(b"12345")
    (folder / "predictions" / "link.png").symlink_to(folder / "run.json")
    (folder / "pictures").symlink_to(folder / "predictions")
    (folder / "mine.txt").write_text("mine")
    assert bytes_of(load_run(folder)) == before + 5


def test_a_run_in_an_object_store_is_removed_but_not_while_it_is_written(tmp_path):
    with s3_server() as bucket:
        url = f"{bucket}/run"
        write_bytes(f"{url}/run.json", b"{}")
        write_bytes(f"{url}/predictions/1.png", b"12345678")
        run = Run(stored(tmp_path / "copy"), url=url)
        assert bytes_of(run) == 10
        other = Lease(url)
        other._own["host"] = "elsewhere"
        other.take()
        with pytest.raises(StorageError, match="is writing"):
            refuse_in_use(run)
        other.release()
        remove(run)
        assert bytes_of(run) == 0
