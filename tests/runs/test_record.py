import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator
from stored_runs import stored

from sambench.runs.record import SCHEMA_VERSION, schema_text


def test_the_form_of_a_record_is_shipped_as_a_json_schema():
    """After a change of the form, write `schema_text()` to sambench/runs/run.schema.json."""
    shipped = (files("sambench.runs") / "run.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text()
    Draft202012Validator.check_schema(json.loads(shipped))


@pytest.mark.parametrize("task", ["edges", "points", "instances"])
def test_what_a_run_writes_is_of_that_form(tmp_path, task):
    schema = Draft202012Validator(json.loads(schema_text()))
    record = json.loads((stored(tmp_path / "run", task) / "run.json").read_text())
    assert record["schema_version"] == SCHEMA_VERSION
    assert list(schema.iter_errors(record)) == []
    assert [list(one.path) for one in schema.iter_errors({**record, "metrics": {"ap": {"value": "high"}}})] != []
