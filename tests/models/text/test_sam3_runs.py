"""A tiny random SAM 3 through whole runs: phrases, clicks from the same embeddings, scoring, gate, report, table."""

import numpy as np
import pytest
from PIL import Image
from tiny_texts import write_sam3_video

import sambench
from sambench.cli import dispatch

KEPT = ["task.keep_above=0.05", "task.min_score=0.2", "task.sweep=[0.1]"]
"""Scores of a random model lie about .25."""

SETTINGS = {"workers": 0, "progress": "off", "device": "cpu", "limit": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of phrases and one of clicks, in that order, with one cache."""
    folder = tmp_path_factory.mktemp("sam3")
    write_sam3_video(folder / "tiny")
    common = {**SETTINGS, "cache": {"dir": str(folder / "cache")}}

    def run(task, *overrides):
        words = [f"model.checkpoint={folder / 'tiny'}", *overrides]
        place = {"dir": str(folder / "runs" / task)}
        return sambench.run(task, "sam3", overrides=words, run=place, illustrate=int(task == "concepts"), **common)

    return run("concepts", *KEPT), run("points", "task.clicks=[1]")


def test_clicks_encode_nothing_after_phrases(runs):
    concepts, points = runs
    assert concepts.record["cache"]["misses"] == points.record["cache"]["hits"] == 2
    assert points.record["cache"]["misses"] == 0
    assert concepts.record["model"]["fingerprint"] == points.record["model"]["fingerprint"]


def test_every_pair_has_a_row_and_the_headlines_intervals_or_none(runs):
    rows, metrics = runs[0].rows(), runs[0].metrics
    assert len(rows) == metrics["pairs"].value > 50
    assert {"cgF1", "pmF1", "IL_MCC", "cgF1_exact", "cgF1@score0.1", "presence_ECE"} <= set(metrics)
    assert metrics["IL_recall"].value > 0  # something is found


def test_its_predictions_score_the_same_again_and_are_gated(runs, tmp_path, capsys):
    again = sambench.score(
        "concepts", "mini", runs[0].predictions, KEPT, run={"dir": str(tmp_path / "again")}, illustrate=0, **SETTINGS
    )
    assert again.rows() == runs[0].rows()
    assert dispatch(["gate", f"baseline={runs[0].folder}", f"candidate={again.folder}"]) == 3  # two images tell nothing
    told = capsys.readouterr().out
    assert "cannot tell cgF1 (carried by 2 of 2 images)" in told


def test_it_is_reported_and_tabled(runs, tmp_path, capsys):
    folder = runs[0].folder
    assert dispatch(["report", f"runs=['{folder}']", f"out={tmp_path / 'page'}"]) == 0
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "cgF1" in page
    assert "data:image/webp" in page
    assert "how far presence can be believed" in page
    out = tmp_path / "tables"
    assert dispatch(["table", "concepts", f"runs=['{folder}']", f"out={out}"]) == 0
    assert "sam3" in capsys.readouterr().out
    drawn = np.asarray(Image.open(out / "concepts" / "concepts.png").convert("L"))
    assert (drawn < 128).mean() > 0.003  # lines and words
