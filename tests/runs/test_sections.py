from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sambench.errors import RunError
from sambench.runs.sections import Section, Table, check_form, form_of, guarded


def test_what_is_missing_is_told_by_its_key_and_file():
    table = guarded({"data": {"parts": [{"name": "a"}]}}, "run.json")
    assert table["data"]["parts"][0]["name"] == "a"
    with pytest.raises(RunError, match=r"does not say data\.card") as caught:
        table["data"]["card"]
    assert "run.json" in str(caught.value)
    with pytest.raises(RunError, match=r"does not say data\.parts\.split"):
        table["data"]["parts"][0]["split"]
    assert table.get("card") is None


def test_another_table_in_its_place_tells_the_same():
    found = guarded({"data": {"a": 1}}, "x")["data"].like({"b": 2})
    assert isinstance(found, Table)
    with pytest.raises(RunError, match=r"does not say data\.a"):
        found["a"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"n": "many"}, r'n: it is "many", but takes integer'),
        ({"n": None, "m": 1}, r"m: it is 1, but takes string or null"),
        ([], r"the whole: it is \[\], but takes object"),
        ({}, "'n' is a required property"),
    ],
)
def test_another_form_is_told_by_its_key(found, told):
    maybe = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    form = {"type": "object", "properties": {"n": {}, "m": maybe}, "required": ["n"]}
    if found == {"n": "many"}:
        form["properties"]["n"] = {"type": "integer"}
    with pytest.raises(RunError, match=told):
        check_form(found, form, "x")


@dataclass(frozen=True, eq=False, repr=False)
class Inner(Section):
    REQUIRED = ("value",)

    value: float
    name: str = "none"


@dataclass(frozen=True, eq=False, repr=False)
class Outer(Section):
    inner: Inner
    count: int
    ends: tuple[float | None, float | None] | None = None
    names: tuple[str, ...] = ()
    each: Mapping[str, Inner] = field(default_factory=dict)
    several: tuple[Inner, ...] = ()
    whatever: Any = None
    older: int = field(default=0, metadata={"form": {"type": ["integer", "string"]}})


WHOLE = {
    "inner": {"value": 0.5, "more": [1]},
    "ends": [0.1, None],
    "names": ["a", "b"],
    "each": {"x": {"value": 1, "name": "one"}},
    "several": [{"value": 2}],
    "whatever": {"a": 1},
    "unnamed": True,
}


def read(table):
    return Outer.read(guarded(table, "run.json"))


def test_values_are_read_as_their_fields_types_say():
    found = read(WHOLE)
    assert (found.inner.value, found.inner.name, found.ends, found.names) == (0.5, "none", (0.1, None), ("a", "b"))
    assert found.each["x"].name == "one"
    assert [one.value for one in found.several] == [2]
    assert found.inner.stored == {"value": 0.5, "more": [1]}
    assert found.stored == WHOLE
    assert (found.whatever, found.older) == ({"a": 1}, 0)
    assert read({}).each == {}
    assert read({}).each is not read({}).each


def test_what_a_table_does_not_hold_is_told_when_it_is_asked_for():
    found = read(WHOLE)
    with pytest.raises(RunError, match="does not say count") as caught:
        print(found.count)
    assert "run.json" in str(caught.value)
    with pytest.raises(RunError, match=r"does not say each\.y"):
        found.each["y"]
    with pytest.raises(AttributeError, match="colour"):
        print(found.colour)
    with pytest.raises(AttributeError):
        found.count = 1


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"count": "two"}, False),
        ({"ends": None}, True),
        ({"ends": [0.1]}, False),
        ({"names": [1]}, False),
        ({"each": {"x": {}}}, False),
        ({"several": [{"value": "high"}]}, False),
        ({"whatever": 1}, True),
        ({"older": "text"}, True),
        ({"older": 1.5}, False),
        ({"inner": None}, False),
    ],
)
def test_the_form_follows_from_the_fields_types(change, fits):
    form = form_of(Outer)
    Draft202012Validator.check_schema(form)
    assert Draft202012Validator(form).is_valid({**WHOLE, **change}) == fits
