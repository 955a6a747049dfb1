from collections import deque

import pytest
from toys import write_bsds

from sambench.api.calls import compose
from sambench.config.run_config import read_config
from sambench.engine.building import open_dataset
from sambench.engine.executors.base import Group, next_groups
from sambench.engine.executors.setup import DeviceWork
from sambench.errors import RunError


@pytest.fixture
def config(tmp_path):
    root = write_bsds(tmp_path / "data", count=4)
    words = ["task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "task.grid=2"]
    return read_config(compose([*words, "task.thresholds=5", "cache.enabled=false"]))


def opened(config):
    from sambench.config.resolve import build

    return DeviceWork(config, "cpu", open_dataset(config.data, build("tasks", "task", config.task)).fingerprint)


def test_the_next_group_is_read_meanwhile_and_only_once(config, tmp_path):
    work = opened(config)
    loaded = []
    load = work.dataset.load
    work.dataset.load = lambda key: loaded.append(key) or load(key)
    keys = list(work.dataset.keys)
    made = work.predictions(tmp_path, keys[:1], keys[:1], [], keys[1:3])
    assert next(made)[0].id == keys[0]
    assert work.reader.asked[tuple(keys[1:3])].result()
    assert loaded == keys[:3]
    list(made)
    assert [sample.id for sample, _ in work.predictions(tmp_path, keys[1:3], keys[2:3], [])] == keys[2:3]
    assert loaded == keys[:3]
    assert [sample.id for sample, _ in work.predictions(tmp_path, keys[3:], keys[3:], [])] == keys[3:]
    assert loaded == keys
    told = work.figures()
    assert told["images"] == 3
    assert told["seconds"]["read"] > 0
    assert work.figures()["images"] == 0


def test_what_was_read_ahead_for_nothing_is_let_go(config, tmp_path):
    work = opened(config)
    keys = list(work.dataset.keys)
    list(work.predictions(tmp_path, keys[:1], keys[:1], [], keys[1:2]))
    assert [sample.id for sample, _ in work.predictions(tmp_path, keys[2:3], keys[2:3], [])] == keys[2:3]
    assert work.reader.asked == {}


def test_other_data_than_the_commands_are_refused(config):
    with pytest.raises(RunError, match="holds other data"):
        DeviceWork(config, "cpu", "another fingerprint")


def test_a_device_knows_its_next_group_until_few_are_left():
    groups = [Group((str(number),), (str(number),)) for number in range(6)]
    waiting = deque(groups)
    now, ahead = next_groups(waiting, None, devices=2)
    assert (now, ahead) == (groups[0], groups[1])
    assert next_groups(waiting, None, devices=2) == (groups[2], groups[3])
    assert next_groups(waiting, ahead, devices=2) == (groups[1], groups[4])
    assert next_groups(waiting, groups[4], devices=2) == (groups[4], None)
    assert next_groups(waiting, None, devices=2) == (groups[5], None)
