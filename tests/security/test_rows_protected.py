"""What a run holds is what it wrote: flipped bits, lost rows and half-finished endings are told or mended."""

import json
import os
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stored_runs import stored

from sambench.errors import RunError
from sambench.gates.compare import open_side
from sambench.runs.open import load_run
from sambench.runs.run import OWN, Run
from sambench.runs.seals import LISTING
from sambench.runs.store import RunStore
from sambench.types import Metric

IDENTITY = {"task": {"name": "toy", "grid": 16}, "seed": 0}
KEYS = ["a", "sub/b", "c"]


def written(folder, overwrite=False, keys=KEYS):
    """Write a run with predictions, or go on with one, as the runner does."""
    store = RunStore(folder, IDENTITY, overwrite)
    try:
        if store.run.finished:
            return store.run
        store.start({"model": {"name": "toy"}})
        for key in keys:
            if key in store.done:
                continue
            path = store.run.predictions / f"{key}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(key.encode())
            store.append(key, [{"sample_id": key, "value": len(key) / 3}])
        return store.finish(store.ordered(keys), {"mean": Metric(0.5, (0.4, 0.6), len(keys))}, {})
    finally:
        store.close()


def content(folder):
    """Return what lies in a run folder; of run.json what is the same for every such run."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
    record = json.loads(found.pop("run.json"))
    return found, {key: record[key] for key in ("status", "files", "metrics", "identity")}


@pytest.mark.parametrize("place", [4, 100, -20])
def test_a_flipped_bit_in_the_rows_is_told(tmp_path, place):
    folder = stored(tmp_path / "run")
    path = folder / "rows.parquet"
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(RunError, match=r"rows\.parquet is not what the run wrote") as caught:
        open_side(folder)
    assert str(path) in str(caught.value)


def test_lost_rows_are_told(tmp_path):
    whole, part = stored(tmp_path / "whole"), stored(tmp_path / "part", data={"samples": 20})
    (whole / "rows.parquet").write_bytes((part / "rows.parquet").read_bytes()[:-1])
    with pytest.raises(RunError, match="not what the run wrote"):
        load_run(whole).rows()
    (whole / "rows.parquet").unlink()
    with pytest.raises(RunError, match="cannot be read"):
        load_run(whole).rows()


def test_a_changed_record_is_told(tmp_path):
    folder = stored(tmp_path / "run")
    path = folder / "run.json"
    record = json.loads(path.read_text())
    name = next(iter(record["metrics"]))
    record["metrics"][name]["value"] = 0.999
    path.write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"run\.json is not what the run wrote"):
        load_run(folder)


def test_a_record_in_another_order_or_spacing_is_the_same(tmp_path):
    folder = stored(tmp_path / "run")
    path = folder / "run.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(record.items()))))
    assert load_run(folder).finished


def test_a_run_from_before_there_were_hashes_still_opens(tmp_path):
    folder = stored(tmp_path / "run")
    path = folder / "run.json"
    record = json.loads(path.read_text())
    del record["sha256"], record["files"]
    path.write_text(json.dumps({**record, "schema_version": 1}))
    assert load_run(folder).rows()


@pytest.mark.parametrize("column", ["sample_id", "image_sha256", "of another version"])
@pytest.mark.parametrize("read", [Run.rows, Run.sample_ids, Run.frame])
def test_texts_of_rows_that_are_not_in_utf_8_are_told(tmp_path, column, read):
    folder = stored(tmp_path / "run")
    table = pq.read_table(folder / "rows.parquet")
    wrong = pa.array([b"\xff\xfe"] * len(table)).view(pa.string())
    place = table.column_names.index(column) if column in table.column_names else len(table.column_names)
    kept = table.drop_columns([column]) if column in table.column_names else table
    pq.write_table(kept.add_column(place, column, wrong), folder / "rows.parquet")
    record = json.loads((folder / "run.json").read_text())
    del record["sha256"], record["files"]  # a run from before there were hashes
    (folder / "run.json").write_text(json.dumps({**record, "schema_version": 1}))
    with pytest.raises(RunError, match="the run's rows cannot be read"):
        read(load_run(folder))


@pytest.mark.parametrize("fault", ["changed", "missing", "added", "listing"])
def test_predictions_that_are_not_those_of_the_run_are_told(tmp_path, fault):
    run = written(tmp_path / "run")
    run.check_predictions()
    path = run.predictions / "sub" / "b.png"
    if fault == "changed":
        path.write_bytes(b"x")
    elif fault == "missing":
        path.unlink()
    elif fault == "added":
        path.with_name("more.png").write_bytes(b"x")
    else:
        (run.folder / LISTING).write_text("")
    with pytest.raises(RunError, match="not what the run wrote"):
        load_run(run.folder).check_predictions()


def killed_at(step, work):
    """Do some work in a child process that is gone at its `step`-th change of a file's name or its bytes' safety.

    Returns:
        Whether the child came to its end.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        left = [step]

        def dying(do):
            def counted(*arguments, **more):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return do(*arguments, **more)

            return counted

        for name in ("replace", "unlink", "fsync", "rmdir", "mkdir"):
            setattr(os, name, dying(getattr(os, name)))
        work()
    except BaseException:
        os._exit(8)
    os._exit(0)


def every_end(work, folders):
    """Kill some work in a folder at each of its steps in turn; yields the folder as it was left."""
    for step, folder in enumerate(folders):
        if killed_at(step, lambda folder=folder: work(folder)):
            assert step > 5
            return
        yield folder


def test_killed_at_any_step_a_run_is_finished_or_goes_on_and_leaves_nothing(tmp_path):
    wanted = content(written(tmp_path / "whole").folder)
    for folder in every_end(written, (tmp_path / f"run{number}" for number in count())):
        written(folder)
        assert content(folder) == wanted


def test_killed_at_any_step_of_an_overwrite_the_same_command_mends_it(tmp_path):
    def others():
        for number in count():
            folder = tmp_path / f"run{number}"
            written(folder, keys=["other", "ids"])
            (folder / "pictures").mkdir()
            (folder / "pictures" / "other.png").write_bytes(b"")
            yield folder

    wanted = content(written(tmp_path / "whole").folder)
    for folder in every_end(lambda folder: written(folder, overwrite=True), others()):
        written(folder, overwrite=True)
        assert content(folder) == wanted


@pytest.mark.parametrize("gone", [name for name in OWN if name != "run.json"])
def test_parts_of_a_run_without_its_record_are_told_and_mended_by_overwrite(tmp_path, gone):
    folder = written(tmp_path / "run").folder
    (folder / "run.json").unlink()
    with pytest.raises(RunError, match="parts of a run") as caught:
        RunStore(folder, IDENTITY)
    assert "run.overwrite=true" in str(caught.value)
    written(folder, overwrite=True)
    assert content(folder) == content(written(tmp_path / "whole").folder)


def test_overwrite_leaves_a_folder_of_other_things_alone(tmp_path):
    (tmp_path / "predictions").mkdir()
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="holds no run"):
        RunStore(tmp_path, IDENTITY, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "precious"
