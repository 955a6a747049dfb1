"""The metrics of a run that goes on: of the stored images alone, from its rows, which nobody writes to."""

import pytest
from made_rows import edge_rows
from stored_runs import stored
from viewed_runs import contents, going_on

from sambench.config import registry
from sambench.pages.viewer import so_far
from sambench.pages.viewer.so_far import SoFar
from sambench.runs.journal import rows_so_far
from sambench.runs.open import load_run


@pytest.fixture
def store(tmp_path):
    store = going_on(tmp_path / "going", 8)
    yield store
    store.close()


def test_they_are_those_of_the_images_that_are_stored(tmp_path):
    store = going_on(tmp_path / "twelve", 12)
    before = contents(store.run.folder)
    told = SoFar().fields(load_run(store.run.folder))
    metrics = registry.resolve("tasks", "edges")().supported(edge_rows(12))
    assert (told["done"], told["total"]) == (12, 40)
    assert [line["name"] for line in told["lines"]] == list(metrics)
    assert told["lines"][0]["at"] == pytest.approx(100 * metrics["ods"].value, abs=0.01)
    assert told["lines"][0]["interval"].startswith("[")
    assert {line["published"] for line in told["lines"]} == {""}
    assert contents(store.run.folder) == before
    store.close()


def test_they_are_made_again_only_when_there_are_more_rows(store, monkeypatch):
    made, own = [], so_far.metrics_of_rows
    monkeypatch.setattr(
        so_far, "metrics_of_rows", lambda run, rows, whole: made.append(len(rows)) or own(run, rows, whole)
    )
    found, run = SoFar(), load_run(store.run.folder)
    assert found.fields(run) == found.fields(run)
    assert made == [8]
    row = edge_rows(9)[8]
    store.append(row["sample_id"], [row])
    assert found.fields(run)["done"] == 9
    assert made == [8, 9]


def test_a_line_that_is_being_written_is_not_counted(store):
    path = store.journal.path
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines(keepends=True)[0][:-20])
    torn = path.read_bytes()
    assert len(rows_so_far(path)) == 8
    assert SoFar().fields(load_run(store.run.folder))["done"] == 8
    assert path.read_bytes() == torn


def test_why_there_are_none_is_told(store, tmp_path, monkeypatch):
    def why(run):
        return SoFar().fields(run)["error"]["what"]

    run = load_run(store.run.folder)
    assert why(load_run(stored(tmp_path / "done"))) == "only a run that goes on on this machine is summarised so far"
    store.append("odd", [{"sample_id": "odd"}])
    assert why(run).startswith("the rows of 9 images cannot be summarised: ")
    monkeypatch.setattr(so_far, "MOST", 10)
    assert "too much to be summarised" in why(run)
    store.journal.path.unlink()
    assert why(run) == "the rows cannot be read: No such file or directory"
