"""Whole runs whose folder, cache, data and model lie on an object store."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from object_store import s3_server
from same_runs import same
from tiny_sams import tiny_model

from sambench.api.calls import compose
from sambench.cli import dispatch
from sambench.commands.look import main as look
from sambench.commands.merge import main as merge
from sambench.datasets.mini.reader import ensure_mini
from sambench.engine.launch import launch
from sambench.errors import StorageError
from sambench.files.storage.locations import listing
from sambench.runs.open import load_run

QUICK = ["progress=off", "illustrate=1", "workers=0", "task=edges"]


@pytest.fixture
def bucket():
    with s3_server() as url:
        yield url


def run(*words):
    return launch(compose([*QUICK, *words])).run


def counts(found):
    return {key: value for key, value in found.record["cache"].items() if key not in ("environment", "signed")}


def upload(folder, url):
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            fsspec.filesystem("s3").put_file(str(path), f"{url}/{path.relative_to(folder).as_posix()}")


@pytest.mark.slow
def test_everything_on_an_object_store(bucket, machine, tmp_path, capsys, monkeypatch):
    mini = ensure_mini(tmp_path / "made")
    upload(mini, f"{bucket}/sets")
    tiny_model("sam").save_pretrained(tmp_path / "model")
    upload(tmp_path / "model", f"{bucket}/model")
    own = ["data=bsds500", "data.title=made", "limit=3", "model=sam", "model.encode_batch_size=1"]
    machine("without")
    here = run(*own, f"data.root={mini}", f"model.checkpoint={tmp_path / 'model'}", f"run.dir={tmp_path / 'run'}")
    there = [f"data.root={bucket}/sets", f"model.checkpoint={bucket}/model", f"cache.dir={bucket}/embeddings"]
    machine("first")
    found = run(*own, *there, f"run.dir={bucket}/runs/whole")
    same(here, found)
    assert counts(found) == {"hits": 0, "misses": 3, "corrupt": 0, "evicted": 0, "failed": 0, "unsigned": 0}

    machine("another")  # finds the embeddings of the first; each makes a part, and a third puts them together
    for part in ("1/2", "2/2"):
        made = run(*own, *there, f"shard={part}", f"run.dir={bucket}/runs/part{part[0]}")
        assert made.record["cache"]["misses"] == 0
    machine("third")
    capsys.readouterr()
    assert merge([f"{bucket}/runs/part1", f"{bucket}/runs/part2", f"out={bucket}/runs/merged"]) == 0
    machine("fourth")
    same(here, load_run(f"{bucket}/runs/merged"), pictures=False)  # each part drew its own first image
    capsys.readouterr()
    assert dispatch(["ls", "runs", f"results={bucket}/runs"]) == 0
    assert [line.split()[0].rpartition("/")[2] for line in capsys.readouterr().out.splitlines()] == [
        "merged", "part1", "part2", "whole",
    ]  # fmt: skip

    monkeypatch.chdir(tmp_path)
    assert look([f"{bucket}/runs/whole", "count=1"]) == 0
    assert (tmp_path / "whole" / "gallery" / "worst").is_dir()

    assert dispatch(["cache", "verify", f"dir={bucket}/embeddings"]) == 0
    assert "3 embeddings checked, 0 damaged" in capsys.readouterr().out
    name = next(iter(listing(f"{bucket}/embeddings")))
    fsspec.filesystem("s3").pipe_file(f"{bucket}/embeddings/{name}", b"torn")
    assert dispatch(["cache", "verify", f"dir={bucket}/embeddings"]) == 1
    again = run(*own, *there, f"run.dir={tmp_path / 'again'}")
    same(here, again)
    assert counts(again) == {"hits": 2, "misses": 1, "corrupt": 1, "evicted": 0, "failed": 0, "unsigned": 0}
    assert dispatch(["cache", "prune", f"dir={bucket}/embeddings", "budget_gb=0"]) == 0
    assert listing(f"{bucket}/embeddings") == {}


@pytest.mark.slow
def test_workers_read_and_write_an_object_store(bucket, machine, tmp_path):
    upload(ensure_mini(tmp_path / "made"), f"{bucket}/sets")
    words = ["data=bsds500", "limit=4", "data.title=made", f"data.root={bucket}/sets", f"cache.dir={bucket}/embeddings"]
    found = run(*words, "devices=[cpu,cpu]", f"run.dir={bucket}/run")
    machine("another")
    same(run(*words, f"run.dir={tmp_path / 'run'}"), found)


@pytest.mark.slow
def test_runs_killed_at_random_moments_go_on_from_the_store(bucket, machine, tmp_path, monkeypatch):
    words = [*QUICK, "limit=8"]
    alone = launch(compose([*words, f"run.dir={tmp_path / 'alone'}"])).run
    chance, codes = random.Random(7), []
    command = [sys.executable, "-m", "sambench.cli", "run", *words, f"run.dir={bucket}/run"]
    for number in range(9):  # the first is killed early, the last may take as long as it needs, whatever the machine
        machine(chance.choice(["first", "another"]))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(1.5 if number == 0 else None if number == 8 else chance.uniform(3, 9))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL if number == 0 else chance.choice([signal.SIGKILL, signal.SIGINT]))
        told = process.communicate()[1].decode()
        codes.append(process.returncode)
        assert codes[-1] in (0, 130, -signal.SIGKILL), told
        if codes[-1] == 0:
            break
    assert codes[0] == -signal.SIGKILL
    assert codes[-1] == 0
    machine("third")
    same(alone, load_run(f"{bucket}/run"))
    manifest = json.loads(fsspec.filesystem("s3").cat_file(f"{bucket}/run/manifest.json"))
    assert set(manifest["files"]) == {name for name in listing(f"{bucket}/run") if name != "manifest.json"}


def test_a_store_that_refuses_is_told(bucket, machine, monkeypatch):
    from sambench.files.storage import locations

    monkeypatch.setattr(locations.time, "sleep", lambda seconds: None)
    with pytest.raises(StorageError, match="bucket does not exist"):
        run("limit=1", "run.dir=s3://nowhere/run")
    with pytest.raises(StorageError, match="nothing lies at this address"):
        run("limit=1", "data=bsds500", f"data.root={bucket}/sets")
