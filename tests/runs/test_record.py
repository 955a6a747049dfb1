import json
import math
import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from resealed import reseal
from stored_runs import stored

import sambench
from sambench import tasks
from sambench.datasets.base import DatasetCard
from sambench.engine.cache.local import CacheCounts
from sambench.errors import RunError
from sambench.gates.compare import freeze
from sambench.gates.sides import open_side
from sambench.runs.open import load_run
from sambench.runs.record import SCHEMA_VERSION, as_record, migrated, parse_record, schema_text
from sambench.runs.record_course import CacheUse
from sambench.runs.record_parts import RecordedCard, RecordedMetric
from sambench.runs.summary import caption
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec
from sambench.types import Metric


@pytest.mark.parametrize("given", [None, "maps"])
def test_a_path_alone_becomes_a_table(given):
    old = {"config": {"predictions": given, "seed": 3}}
    assert migrated(old) == {"config": {"predictions": {"path": given}, "seed": 3}}
    assert old["config"]["predictions"] == given
    new = {"config": {"predictions": {"path": given, "nms": "toolbox"}}}
    assert migrated(new) is new
    assert migrated({"status": "being removed"}) == {"status": "being removed"}


def as_of_version_1(record):
    """Take from a record what schema version 1 did not have."""
    record["schema_version"] = 1
    del record["files"]
    for metric in record["metrics"].values():
        for key in ("note", "support", "strata"):
            metric.pop(key, None)


def test_a_run_of_version_1_opens_tables_and_gates(tmp_path):
    folder = stored(tmp_path / "run")
    before = caption(load_run(folder))
    reseal(folder, as_of_version_1)
    path = folder / "run.json"
    text = json.loads(path.read_text())
    del text["sha256"]
    path.write_text(json.dumps(text))
    run = load_run(folder)
    assert caption(run) == before
    assert (run.record.schema_version, run.hashes, run.record.config.predictions.path) == (1, {}, None)
    table, *_ = build_table(table_spec("edges"), [run])
    assert any(name.startswith("model") for name in table["method"])
    freeze(folder, tmp_path / "x.baseline")
    frozen = open_side(tmp_path / "x.baseline")
    assert frozen.record.task_name == open_side(folder).record.task_name == "edges"
    assert json.loads(path.read_text()) == text


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


def test_a_stored_run_is_read_once_into_types(tmp_path):
    run = load_run(stored(tmp_path / "run"))
    record = run.record
    assert (record.task_name, record.status, record.shard, record.nan) == ("edges", "finished", None, None)
    assert (record.data.samples, record.data.card.title, record.data.card.own) == (24, "made here", False)
    assert record.config.task.stored == record["config"]["task"]
    assert record.identity.nms == "none"
    assert [one.resumed for one in record.sessions] == [0]
    assert run.metrics == {name: recorded.metric for name, recorded in record.metrics.items()}
    assert "files" in record
    assert "colour" not in record
    assert record.seconds("wall") == 0
    assert record.identity.model.decoder_fingerprint is None
    assert as_record({"timings": {"wall": {"seconds": 2.5}}}, "x").seconds("wall") == 2.5
    with pytest.raises(RunError, match=r"does not say data\.card\.home"):
        print(record.data.card.home)


def test_null_is_a_number_that_is_undefined():
    found = as_record({"metrics": {"a": {"value": None, "ci95": [None, 0.5], "n": 3, "later": 1}}}, "x").metrics["a"]
    assert math.isnan(found.metric.value)
    assert math.isnan(found.metric.ci95[0])
    assert (found.metric.ci95[1], found.metric.n, found.metric.unit) == (0.5, 3, "fraction")
    text = json.dumps({"schema_version": 2, "metrics": {"a": {"value": 1, "n": 1}}})
    with pytest.raises(RunError, match="'ci95' is a required property"):
        parse_record(text, "run.json")


@pytest.mark.parametrize(
    ("section", "written", "left_out"),
    [(RecordedMetric, Metric, set()), (RecordedCard, DatasetCard, {"splits"}), (CacheUse, CacheCounts, set())],
)
def test_what_the_program_writes_of_its_own_is_read_by_name(section, written, left_out):
    assert {one.name for one in fields(written)} - left_out <= {one.name for one in fields(section)}


def test_no_module_asks_the_stored_table_for_a_key_by_its_text():
    """A script may; the program has types (`RunRecord`)."""
    found = []
    for folder in (Path(sambench.__file__).parent, Path(tasks.__file__).parent):
        for path in folder.rglob("*.py"):
            if re.search(r"""\.record(\[["']|\.get\()""", path.read_text(encoding="utf-8")):
                found.append(path.name)
    assert found == []
