import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import children_of
from same_runs import both_models, kill_meanwhile, same
from tiny_sams import tiny_model

from sambench.api.calls import compose
from sambench.engine.executors import deaths, local
from sambench.engine.executors.actor import Actor
from sambench.engine.executors.base import Job
from sambench.engine.launch import launch
from sambench.engine.stages import Stages
from sambench.errors import RunError, SambenchError, UsageError
from sambench.models.devices import device_list

QUICK = ["progress=off", "illustrate=1", "workers=1"]


def run(folder, *words):
    return launch(compose([*QUICK, f"run.dir={folder}", *words])).run


@pytest.mark.slow
def test_rows_do_not_depend_on_the_number_of_workers(tmp_path):
    words = ["task=edges", "limit=4", "cache.enabled=false"]
    alone = run(tmp_path / "alone", *words)
    for name, devices in (("one", "[cpu]"), ("two", "[cpu,cpu]")):
        other = run(tmp_path / name, *words, f"devices={devices}")
        same(alone, other)
        told = other.record["workers"]
        assert sum(worker["images"] for worker in told) == 4
        assert all(0 <= worker["idle_share"] <= 1 and worker["restarts"] == 0 for worker in told)
        assert set(other.record["timings"]) >= {"read", "encode", "decode", "post", "save", "score", "wall"}


@pytest.mark.slow
def test_a_sam_gives_the_same_bits_on_one_and_two_workers(tmp_path):
    tiny_model("sam").save_pretrained(tmp_path / "model")
    words = ["task=points", "limit=6", "model=sam", f"model.checkpoint={tmp_path / 'model'}", "task.clicks=[1,2]"]
    one = run(tmp_path / "one", *words, "devices=[cpu]", "model.encode_batch_size=2", "cache.enabled=false")
    two = run(tmp_path / "two", *words, "devices=[cpu,cpu]", "model.encode_batch_size=2", "cache.enabled=false")
    same(one, two)


def children(process):
    """Return the process ids of a process's workers, whichever of its threads started them."""
    return children_of({process}, b"spawn_main")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_workers_killed_at_random_moments_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(deaths, "DEATHS", 1000)  # giving up has tests of its own
    chance = random.Random(5)

    def kill():
        workers = children(os.getpid())
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
        return len(workers[:1])

    for place, own in enumerate(both_models(tmp_path)):
        alone = run(tmp_path / f"alone{place}", *own, "devices=[cpu]")

        def start(number, own=own, place=place):
            return run(tmp_path / f"{place}-{number}", *own, "devices=[cpu,cpu]")

        kill_meanwhile(start, alone, kill, chance, kills=6)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_interrupting_leaves_no_process_and_the_run_goes_on(tmp_path):
    words = ["task=edges", "limit=8", *QUICK, "devices=[cpu,cpu]", f"run.dir={tmp_path / 'run'}"]
    process = subprocess.Popen([sys.executable, "-m", "sambench.cli", "run", *words], stderr=subprocess.PIPE)
    journal = tmp_path / "run" / "rows.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.1)
    own = children(process.pid)
    assert own
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert b"the same command goes on" in process.stderr.read()
    time.sleep(1)
    assert not [pid for pid in own if Path(f"/proc/{pid}").exists()]
    done = len(journal.read_bytes().splitlines())
    finished = launch(compose(words)).run
    assert finished.record["counts"]["scored_now"] == 8 - done < 8
    same(run(tmp_path / "alone", *words[:2]), finished)


def dies(connection, *_):
    os._exit(9)


@pytest.mark.slow
def test_a_process_that_dies_while_it_starts_ends_the_run(monkeypatch):
    monkeypatch.setattr(local, "predict_on_device", dies)
    executor = local.LocalExecutor({}, ["cpu"])
    try:
        with pytest.raises(RunError, match=r"device 0 \(cpu\) of the run died 5 times"):
            executor.describe("")
    finally:
        executor.close()


def dies_of_the_second(connection, *_):
    connection.send(("ready", {}))
    while True:
        _, _, todo, _, _ = connection.recv()
        if "b" in todo:
            os._exit(9)
        for key in todo:
            connection.send(("predicted", key))
            connection.send_bytes(b"p" + key.encode())
        connection.send(
            (
                "done",
                {
                    "images": 1,
                    "seconds": {},
                    "waited": 0.0,
                    "elapsed": 1.0,
                    "cache": None,
                    "nan": {},
                    "notes": [],
                    "of_images": {},
                    "peaks": {},
                },
            )
        )


def echoes(connection, *_):
    connection.send(("ready", None))
    while True:
        connection.send(("scored", [{"payload": connection.recv_bytes().decode()}], 0.0))


@pytest.mark.slow
def test_a_sample_that_kills_its_process_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(local, "predict_on_device", dies_of_the_second)
    monkeypatch.setattr(local, "score_predictions", echoes)
    executor = local.LocalExecutor({}, ["cpu"])
    try:
        executor.describe("")
        scored = executor.run(Job(None, [["a"], ["b"], ["c"]], set(), tmp_path, set(), 1, Stages()))
        found = [next(scored), next(scored)]
        with pytest.raises(RunError, match="died 5 times") as caught:
            next(scored)
        assert caught.value.where == "b"
        assert [(key, rows) for key, rows, _ in found] == [("a", [{"payload": "pa"}]), ("c", [{"payload": "pc"}])]
        assert executor.devices[0].restarts == 4
    finally:
        executor.close()


def test_what_a_worker_refuses_is_told_as_it_is(tmp_path):
    with pytest.raises(SambenchError, match="no switch 'gird'"):
        run(tmp_path / "run", "task=edges", "+task.gird=3", "devices=[cpu]")
    with pytest.raises(UsageError, match="no switch 'colour'"):
        run(tmp_path / "run", "task=edges", "+model.colour=3", "devices=[cpu]")


def test_device_lists():
    assert device_list(None) == []
    assert device_list(["cpu", "cpu"]) == ["cpu", "cpu"]
    assert device_list("cpu") == ["cpu"]
    with pytest.raises(UsageError, match="not available"):
        device_list("cuda:97,98")
    with pytest.raises(UsageError, match="several types or none"):
        device_list([])


@pytest.mark.parametrize(("word", "devices"), [("cpu", "cpu"), ("cuda:0,1", "cuda:0,1"), ("[cpu,cpu]", ["cpu", "cpu"])])
def test_devices_are_written_as_people_would(word, devices):
    assert compose(["task=edges", f"devices={word}"])["devices"] == devices


def test_an_actor_ends_with_its_pipe():
    actor = Actor("a", echoes, ())
    actor.start()
    assert actor.connection.recv() == ("ready", None)
    actor.connection.close()
    actor.process.join(30)
    assert actor.process.exitcode == 0
    assert json.dumps(actor.restarts) == "0"
