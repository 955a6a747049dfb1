import pytest
from sambench.tasks.edges import EdgesTask
from toys import write_bsds

from sambench.api.calls import compose
from sambench.config.run_config import read_config
from sambench.engine.building import open_dataset
from sambench.engine.executors.base import Job
from sambench.engine.executors.here import InProcess
from sambench.engine.executors.setup import DeviceWork
from sambench.engine.stages import Stages


@pytest.fixture
def work(tmp_path):
    root = write_bsds(tmp_path / "data", count=3)
    words = ["task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "task.grid=2"]
    config = read_config(compose([*words, "task.thresholds=5", "cache.enabled=false"]))
    return DeviceWork(config, "cpu", open_dataset(config.data, EdgesTask()).fingerprint)


def job(work, folder, groups, done=(), drawn=()):
    return Job(work.task, groups, set(done), folder, set(drawn), 0, Stages())


def test_this_process_does_what_workers_do_and_tells_as_much(work, tmp_path):
    keys = list(work.dataset.keys)
    executor, asked = InProcess(work, "cpu"), job(work, tmp_path, [keys[:2], keys[2:]], drawn=keys[:1])
    scored = list(executor.run(asked))
    assert [key for key, _, _ in scored] == keys
    assert all(rows[0]["sample_id"] == key for key, rows, _ in scored)
    assert len(list((tmp_path / "predictions").rglob("*.png"))) == 3
    assert {"read", "encode", "decode", "post", "save", "draw"} <= asked.stages.seconds.keys()
    assert (executor.cache_counts(), executor.workers(), executor.status()) == (None, [], "")
    assert executor.ledger.figures["this process"]["images"] == 3


def test_pictures_are_no_part_of_saving(work, tmp_path):
    keys = list(work.dataset.keys)
    list(work.predictions(tmp_path, keys[:1], keys[:1], []))
    assert "draw" not in work.figures()["seconds"]
    list(work.predictions(tmp_path, keys[1:2], keys[1:2], keys[:2]))
    assert work.figures()["seconds"]["draw"] > 0
    assert [path.name for path in (tmp_path / "pictures").rglob(f"{keys[1].rsplit('/')[-1]}.png")]


def test_a_run_that_goes_on_encodes_the_same_images_together(work, tmp_path):
    keys = list(work.dataset.keys)
    together = []
    prepare = work.source.prepare
    work.source.prepare = lambda samples: together.append([one.id for one in samples]) or prepare(samples)
    scored = list(InProcess(work, "cpu").run(job(work, tmp_path, [keys[:2], keys[2:]], done=keys[:1])))
    assert [key for key, _, _ in scored] == keys[1:]
    assert together == [keys[:2], keys[2:]]
