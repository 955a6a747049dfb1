import pytest

from sambench.errors import RunError
from sambench.runs.tables import Table, check_form, guarded


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
