"""Every number has a range, and what is out of it is told before anything is opened."""

import inspect
import math
import typing

import numpy as np
import pytest

import sambench
from sambench import registry
from sambench.config import build, constructor_hints, convert
from sambench.errors import UsageError
from sambench.ranges import SHARED, Range, RangeError, check_range

UNBOUNDED = {
    "ids": "names of samples, looked up in the data",
    "ignore": "values of label maps",
    "exclude_volumes": "names of volumes",
    "constants": "checked by the model, one by one",
    "map_dtype": "one of three words",
    "passes": "1 or 2",
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
            for switch in inspect.signature(target).parameters:
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


def bounded():
    """Every ranged switch of the tasks once."""
    return [
        (name, switch, hint, allowed)
        for kind, name, switch, hint in switches()
        if kind == "tasks"
        for allowed in ranges_of(hint)
    ]


@pytest.mark.parametrize(("task", "switch", "hint", "allowed"), bounded())
def test_values_just_outside_are_refused_and_the_ends_taken(task, switch, hint, allowed):
    whole = "int" in str(hint)
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


def test_all_that_is_out_of_range_is_told_at_once():
    with pytest.raises(RangeError, match=r"task\.grid is 0, .*; task\.nms_iou is 7\.0") as caught:
        build("tasks", "task", {"name": "edges", "grid": 0, "nms_iou": 7})
    assert caught.value.where == "task.grid, task.nms_iou"


def test_a_border_that_eats_the_image_is_told_with_its_size():
    task = build("tasks", "task", {"name": "edges", "border_zero": 24})
    with pytest.raises(UsageError, match=r"border_zero=24 leaves nothing of an image of 48 x 64"):
        task._zero_border(np.zeros((48, 64), np.float32))
    assert task._zero_border(np.ones((49, 64), np.float32)).sum() == 16


def test_no_task_of_the_project_is_left_unchecked():
    assert all(constructor_hints(registry.resolve("tasks", name)) for name in registry.targets("tasks"))


def test_a_range_says_what_it_takes():
    assert str(Range(1, 9)) == "from 1 to 9"
    assert str(Range(0, 1, above=True)) == "above 0 to 1"
    check_range(None, Range(1, 2), "x")
    check_range([1, 2], Range(1, 2), "x")
    with pytest.raises(RangeError, match="is empty"):
        check_range([], Range(1, 2), "x")
