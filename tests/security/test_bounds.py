"""Every number has a range, and what is out of it is told before anything is opened."""

import dataclasses
import inspect
import math
import typing

import numpy as np
import pytest
import yaml

import sambench
from sambench.cli import main as cli
from sambench.config import registry
from sambench.config.ranges import SHARED, Range, RangeError, check_range
from sambench.config.resolve import build, constructor_hints, convert
from sambench.datasets.mini.reader import Mini
from sambench.errors import UsageError
from sambench.gates.policy import parse_policy
from sambench.masks.edges.painted import without_border
from sambench.models.hierarchy.model import HierarchyModel
from sambench.models.official.model import OfficialModel
from sambench.models.sam.model import TransformersSam

UNBOUNDED = {
    "ids": "names of samples, looked up in the data",
    "ignore": "values of label maps",
    "exclude_volumes": "names of volumes",
    "map_dtype": "one of three words",
    "passes": "1 or 2",
    "phrases": "category ids of the data",
    "sobel": "3, 5 or 7",
    "blur": "0, 3 or 5",
}
"""Why a switch with numbers in it has no range."""


def switches():
    """Yield (kind, name, switch, hint) of everything that is built from a configuration."""
    for kind in ("tasks", "models", "datasets"):
        for name in registry.targets(kind):
            target = registry.resolve(kind, name)
            hints = constructor_hints(target)
            groups = getattr(target, "keyword_groups", ())
            named = [item.name for group in groups for item in dataclasses.fields(group)]
            for switch in [*inspect.signature(target).parameters, *named]:
                if not (named and switch == "constants"):
                    yield kind, name, switch, hints.get(switch)


def ranges_of(hint):
    """Return the ranges declared anywhere in a hint."""
    own = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Range)]
    return own + [one for part in typing.get_args(hint) if not isinstance(part, Range) for one in ranges_of(part)]


def holds_numbers(hint):
    return hint in (int, float) or any(holds_numbers(part) for part in typing.get_args(hint))


def test_every_number_of_every_task_model_and_data_set_has_a_range():
    without = {
        (kind, name, switch)
        for kind, name, switch, hint in switches()
        if holds_numbers(hint) and not ranges_of(hint) and switch not in SHARED and switch not in UNBOUNDED
    }
    assert not without


def test_the_embedded_model_has_26_constants_with_a_range_each():
    constants = [hint for kind, name, switch, hint in switches() if name == "hierarchy" and switch != "device"]
    assert len(constants) == 26
    assert all(len(ranges_of(hint)) == 1 for hint in constants)


def bounded():
    """Every ranged switch of the tasks and of the embedded model once."""
    return [
        (name, switch, hint, allowed)
        for kind, name, switch, hint in switches()
        if kind == "tasks" or name == "hierarchy"
        for allowed in ranges_of(hint)
    ]


@pytest.mark.parametrize(("task", "switch", "hint", "allowed"), bounded())
def test_values_just_outside_are_refused_and_the_ends_taken(task, switch, hint, allowed):
    whole = "int" in str(hint).partition("Range")[0]
    several = "tuple" in str(hint)
    step = 1 if whole else 1e-6 * max(1.0, abs(allowed.most))

    def given(value):
        value = int(value) if whole else float(value)
        return (value,) if several else value

    outside = [allowed.least - (0 if allowed.above else step), allowed.most + step, allowed.most * 1e6 + 1]
    for value in outside:
        with pytest.raises(UsageError, match=f"task.{switch}"):
            convert(given(value), hint, f"task.{switch}")
    if not whole:
        for value in (math.nan, math.inf, -math.inf):
            with pytest.raises(UsageError):
                convert(given(value), hint, f"task.{switch}")
    for value in [allowed.most, *([] if allowed.above else [allowed.least])]:
        convert(given(value), hint, f"task.{switch}")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("edges", "nms_iou=7"),
        ("edges", "nms_radius=-1"),
        ("edges", "boundary_width=0"),
        ("edges", "border_zero=1000"),
        ("edges", "grid=100000"),
        ("edges", "thresholds=100000000"),
        ("edges", "thresholds=1e8"),
        ("edges", "thresholds=0"),
        ("edges", "max_dist=0"),
        ("edges", "max_dist=5"),
        ("edges", "max_dist=nan"),
        ("regions", "thresholds=0"),
        ("points", "clicks=[0]"),
        ("points", "clicks=[1000000]"),
        ("points", "clicks=[]"),
        ("points", "clicks=[1,1]"),
        ("points", "boundary_ratio=-1"),
        ("proposals", "points_per_side=100000"),
        ("proposals", "stability_score_offset=nan"),
        ("proposals", "max_dets=[]"),
        ("proposals", "max_dets=[0]"),
        ("instances", "max_boxes=0"),
    ],
)
def test_switches_out_of_range_are_refused_by_name(task, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        sambench.run(task, overrides=[f"task.{words}"])
    assert words.partition("=")[0] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        "cache.budget_gb=1e300",
        "cache.budget_gb=-1",
        "prompt_batch=1000000000",
        "prompt_batch=0",
        "workers=100000",
        "workers=-1",
        "limit=0",
        "limit=-3",
        "seed=-1",
        "illustrate=-1",
        "data.limit=0",
    ],
)
def test_settings_of_every_run_are_refused_by_name(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        sambench.run("edges", overrides=[words])
    assert words.partition("=")[0].rpartition(".")[2] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gate", "baseline=a", "candidate=b", "replicates=1", "seed=-1"], ["replicates is 1", "seed is -1"]),
        (["gate", "baseline=a", "candidate=b", "replicates=1e300"], ["replicates is 1e+300"]),
        (["cache", "prune", "budget_gb=1e300"], ["budget_gb is 1e+300"]),
        (["cache", "prune", "budget_gb=.nan"], ["budget_gb is nan"]),
        (["cache", "prune", "budget_gb=-1"], ["budget_gb is -1"]),
        (["cache", "prune", "dir=none"], ["no budget_gb was given", "budget_gb=5"]),
        (["cache", "verify", "remove=2", "dir=[a]"], ["remove is 2", "dir is"]),
        (
            ["plan", "task=edges", "limit=1", "devices=[0]", "scorers=-1"],
            ["limit is 1", "devices is 0", "scorers is -1"],
        ),
        (["plan", "task=edges", "limit=0"], ["limit is 0"]),
        (["look", "RUN", "count=-1"], ["count is -1"]),
        (["look", "RUN", "count=1e9"], ["count is 1000000000.0, but takes a whole number"]),
        (["look", "RUN", "count=true"], ["count is True"]),
        (["report", "runs=[a]", "count=-1", "max_mb=.inf"], ["count is -1", "max_mb is inf"]),
        (["merge", "a", "b", "allow_missing=-1"], ["allow_missing is -1"]),
        (["data", "show", "gtea", "count=0", "seed=-2", "limit=0"], ["data.limit is 0"]),
        (["data", "show", "gtea", "count=0", "seed=-2"], ["count is 0", "seed is -2"]),
        (["data", "check", "gtea", "limit=0"], ["data.limit is 0"]),
        (["data", "export", "gtea", "limit=-1"], ["data.limit is -1"]),
        (["table", "edges", "out=[a]", "results=null"], ["out is", "results is None"]),
        (["ls", "runs", "results=[a]"], ["results is"]),
        (["ablate", "edge_nms", "dry=3", "out=null"], ["dry is 3", "out is None"]),
        (["ablate", "edge_nms", "format=pdf"], ["format=pdf is not known"]),
        (["table", "edges", "format=[md]"], ["format=['md'] is not known"]),
    ],
    ids=" ".join,
)
def test_numbers_of_the_commands_are_refused_by_name_all_at_once(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli(words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    for text in told:
        assert text in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_run_tells_the_faults_of_all_groups_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["task.grid=0", "task.nms_scope=some", "+model.contrast=0", "limit=0", "workers=-1"]
    words += ["cache.budget_gb=-1", "executor=ray", "executor.devices=0", "executor.cpus_per_device=-1"]
    with pytest.raises(UsageError) as caught:
        sambench.run("edges", overrides=words)
    where = "limit, cache.budget_gb, executor.cpus_per_device, executor.devices, workers, task.grid, task.nms_scope,"
    assert caught.value.where == f"{where} model.contrast"
    assert list(tmp_path.iterdir()) == []


def test_predictions_made_elsewhere_need_no_model_that_could_be_checked(tmp_path):
    words = [f"predictions={tmp_path / 'none'}", "+model.contrast=0", "task.grid=0"]
    with pytest.raises(UsageError) as caught:
        sambench.run("edges", overrides=words)
    assert caught.value.where == "task.grid"


@pytest.mark.parametrize(
    ("name", "switch", "value"),
    [
        *(("edges", key, value) for key, value in (("grid", 0), ("nms_iou", math.nan), ("sobel", 4), ("thin", "yes"))),
        *(("points", key, value) for key, value in (("clicks", ()), ("clicks", (0,)), ("boundary_ratio", 0.0))),
        *(("proposals", key, value) for key, value in (("points_per_side", 10**5), ("max_dets", (0,)), ("seed", -1))),
        *(("instances", key, value) for key, value in (("passes", 3), ("max_boxes", 0), ("min_area", -1.0))),
        ("regions", "thresholds", 10**6),
    ],
)
def test_a_task_made_in_python_is_checked_as_a_commands_is(name, switch, value):
    with pytest.raises(UsageError) as caught:
        registry.resolve("tasks", name)(**{switch: value})
    assert caught.value.where == switch


def test_all_that_a_python_task_has_wrong_is_told_at_once():
    task = registry.resolve("tasks", "edges")
    with pytest.raises(RangeError) as caught:
        task(grid=0, nms_iou=7)
    assert caught.value.where == "grid, nms_iou"
    with pytest.raises(RangeError):
        dataclasses.replace(task(), thresholds=0)
    assert task(nms_iou=1).nms_iou == 1


def test_models_and_data_made_in_python_are_checked():
    with pytest.raises(UsageError) as caught:
        HierarchyModel(contrast=0, coverage=2, vectors=1.5, gradient_sigmas=[])
    assert caught.value.where == "model.contrast, model.coverage, model.vectors, model.gradient_sigmas"
    for key in ("encode_batch_size", "decode_batch_size"):
        with pytest.raises(RangeError, match=f"{key} is 0"):
            TransformersSam(None, **{key: 0})
    with pytest.raises(RangeError, match="decode_batch_size is -1"):
        OfficialModel(None, "module:function", None, -1)
    with pytest.raises(RangeError, match="limit is 0"):
        Mini(limit=0)


@pytest.mark.parametrize(
    "text", ["margin: .nan", "margin: .inf", "alpha: 0", "power: 1", "metrics: {ods: {floor: .nan}}"]
)
def test_a_policy_holds_no_number_that_nothing_can_be_compared_with(text):
    with pytest.raises(RangeError):
        parse_policy(yaml.safe_load(text), "policy.yaml")


def test_all_that_is_out_of_range_is_told_at_once():
    with pytest.raises(RangeError, match=r"task\.grid is 0, .*; task\.nms_iou is 7\.0") as caught:
        build("tasks", "task", {"name": "edges", "grid": 0, "nms_iou": 7})
    assert caught.value.where == "task.grid, task.nms_iou"


def test_a_border_that_eats_the_image_is_told_with_its_size():
    with pytest.raises(UsageError, match=r"border_zero=24 leaves nothing of an image of 48 x 64"):
        without_border(np.zeros((48, 64), np.float32), 24)
    assert without_border(np.ones((49, 64), np.float32), 24).sum() == 16


def test_no_task_of_the_project_is_left_unchecked():
    assert all(constructor_hints(registry.resolve("tasks", name)) for name in registry.targets("tasks"))


def test_a_range_says_what_it_takes():
    assert str(Range(1, 9)) == "from 1 to 9"
    assert str(Range(0, 1, above=True)) == "above 0 to 1"
    check_range(None, Range(1, 2), "x")
    check_range([1, 2], Range(1, 2), "x")
    with pytest.raises(RangeError, match="is empty"):
        check_range([], Range(1, 2), "x")
