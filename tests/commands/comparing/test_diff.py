"""`sambench diff`: settings, environment and metrics of two runs, beside each other."""

import json

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.runs.differences import ABSENT, run_differences


@pytest.fixture
def runs(tmp_path):
    common = {"rows": EDGE_ROWS, "name": "sam"}
    one = finished_run(tmp_path / "a", "edges", edges_metrics(ods=0.75), **common)
    other = finished_run(tmp_path / "b", "edges", edges_metrics(ods=0.7), nms_iou=0.9, **common)
    return one, other


def test_what_differs_and_nothing_else(runs):
    one, other = runs
    found = run_differences(one, other)
    assert [(unlike.key, unlike.first, unlike.second) for unlike in found.settings] == [("task.nms_iou", 0.7, 0.9)]
    moved = {moved.metric: moved for moved in found.metrics}
    assert moved["ods"].difference == pytest.approx(-0.05)
    assert moved["ois"].difference == 0
    assert run_differences(one, one).settings == run_differences(one, one).environment == []


def test_what_one_has_alone_is_told(runs):
    one, other = runs
    del one.record.stored["config"]["task"]["nms_iou"]
    del one.record.stored["identity"]["task"]["nms_iou"]
    found = run_differences(one, other)
    assert [(unlike.first, unlike.second) for unlike in found.settings] == [(ABSENT, 0.9)]


def test_the_command_prints_them(runs, capsys):
    one, other = (str(run.folder) for run in runs)
    assert dispatch(["diff", one, other]) == 0
    out = capsys.readouterr().out
    assert f"A: {one} (sam, nms_iou=0.7)" in out
    assert "task.nms_iou  0.7  0.9" in " ".join(out.split("\n")).replace("   ", "  ")
    assert "-0.0500" in out
    assert dispatch(["diff", one, other, "format=json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"] == [{"key": "task.nms_iou", "first": 0.7, "second": 0.9}]
    with pytest.raises(UsageError, match="1 run given"):
        dispatch(["diff", one])
