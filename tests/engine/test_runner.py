import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toys import environment, write_bsds

import sambench
from sambench.cli import main
from sambench.errors import RunError, UsageError


def edges(root, folder, **more):
    overrides = ["model.name=toys:ToyModel", f"data.root={root}", "task.grid=4", "task.thresholds=9"]
    overrides += more.pop("overrides", [])
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, **more}
    return sambench.run("edges", data="bsds500", overrides=overrides, run={"dir": str(folder)}, **settings)


def results(folder):
    """What must not depend on how a run came about."""
    record = json.loads((Path(folder) / "run.json").read_text())
    predictions = {
        path.name: path.read_bytes() for path in sorted((Path(folder) / "predictions").rglob("*")) if path.is_file()
    }
    return record["metrics"], sambench.load_run(folder).rows(), predictions


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), count=6)


@pytest.fixture(scope="module")
def reference(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "run"
    edges(root, folder, cache={"dir": str(folder.parent / "cache")})
    return folder


def test_run_record_says_what_was_run(reference):
    record = json.loads((reference / "run.json").read_text())
    assert record["schema_version"] == 2
    assert record["status"] == "finished"
    assert record["switches"]["grid"] == 4
    assert record["model"]["class"] == "ToyModel"
    assert record["data"]["samples"] == 6
    assert len(record["data"]["fingerprint"]) == 64
    assert record["code"]["version"] == sambench.__version__
    assert record["environment"]["packages"]["torch"]
    counts = {"hits": 0, "misses": 6, "corrupt": 0, "evicted": 0, "failed": 0, "unsigned": 0}
    environment = record["cache"].pop("environment")
    assert record["cache"] == {**counts, "signed": False}
    assert (environment["device"], environment["compile"]) == ("cpu", "false")
    assert set(record["timings"]) >= {"read", "encode", "decode", "score", "wall"}
    assert record["metrics"]["ods"]["value"] > 0.1
    for metric in record["metrics"].values():
        assert metric["ci95"] == [None, None]  # of fewer than ten images
        assert metric["n"] == 6
        assert metric["higher_is_better"] is True


def test_worker_processes_change_nothing(root, reference, tmp_path):
    edges(root, tmp_path / "run", workers=2)
    assert results(tmp_path / "run") == results(reference)


def test_a_second_run_over_the_same_images_encodes_nothing(root, tmp_path):
    log, cache = tmp_path / "log", {"dir": str(tmp_path / "cache")}
    logged = [f"+model.log={log}"]
    edges(root, tmp_path / "a", cache=cache, overrides=logged)
    assert log.read_text().count("encoded") == 6
    edges(root, tmp_path / "b", cache=cache, overrides=[*logged, "task.nms_iou=0.5"])
    assert log.read_text().count("encoded") == 6
    assert sambench.load_run(tmp_path / "b").record["cache"]["hits"] == 6


def test_another_model_of_the_same_name_gets_no_stale_embeddings(root, tmp_path):
    log, cache = tmp_path / "log", {"dir": str(tmp_path / "cache")}
    edges(root, tmp_path / "a", cache=cache, overrides=[f"+model.log={log}"])
    edges(root, tmp_path / "b", cache=cache, overrides=[f"+model.log={log}", "+model.scale=1.1"])
    assert log.read_text().count("encoded") == 12


def test_damaged_cache_entries_change_no_result(root, reference, tmp_path):
    cache = tmp_path / "cache"
    edges(root, tmp_path / "a", cache={"dir": str(cache)})
    entries = sorted(cache.rglob("*.safetensors"))
    entries[0].write_bytes(entries[0].read_bytes()[:-3])
    entries[1].write_bytes(b"")
    entries[2].write_bytes(entries[3].read_bytes())
    edges(root, tmp_path / "b", cache={"dir": str(cache)})
    assert results(tmp_path / "b") == results(reference)
    assert sambench.load_run(tmp_path / "b").record["cache"]["corrupt"] == 3


def test_out_of_memory_halves_the_batch_and_changes_nothing(root, reference, tmp_path, caplog):
    edges(root, tmp_path / "run", overrides=["+model.memory=5"], cache={"enabled": False})
    assert "going on with batches of 4 prompts" in caplog.text
    assert results(tmp_path / "run") == results(reference)


def test_a_finished_run_is_returned_untouched_and_redone_only_when_asked(root, tmp_path):
    edges(root, tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    edges(root, tmp_path / "run")
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    run = {"dir": str(tmp_path / "run"), "overwrite": True}
    sambench.run(
        "edges",
        data="bsds500",
        overrides=["model.name=toys:ToyModel", f"data.root={root}", "task.grid=4", "task.thresholds=9"],
        run=run,
        workers=0,
        progress="off",
        device="cpu",
    )
    assert (tmp_path / "run" / "run.json").read_bytes() != before


def test_other_switches_in_the_same_folder_are_refused(root, tmp_path):
    edges(root, tmp_path / "run")
    with pytest.raises(RunError, match=r"task\.nms_iou: 0\.7 there, 0\.9 now"):
        edges(root, tmp_path / "run", overrides=["task.nms_iou=0.9"])


def test_settings_that_only_change_answers_make_another_run(root, tmp_path):
    edges(root, tmp_path / "run")
    with pytest.raises(RunError, match=r"model\.settings\.memory: \(absent\) there, 5 now"):
        edges(root, tmp_path / "run", overrides=["+model.memory=5"])


def test_a_data_set_with_a_name_of_its_own_takes_no_other(tmp_path):
    with pytest.raises(UsageError, match=r"data\.title"):
        sambench.run("edges", data="mini", overrides=["data.name=nothing_like_it"], run={"dir": str(tmp_path / "run")})


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[4])
from test_runner import edges
if __name__ == "__main__":
    slow = ["+model.delay=0.05"]
    edges(sys.argv[1], sys.argv[2], workers=int(sys.argv[5]), cache={"dir": sys.argv[3]}, overrides=slow)
"""


def kill_until_finished(root, folder, tmp_path, workers, moments):
    """Start the same run again and again, killing it at each of the moments, then let it finish in this process."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(root), str(folder), str(tmp_path / "cache")]
    command += [str(Path(__file__).parent), str(workers)]
    for rows_to_wait_for in moments:
        process = subprocess.Popen(command, env=environment(), start_new_session=True)
        deadline = time.time() + 60
        journal = folder / "rows.jsonl"
        before = len(journal.read_bytes().splitlines()) if journal.exists() else 0
        while process.poll() is None and time.time() < deadline:
            lines = len(journal.read_bytes().splitlines()) if journal.exists() else 0
            if lines >= before + rows_to_wait_for:
                break
            time.sleep(0.002)
        time.sleep(random.random() * 0.04)
        process.kill()
        process.wait()
    edges(root, folder, workers=workers, cache={"dir": str(tmp_path / "cache")}, overrides=["+model.delay=0.05"])


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_run_ends_as_one_that_was_not(root, reference, tmp_path, workers):
    kill_until_finished(root, tmp_path / "run", tmp_path, workers, moments=[2])
    assert results(tmp_path / "run") == results(reference)
    assert sambench.load_run(tmp_path / "run").record["sessions"][-1]["resumed"] >= 2


@pytest.mark.slow
def test_killed_at_many_random_moments(root, reference, tmp_path):
    kill_until_finished(root, tmp_path / "run", tmp_path, 0, moments=[0, 1, 0, 1, 0, 1, 1])
    assert results(tmp_path / "run") == results(reference)


def test_ctrl_c_keeps_what_is_done(root, reference, tmp_path):
    words = ["run", "task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "+model.delay=0.2"]
    words += [
        "task.grid=4",
        "task.thresholds=9",
        "workers=0",
        "device=cpu",
        "illustrate=0",
        f"run.dir={tmp_path / 'run'}",
    ]
    command = [sys.executable, "-m", "sambench.cli", *words, f"cache.dir={tmp_path / 'cache'}"]

    def heed():  # a shell that runs the tests in the background makes its children ignore SIGINT
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    journal = tmp_path / "run" / "rows.jsonl"
    while not (journal.exists() and journal.stat().st_size) and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what is done is kept" in told
    assert "Traceback" not in told
    with pytest.raises(SystemExit) as ended:
        main([*words, f"cache.dir={tmp_path / 'cache'}"])
    assert ended.value.code == 0
    assert results(tmp_path / "run") == results(reference)
