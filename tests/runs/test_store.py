import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.errors import RunError
from sambench.runs.journal import Journal
from sambench.runs.open import load_run
from sambench.runs.run import Run
from sambench.runs.store import RunStore
from sambench.types import Metric

IDENTITY = {"task": {"name": "toy", "grid": 16}, "seed": 0}
RECORD = {"model": {"name": "toy"}}


def rows(number):
    return [{"sample_id": str(number), "value": number / 3, "list": [1, number]}]


def store(folder, identity=IDENTITY, **more):
    return RunStore(folder, identity, **more)


def finished(folder):
    opened = store(folder)
    opened.start(RECORD)
    for number in range(3):
        opened.append(str(number), rows(number))
    metrics = {"mean": Metric(0.5, (0.4, float("nan")), 3)}
    return opened.finish(opened.ordered(["0", "1", "2"]), metrics, {})


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400))
def test_journal_cut_anywhere_keeps_every_whole_line(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "rows.jsonl"
    journal = Journal(path)
    for number in range(5):
        journal.append(str(number), rows(number))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    kept = Journal(path).read()
    assert list(kept) == [str(number) for number in range(whole[:cut].count(b"\n"))]
    again = Journal(path)
    for number in range(len(kept), 5):
        again.append(str(number), rows(number))
    again.close()
    assert path.read_bytes() == whole


def test_journal_drops_a_damaged_line_and_says_so(tmp_path, caplog):
    path = tmp_path / "rows.jsonl"
    journal = Journal(path)
    for number in range(3):
        journal.append(str(number), rows(number))
    journal.close()
    path.write_bytes(path.read_bytes().replace(b'"1"', b'"9"', 1))
    assert list(Journal(path).read()) == ["0", "2"]
    assert "scored again" in caplog.text


def test_a_sample_written_twice_counts_once(tmp_path):
    journal = Journal(tmp_path / "rows.jsonl")
    journal.append("0", rows(0))
    journal.append("0", rows(1))
    journal.close()
    assert Journal(tmp_path / "rows.jsonl").read() == {"0": rows(0)}


def test_finished_run_reads_back_rows_and_metrics(tmp_path):
    finished(tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert run.finished
    assert run.rows() == [row for number in range(3) for row in rows(number)]
    metric = run.metrics["mean"]
    assert metric.value == 0.5
    assert metric.ci95[0] == 0.4
    assert not (tmp_path / "run" / "rows.jsonl").exists()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["metrics"]["mean"]["ci95"] == [0.4, None]


def test_a_run_is_a_line_and_a_table(tmp_path):
    data = {"card": {"title": "Toys"}, "split": "test"}
    opened = store(tmp_path / "run")
    opened.start(RECORD | {"data": data})
    opened.append("0", rows(0))
    run = opened.finish(opened.ordered(["0"]), {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
    assert repr(run) == f"<Run toy, toy on Toys test; mean 0.500; {tmp_path / 'run'}>"
    assert run.frame()["sample_id"].tolist() == ["0"]
    assert run.frame()["value"].tolist() == [0.0]
    assert repr(Run(tmp_path)) == f"<Run nothing yet; not begun; {tmp_path}>"


def test_other_settings_are_refused_and_the_difference_is_shown(tmp_path):
    finished(tmp_path / "run")
    other = {"task": {"name": "toy", "grid": 32}, "seed": 0}
    with pytest.raises(RunError, match=r"task\.grid: 16 there, 32 now") as caught:
        store(tmp_path / "run", other)
    assert "overwrite=true" in caught.value.mend


def test_overwrite_replaces_a_finished_run_but_goes_on_with_an_interrupted_one(tmp_path):
    finished(tmp_path / "a").folder.joinpath("predictions").mkdir()
    again = store(tmp_path / "a", overwrite=True)
    assert again.done == set()
    assert not (tmp_path / "a" / "rows.parquet").exists()
    assert not (tmp_path / "a" / "predictions").exists()
    again.start(RECORD)
    again.append("0", rows(0))
    again.close()
    assert store(tmp_path / "a", overwrite=True).done == {"0"}


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="holds no run"):
        store(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_two_processes_cannot_write_one_run(tmp_path):
    first = store(tmp_path / "run")
    with pytest.raises(RunError, match="another process"):
        store(tmp_path / "run")
    first.close()
    store(tmp_path / "run").close()


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "cannot be read"), ("[]", "not a sambench run"), ('{"schema_version": 99}', "reads up to")],
)
def test_damaged_or_newer_records_are_told(tmp_path, content, message):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=message):
        load_run(tmp_path)
    with pytest.raises(RunError, match=message):
        store(tmp_path)


def test_no_run_is_told(tmp_path):
    with pytest.raises(RunError, match="no run"):
        load_run(tmp_path)


def test_a_finished_run_keeps_nothing_that_a_killed_process_was_writing(tmp_path):
    opened = store(tmp_path / "run")
    opened.start(RECORD)
    folder = opened.run.predictions / "test"
    folder.mkdir(parents=True)
    (folder / f".{'0a' * 16}.1.png").write_bytes(b"half")
    (folder / "1.png").write_bytes(b"whole")
    (folder / ".keep").write_bytes(b"")
    opened.finish([], {}, {})
    assert sorted(path.name for path in folder.iterdir()) == [".keep", "1.png"]


def test_a_folder_of_runs_is_no_run_and_the_runs_in_it_are_named(tmp_path):
    for name in "abcd":
        finished(tmp_path / "results" / "toy" / name)
    for folder, first in (("results", "toy/a"), ("results/toy", "a")):
        with pytest.raises(RunError, match="no run in this folder") as error:
            load_run(tmp_path / folder)
        assert f"name the run: {tmp_path / folder / first}, " in error.value.mend
        assert f"and 1 more; `sambench ls runs results={tmp_path / folder}` lists them" in error.value.mend
    with pytest.raises(RunError) as error:
        load_run(tmp_path)
    assert error.value.mend == "`sambench ls runs` lists runs"
