"""Trackers are told a run's settings, metrics with intervals, pictures and files; each offline, by its own reader."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

import sambench
from sambench.drawing.pictures.overlay import save_png
from sambench.engine.loggers.content import content_of
from sambench.engine.loggers.send import chosen, tell
from sambench.errors import SambenchError
from sambench.types import Metric

NAN = float("nan")


@pytest.fixture
def run(tmp_path):
    """A finished run with a picture, an undefined metric and one without an interval."""
    odd = {"r50": Metric(NAN, (NAN, NAN), 200), "proposals": Metric(31.5, None, 200, unit="masks")}
    finished_run(tmp_path / "results" / "a", "edges", {**edges_metrics(), **odd}, rows=EDGE_ROWS)
    save_png(np.full((20, 30, 3), 90, np.uint8), tmp_path / "results" / "a" / "pictures" / "test" / "1.png")
    return sambench.load_run(tmp_path / "results" / "a")


def test_content_has_ends_of_intervals_and_leaves_out_what_is_undefined(run):
    content = content_of(run)
    own = {name: value for name, value in content.numbers.items() if name.startswith("edges/ods")}
    assert own == {"edges/ods": 0.75, "edges/ods_low": 0.7, "edges/ods_high": 0.8}
    assert content.numbers["edges/proposals"] == 31.5
    assert not {"edges/r50", "edges/proposals_low"} & content.numbers.keys()
    assert content.settings["task.nms_iou"] == 0.7
    assert list(content.pictures) == ["test/1"]
    assert [path.name for path in content.files] == ["run.json", "rows.parquet"]


def stand_in(monkeypatch, said):
    """Take the place of Trackio, whose version of pillow is another: what it is called with is kept."""
    package = ModuleType("trackio")
    package.__spec__ = SimpleNamespace(name="trackio")
    package.Image = lambda path: ("picture", path)
    package.init = lambda **words: said.append(words)
    package.log = said.append
    package.finish = lambda: said.append("finished")
    monkeypatch.setitem(sys.modules, "trackio", package)


def test_trackio_is_told(run, monkeypatch):
    said = []
    stand_in(monkeypatch, said)
    assert tell(chosen("trackio"), run) == ["trackio: sambench"]
    begun, numbers, ended = said
    assert begun["config"]["task.nms_iou"] == 0.7
    assert numbers["edges/ods"] == 0.75
    assert numbers["test/1"][0] == "picture"
    assert ended == "finished"


def test_what_a_tracker_raises_is_one_sentence(run, monkeypatch):
    said = []
    stand_in(monkeypatch, said)
    sys.modules["trackio"].log = lambda _: 1 / 0
    with pytest.raises(SambenchError, match="the run is finished, but trackio could not be told of it: ZeroDiv"):
        tell(["trackio"], run)


def test_trackers_that_are_unknown_or_not_there_are_refused_before_a_run_begins(tmp_path, monkeypatch):
    with pytest.raises(SambenchError, match="wandp"):
        sambench.run("edges", overrides=["logger=wandp"], run={"dir": str(tmp_path / "a")})
    monkeypatch.setattr("sambench.engine.loggers.send.find_spec", lambda name: None)
    with pytest.raises(SambenchError, match="the package of logger=wandb is not installed"):
        sambench.run("edges", overrides=["logger=[wandb]"], run={"dir": str(tmp_path / "a")})
    assert not (tmp_path / "a").exists()


@pytest.mark.slow
def test_tensorboard_reads_what_was_written_once(run):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (first,) = tell(chosen("tensorboard"), run)
    assert tell(["tensorboard"], run) == [first]
    events = EventAccumulator(first.removeprefix("tensorboard: "), size_guidance={"images": 0})
    events.Reload()
    assert [one.value for one in events.Scalars("edges/ods")] == [0.75]
    assert events.Scalars("edges/ods_low")[0].value == pytest.approx(0.7)
    assert "settings/text_summary" in events.Tags()["tensors"]
    assert events.Images("pictures/test/1")[0].width == 30


@pytest.mark.slow
def test_mlflow_keeps_one_run_however_often_it_is_told(run, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("alembic")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    for _ in range(2):
        tell(chosen("mlflow"), run)
    (found,) = mlflow.MlflowClient().search_runs([mlflow.get_experiment_by_name("sambench").experiment_id])
    assert found.data.metrics["edges/ods"] == 0.75
    assert found.data.metrics["edges/ods_high"] == 0.8
    assert found.data.params["task.nms_iou"] == "0.7"
    kept = {one.path for one in mlflow.MlflowClient().list_artifacts(found.info.run_id)}
    assert kept == {"run.json", "rows.parquet", "pictures"}


@pytest.mark.slow
def test_wandb_writes_its_offline_file(run, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    (told,) = tell(chosen(["wandb", "wandb"]), run)
    assert told.startswith("wandb: ")
    (file,) = tmp_path.rglob(f"run-{content_of(run).key}.wandb")
    content = file.read_bytes()
    for word in (b"edges/ods_low", b"nms_iou", b"sambench-run", b"rows.parquet"):
        assert word in content
    assert list(tmp_path.rglob("media/images/**/*.png"))
