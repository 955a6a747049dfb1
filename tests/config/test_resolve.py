from dataclasses import dataclass
from typing import Literal

import pytest

from sambench.config import registry
from sambench.config.resolve import build, convert
from sambench.errors import UsageError


@dataclass
class Thing:
    size: int = 3
    rate: float = 0.5
    kind: Literal["red", "green"] = "red"
    flag: bool = False
    names: list[str] | None = None


def make(required: int, device: str = "cpu"):
    return required, device


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    known = {"thing": f"{__name__}:Thing", "maker": f"{__name__}:make", "gone": "nowhere.at_all:X"}
    monkeypatch.setattr(registry, "targets", lambda kind: known)
    monkeypatch.setattr(registry, "importlib", _Importer)


class _Importer:
    """Finds this test module, which pytest imports without a place on the path."""

    @staticmethod
    def import_module(name):
        import importlib
        import sys

        return sys.modules[name] if name in sys.modules else importlib.import_module(name)


def test_builds_with_values_of_the_right_type():
    thing = build("tasks", "task", {"name": "thing", "preset": "x", "size": 4, "rate": 1, "names": ["a"]})
    assert thing == Thing(4, 1.0, names=["a"])
    assert isinstance(thing.rate, float)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sise": 4}, r"no switch 'sise'"),
        ({"size": 4.5}, "whole number"),
        ({"size": True}, "whole number"),
        ({"rate": "fast"}, "a number"),
        ({"kind": "gren"}, "one of red, green"),
        ({"flag": 1}, "true or false"),
        ({"names": "a"}, "a list"),
    ],
)
def test_refuses_what_does_not_fit(settings, message):
    with pytest.raises(UsageError, match=message) as caught:
        build("tasks", "task", {"name": "thing", **settings})
    assert caught.value.where.startswith("task.")
    assert caught.value.mend


def test_suggests_the_near_switch_and_choice():
    with pytest.raises(UsageError) as caught:
        build("tasks", "task", {"name": "thing", "sise": 4})
    assert "task.size" in caught.value.mend
    with pytest.raises(UsageError) as caught:
        build("tasks", "task", {"name": "thing", "kind": "gren"})
    assert "green" in caught.value.mend


def test_supplies_what_the_engine_knows_only_where_it_is_taken():
    assert build("models", "model", {"name": "maker", "required": 1}, device="cuda", other=2) == (1, "cuda")
    assert build("models", "model", {"name": "thing"}, device="cuda") == Thing()


def test_names_what_is_missing():
    with pytest.raises(UsageError, match="needs required"):
        build("models", "model", {"name": "maker"})


@pytest.mark.parametrize(
    ("name", "message"), [("thinq", "unknown model"), ("gone", "cannot be imported"), (None, "no name")]
)
def test_names_that_lead_nowhere(name, message):
    with pytest.raises(UsageError, match=message):
        build("models", "model", {"name": name})


def test_optional_values_may_be_null():
    assert convert(None, int | None, "x") is None
    assert convert(3, int | None, "x") == 3
    assert convert([1, 2], tuple[int, ...], "x") == (1, 2)
