"""A metric says how many images carry it wherever it stands: run.json, the run's summary, tables and the report."""

import json

import pytest
from made_rows import point_rows, proposal_rows
from stored_runs import stored

from sambench import load_run
from sambench.cli import dispatch
from sambench.config.registry import resolve
from sambench.metrics.uncertainty.support import plain_name
from sambench.runs.summary import carriers, cell
from sambench.tables.build import build_own_table
from sambench.tables.console import print_run
from sambench.tables.specs import table_names, table_spec
from sambench.types import Metric

IMAGES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Store a run of 60 images of which the first alone has large objects, all found up to .95."""
    rows = [{**row, "places_large": []} for row in proposal_rows(IMAGES)]
    rows[0]["places_large"] = [0] * 10
    return stored(tmp_path_factory.mktemp("support") / "run", "proposals", rows)


def test_run_json_tells_it(folder):
    metrics = json.loads((folder / "run.json").read_text())["metrics"]
    assert (metrics["ARl@1000"]["support"], metrics["ARl@1000"]["n"]) == (1, IMAGES)
    assert metrics["ARl@1000"]["strata"] == {}
    assert metrics["proposals_per_image"]["support"] is None


def test_a_metric_knows_it_of_each_data_set():
    rows = point_rows(9, datasets=("one", "two", "three"))
    rows = [{**row, "area": 1e5 if row["sample_id"] == rows[0]["sample_id"] else 10.0} for row in rows]
    task = resolve("tasks", "points")(members={row["sample_id"]: row["dataset"] for row in rows})
    found = {plain_name(name): metric for name, metric in task.supported(rows).items()}
    assert found["mIoUl@1"].strata == {"one": 1, "two": 0, "three": 0}
    assert found["mIoU@1"].strata == {"one": 3, "two": 3, "three": 3}
    assert (found["two mIoU@1"].support, found["two mIoU@1"].n) == (3, 3)


def test_the_summary_tells_it(folder, capsys):
    print_run(load_run(folder))
    line = next(line for line in capsys.readouterr().out.splitlines() if "ARl@1000" in line)
    assert "1 of 60" in line


def test_tables_tell_it(folder):
    spec = next(spec for name in table_names() if (spec := table_spec(name)).task == "proposals")
    table, _, _ = build_own_table(spec, [load_run(folder)])
    (text,) = [text for text in table.iloc[0] if "of 60 images" in text and text.startswith("1.000")]
    assert text.endswith(", 1 of 60 images")


def test_the_report_tells_it(folder, tmp_path):
    page = tmp_path / "report" / "index.html"
    assert dispatch(["report", f"runs={folder}", f"out={page.parent}"]) == 0
    assert "1 of 60 images" in page.read_text()


def test_nothing_is_said_where_all_carry():
    assert carriers(Metric(0.9, None, 60, support=60)) == ""
    assert carriers(Metric(0.9, None, 60)) == ""
    assert cell(Metric(0.9, None, 60, support=1)) == ".900, 1 of 60 images"
    assert cell(Metric(0.9, (0.8, 0.95), 60, support=59)) == ".900 [.800, .950], 59 of 60 images"
    assert cell(None) == ""
