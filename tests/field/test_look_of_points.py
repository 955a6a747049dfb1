"""`sambench look` of a points run: with whatever clicks, wherever its predictions are, and where they are not."""

import shutil

import pytest

import sambench
from sambench.cli import dispatch
from sambench.errors import RunError

SETTINGS = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "limit": 2, "cache": {"enabled": False}}


def points(folder, *words, **more):
    overrides = ["model.name=toys:ToyModel", *words]
    return sambench.run("points", overrides=overrides, run={"dir": str(folder)}, **SETTINGS, **more)


@pytest.mark.parametrize("clicks", ["[3]", "[2,5]"])
def test_masks_are_ranked_by_the_fewest_clicks(tmp_path, monkeypatch, capsys, clicks):
    monkeypatch.chdir(tmp_path)
    points("run", f"task.clicks={clicks}")
    capsys.readouterr()
    assert dispatch(["look", "run"]) == 0
    assert "masks with clicks and candidates: run/gallery/gallery.png" in capsys.readouterr().out
    assert (tmp_path / "run/gallery/gallery.png").stat().st_size > 0


def test_predictions_that_were_scored_are_found_where_they_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    points("made", "task.clicks=[2]")
    quiet = ["workers=0", "progress=off", "illustrate=0", "limit=2"]
    assert (
        dispatch(["score", "task=points", "task.clicks=[2]", "predictions=made/predictions", "run.dir=run", *quiet])
        == 0
    )
    assert dispatch(["look", "run"]) == 0
    assert (tmp_path / "run/gallery/gallery.png").exists()
    shutil.rmtree("made")
    with pytest.raises(RunError, match="the predictions that the run scored are not there any more"):
        dispatch(["look", "run"])


def test_a_run_without_predictions_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points("run", "task.clicks=[1]")
    shutil.rmtree("run/predictions")
    with pytest.raises(RunError, match="the run kept no predictions") as caught:
        dispatch(["look", "run"])
    assert caught.value.where == "run/predictions"
