import json
import pickle
import typing

import pytest

from sambench.api.calls import compose
from sambench.config.ranges import RangeError
from sambench.config.run_config import HINTS, CacheSettings, ExecutorSettings, RunConfig, changed, read_config
from sambench.errors import UsageError


def read(*words):
    return read_config(compose(["task=edges", *words]))


def test_groups_become_types():
    config = read("limit=3", "cache.budget_gb=2", "workers=4", "predictions=maps", "devices=[cpu,cpu]", "shard=1/4")
    assert isinstance(config, RunConfig)
    assert (config.limit, config.seed, config.workers, config.devices, config.shard) == (3, 0, 4, ["cpu", "cpu"], "1/4")
    assert config.cache == CacheSettings(True, 2.0, None, "keep", None)
    assert (config.predictions.path, config.predictions.nms, config.executor) == (
        "maps",
        "auto",
        ExecutorSettings("local"),
    )
    assert (config.task["name"], config.model["name"], config.data["name"]) == ("edges", "hierarchy", "mini")
    assert pickle.loads(pickle.dumps(config)) == config


def test_all_of_it_is_kept_as_run_json_has_it():
    given = compose(["task=edges", "run.dir=2024", "cache.budget_gb=2"])
    config = read_config(given)
    assert (config.run.dir, config.plain["run"]["dir"], given["run"]["dir"]) == ("2024", "2024", 2024)
    assert config.plain["executor"] == {"name": "local"}
    assert json.loads(json.dumps(config.plain)) == changed(given, {"run": {"dir": "2024"}, "cache": {"budget_gb": 2.0}})


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("limit=0", "limit is 0, but takes from 1"),
        ("seed=-1", "seed is -1, but takes"),
        ("prompt_batch=many", "prompt_batch is 'many', but takes a whole number"),
        ("progress=loud", "progress is 'loud', but takes one of"),
        ("allow_missing=3", "allow_missing is 3, but takes true or false"),
        ("predictions.nms=toolbx", "predictions.nms=toolbox"),
        ("run.overwrite=perhaps", "run.overwrite is 'perhaps'"),
        ("run.results=[a,b]", r"run.results is \['a', 'b'\], but takes a text"),
        ("cache.dtype=fp8", "cache.dtype is 'fp8', but takes one of keep, fp32"),
        ("cache.budget_gb=-1", "cache.budget_gb is -1"),
        ("workers=1025", "give workers=auto, or a whole number from 0 to 1024"),
        ("workers=true", "workers is True"),
        ("task.nms_iou=high", "task.nms_iou is 'high'"),
    ],
)
def test_what_does_not_fit_is_told_by_its_key(word, told):
    with pytest.raises(UsageError, match=told):
        read(word)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("executor.devices=0", "give executor.devices=auto, or a whole number from 1"),
        ("executor.devices=some", "executor.devices is 'some'"),
        ("executor.gpus_per_device=-1", r"executor\.gpus_per_device is -1\.?0?, but takes above 0 to 64"),
        ("executor.cpus_per_device=0", "executor.cpus_per_device is 0"),
    ],
)
def test_a_clusters_numbers_have_ranges(word, told):
    with pytest.raises(RangeError, match=told):
        read("executor=ray", word)


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(UsageError) as caught:
        read("seed=-1", "task.nms_iou=high", "cache.dtype=fp8", "limit=0", "workers=-1")
    for key in ("seed", "task.nms_iou", "cache.dtype", "limit", "workers"):
        assert key in str(caught.value)
    assert str(caught.value.where).split(", ").count("limit") == 1


def test_values_are_changed_group_by_group():
    config = {"run": {"dir": None, "results": "r"}, "limit": None}
    assert changed(config, {"run": {"dir": "x"}, "limit": 2}) == {"run": {"dir": "x", "results": "r"}, "limit": 2}
    assert config == {"run": {"dir": None, "results": "r"}, "limit": None}


def test_keys_are_listed_with_what_they_take():
    assert HINTS["allow_missing"] is bool
    assert typing.get_args(HINTS["predictions.nms"]) == ("auto", "toolbox", "none")
    assert {"limit", "run.dir", "cache.budget_gb", "executor.devices"} <= HINTS.keys()
