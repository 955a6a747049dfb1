"""`sambench ls runs`: names, tags and notes of runs, what is left out, and JSON; what a run is called elsewhere."""

import json

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

import sambench
from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.runs.open import load_run


@pytest.fixture
def results(tmp_path):
    """Two runs made elsewhere, of which one has lost its record."""
    for name in ("a", "b"):
        finished_run(tmp_path / "results" / name, "edges", edges_metrics(), rows=EDGE_ROWS, name=f"model_{name}")
    (tmp_path / "results" / "b" / "run.json").write_text("{")
    return tmp_path / "results"


def test_runs_are_found_by_what_they_are(results, tmp_path, capsys):
    words = ["run.name=my best", "run.tags=[first,try]", "run.notes=as it was", "task.clicks=[1]"]
    own = {"dir": str(results / "c")}
    run = sambench.run("points", overrides=words, limit=1, illustrate=0, workers=0, progress="off", run=own)
    assert run.label == "my best"
    assert "my best on mini" in repr(run)
    capsys.readouterr()

    assert dispatch(["ls", "runs", f"results={results}"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert "model_a on bsds500, 200 images  ods .750" in first
    assert "my best on mini, 1 images  #first #try  mIoU@1" in second
    assert second.endswith("  as it was")
    assert "cannot be read" in third

    assert dispatch(["ls", "runs", f"results={results}", "tag=try", "format=json"]) == 0
    found, damaged = json.loads(capsys.readouterr().out)
    assert (found["name"], found["model"], found["tags"]) == ("my best", "hierarchy", ["first", "try"])
    assert found["metrics"]["mIoU@1"] == run.metrics["mIoU@1"].value
    assert damaged["state"].startswith("cannot be read")

    assert dispatch(["ls", "runs", f"results={results}", "model=model_a"]) == 0
    assert "1 of 2 runs are left out" in capsys.readouterr().out


def test_a_name_is_no_part_of_what_a_run_is(results, tmp_path):
    def run(folder, *words):
        settings = {
            "limit": 1,
            "illustrate": 0,
            "workers": 0,
            "progress": "off",
            "run": {"dir": str(tmp_path / folder)},
        }
        return sambench.run("points", overrides=["task.clicks=[1]", *words], **settings)

    named, plain = run("named", "run.name=x"), run("plain")
    assert named.record.identity.stored == plain.record.identity.stored
    assert load_run(tmp_path / "plain").label == "hierarchy"


def test_a_misspelt_name_is_told_among_what_there_is(capsys):
    with pytest.raises(UsageError) as told:
        sambench.run("points", overrides=["run.names=x"])
    assert "it has: dir, results, overwrite, name, tags, notes" in told.value.what
    assert told.value.mend.startswith("use run.name=")


def test_words_choose_runs_and_only_those_are_measured(results, tmp_path, capsys, monkeypatch):
    finished_run(results / "deep" / "c", "edges", edges_metrics(), rows=EDGE_ROWS, name="Other", data={"name": "mine"})
    measured = []
    monkeypatch.setattr("sambench.runs.removing.bytes_of", lambda run: measured.append(run.folder.name) or 1)

    def found(*words):
        measured.clear()
        assert dispatch(["ls", "runs", f"results={results}", "format=json", *words]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [one["run"].rpartition("/")[2] for one in told if "bytes" in one] == measured
        return measured[:]

    assert found() == ["a", "c"]
    assert found("other") == found("mine") == found("/deep") == ["c"]
    assert found("other", "model_a") == []
    assert found("EDGES") == found("o") == ["a", "c"]
    with pytest.raises(UsageError, match="has no 'taag'"):
        dispatch(["ls", "runs", "taag=x"])


def test_in_a_narrow_terminal_a_run_takes_several_lines(results, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert dispatch(["ls", "runs", f"results={results}", "model_a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    edges, model_a on bsds500, 200 images" in lines
    assert any(line.startswith("    ods .750, ois .740, ap .730, r50 .720  ") for line in lines)
    assert all(len(line) <= 50 or " " not in line.strip() for line in lines)
