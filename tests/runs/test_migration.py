import json

import pytest
from resealed import reseal
from stored_runs import stored

from sambench.gates.compare import freeze
from sambench.gates.sides import open_side
from sambench.runs.migration import migrated
from sambench.runs.open import load_run
from sambench.runs.summary import caption
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec


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
