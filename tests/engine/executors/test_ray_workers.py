import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from processes import children_of
from same_runs import both_models, kill_meanwhile, same
from tiny_sams import tiny_model

from sambench.api.calls import compose
from sambench.config.run_config import ExecutorSettings
from sambench.engine.executors import deaths
from sambench.engine.executors.nodes import divide
from sambench.engine.launch import launch
from sambench.errors import UsageError

ray = pytest.importorskip("ray")
SETTINGS = ExecutorSettings("ray")
QUICK = ["progress=off", "illustrate=1"]


@pytest.fixture
def cluster(monkeypatch):
    """A head that only keeps the books, and two nodes of two processors each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 2e8}
    made = Cluster(initialize_head=True, head_node_args=head)
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")  # first, to be on the node that stays
    nodes = [made.add_node(num_cpus=2, object_store_memory=2e8) for _ in range(2)]
    yield made, nodes
    ray.shutdown()
    made.shutdown()


def run(folder, *words):
    return launch(compose([*QUICK, f"run.dir={folder}", *words])).run


@pytest.mark.slow
def test_a_two_node_cluster_gives_the_same_bits(tmp_path, cluster):
    words = ["task=edges", "limit=6", f"cache.dir={tmp_path / 'cache'}"]
    alone = run(tmp_path / "alone", *words, "devices=[cpu,cpu]", "workers=1")
    found = run(tmp_path / "ray", *words, "executor=ray", "executor.devices=2", "cache.enabled=false")
    same(alone, found)
    told = found.record["workers"]
    assert sum(worker["images"] for worker in told) == 6
    assert all(worker["host"] and 0 <= worker["idle_share"] <= 1 for worker in told)
    assert set(found.record["timings"]) >= {"read", "encode", "decode", "post", "save", "score", "wall"}

    tiny_model("sam").save_pretrained(tmp_path / "model")
    words = ["task=points", "limit=6", "model=sam", f"model.checkpoint={tmp_path / 'model'}", "task.clicks=[1,2]"]
    words += ["model.encode_batch_size=2", "cache.enabled=false"]
    one = run(tmp_path / "one", *words, "devices=[cpu]", "workers=1")
    two = run(tmp_path / "two", *words, "executor=ray", "executor.devices=2")
    same(one, two)


def workers_of(nodes):
    """Return the process ids of the nodes' workers that hold a model or score."""
    raylets = {entry.process.pid for node in nodes for entry in node.all_processes["raylet"]}
    return children_of(raylets, b"RayDevice", b"score_on_cluster")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_workers_and_nodes_killed_at_random_moments_change_nothing(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(deaths, "DEATHS", 1000)  # giving up has tests of its own
    made, nodes = cluster
    chance, killed = random.Random(3), {"worker": 0, "node": 0}

    def kill():
        if chance.random() < 0.25:
            made.remove_node(nodes.pop(chance.randrange(2)), allow_graceful=False)
            nodes.append(made.add_node(num_cpus=2, object_store_memory=2e8))
            killed["node"] += 1
            return 1
        workers = workers_of(nodes)
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed["worker"] += 1
        return len(workers[:1])

    for place, own in enumerate(both_models(tmp_path)):
        alone = run(tmp_path / f"alone{place}", *own, "devices=[cpu]", "workers=1")

        def start(number, own=own, place=place):
            return run(tmp_path / f"{place}-{number}", *own, "executor=ray", "executor.devices=2")

        kill_meanwhile(start, alone, kill, chance, kills=6)
    assert killed["node"]
    assert killed["worker"]


@pytest.mark.slow
def test_a_node_that_does_not_come_back_leaves_room_to_score(tmp_path, cluster):
    made, nodes = cluster
    words = ["task=edges", "limit=8", f"cache.dir={tmp_path / 'cache'}"]
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run, tmp_path / "run", *words, "executor=ray", "executor.devices=2")
        while not (tmp_path / "run" / "rows.jsonl").exists():
            time.sleep(0.2)
        made.remove_node(nodes.pop(), allow_graceful=False)
        found = running.result()
    same(run(tmp_path / "alone", *words, "devices=[cpu,cpu]", "workers=1"), found)


def test_a_cluster_is_divided_between_models_and_scorers():
    share = divide(8, 0, SETTINGS, "auto", "auto")
    assert (share.device, share.devices, share.scorers, share.gpus) == ("cpu", 4, 4, 0)
    share = divide(32, 4, SETTINGS, "auto", "auto")
    assert (share.device, share.devices, share.scorers, share.gpus) == ("cuda", 4, 28, 1)
    assert divide(32, 4, replace(SETTINGS, gpus_per_device=0.5), "cuda", 6).devices == 8
    assert divide(32, 4, replace(SETTINGS, devices=3), "cpu", 6).scorers == 6
    assert divide(2, 8, SETTINGS, "auto", "auto").devices == 1
    share = divide(32, 4, SETTINGS, "auto", "auto")
    assert [share.room(32, 4), share.room(64, 8), share.room(3, 4), share.room(8, 1), share.room(1, 0)] == [
        4,
        4,
        2,
        1,
        1,
    ]
    with pytest.raises(UsageError, match=r"2 models on cpu take 3 processors .*; the cluster has 2"):
        divide(2, 0, replace(SETTINGS, devices=2), "cpu", "auto")
    with pytest.raises(UsageError, match="1 models on cuda"):
        divide(8, 0, SETTINGS, "cuda", "auto")


def test_what_does_not_go_with_a_cluster_is_refused(tmp_path):
    with pytest.raises(UsageError, match="names devices of this machine"):
        run(tmp_path / "run", "task=edges", "executor=ray", "devices=[cpu,cpu]")
    with pytest.raises(UsageError, match="no executor 'mesos'"):
        run(tmp_path / "run", "task=edges", "executor.name=mesos")
