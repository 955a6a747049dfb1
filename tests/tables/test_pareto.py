"""Models on two axes, from stored runs."""

import pytest
from made_rows import latency_rows, point_rows
from stored_runs import stored

from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.runs.open import load_run
from sambench.tables.pareto import pareto_points, pareto_table


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three models: fast and poor, slow and good, slow and poor; the last one's times are those of the second."""
    folder = tmp_path_factory.mktemp("runs")
    paths = []
    for name, encode, skill in (("small", 0.05, 0.5), ("large", 0.2, 3.0), ("odd", 0.2, 0.5)):
        paths.append(stored(folder / f"{name}-t", "latency", latency_rows(12, encode=encode), name))
        paths.append(stored(folder / f"{name}-p", "points", point_rows(60, skill=skill), name))
    return [load_run(path) for path in paths]


def test_the_front_is_found_and_the_table_says_units(runs):
    points, notes = pareto_points(runs, "latency.encode_p50", "points.mIoU@1")
    assert [(one.model, one.standing) for one in points] == [("small", "on"), ("large", "on"), ("odd", "cannot tell")]
    assert not notes
    table = pareto_table(points, "latency.encode_p50", "points.mIoU@1")
    assert list(table.columns) == ["model", "latency.encode_p50, ms", "points.mIoU@1", "front"]
    assert table["front"].tolist()[:2] == ["on", "on"]
    assert table.iloc[0, 1].startswith("55")


def test_models_without_a_run_for_an_axis_are_told(runs):
    points, notes = pareto_points(runs[:-1], "memory", "points.mIoU@1")
    assert [one.model for one in points] == ["small", "large"]
    assert notes == ["odd is left out: no run gives its points.mIoU@1"]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ("latency.encode_p51", "points.mIoU@1", "encode_p50"),
        ("edges.ods", "points.mIoU@1", "is of no run's task; there are runs of latency, points"),
        ("latency", "points.mIoU@1", "metric"),
    ],
)
def test_axes_that_no_run_has_are_told(runs, x, y, said):
    with pytest.raises(UsageError, match=said):
        pareto_points(runs, x, y)


def test_no_run_at_all_is_told():
    with pytest.raises(UsageError, match="no run was given"):
        pareto_points([], "latency.encode_p50", "points.mIoU@1")


def test_runs_of_different_models_share_nothing(runs):
    with pytest.raises(UsageError, match="no model has a run for"):
        pareto_points([runs[0], runs[3]], "latency.encode_p50", "points.mIoU@1")


def test_two_runs_of_one_model_for_an_axis_are_refused(runs):
    with pytest.raises(UsageError, match="small has two runs for"):
        pareto_points([*runs, runs[0]], "latency.encode_p50", "points.mIoU@1")


def test_the_command_writes_tables_and_the_figure(runs, tmp_path, capsys):
    assert dispatch(["pareto", f"runs=[{','.join(str(run.folder) for run in runs)}]", f"out={tmp_path}"]) == 0
    assert "models on the front" in capsys.readouterr().out
    assert {path.suffix for path in tmp_path.iterdir()} == {".md", ".csv", ".tex", ".html", ".png", ".svg"}
