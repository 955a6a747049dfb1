"""Label errors planted in the embedded data are found by scripted models, and runs that do not fit are refused."""

import numpy as np
import pandas as pd
import pytest
from planted_labels import click_run, detector_run, hits, planted_truth
from planted_runs import planted_points

from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.explain.labels import find_labels
from sambench.explain.objects import Choice

ERRORS = ("shifted", "merged", "missing", "category")


def test_the_likeliest_of_three_detectors_are_planted(tmp_path, capsys):
    told = planted_truth(tmp_path / "data", ERRORS, 13)
    runs = [detector_run(tmp_path / str(seed), tmp_path / "data", seed) for seed in range(3)]
    capsys.readouterr()
    words = [f"runs=[{','.join(str(run.folder) for run in runs)}]", "find=labels", f"out={tmp_path / 'out'}", "count=3"]
    assert dispatch(["explain", *words]) == 0
    printed = capsys.readouterr().out
    frame, text = pd.read_parquet(tmp_path / "out/labels.parquet"), pd.read_csv(tmp_path / "out/labels.csv")
    assert np.mean(hits(frame.head(50), told)) >= 0.8
    assert text["told"].tolist() == frame["told"].tolist()
    named = frame[frame["object"].isin(told)]
    right = named["kind"] == named["object"].map(told)
    assert right[named["object"].map(told) == "shifted"].mean() >= 0.6
    assert right[named["object"].map(told) == "category"].mean() >= 0.8
    assert f"Suspected: {len(frame)} of " in printed
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp") == 3
    assert frame["told"][2] in page


def test_clicks_tell_masks_and_say_what_they_cannot_tell(tmp_path):
    told = planted_truth(tmp_path / "data", ("shifted", "merged"), 20)
    runs = [click_run(tmp_path / str(seed), tmp_path / "data", seed) for seed in range(2)]
    labels = find_labels(runs, Choice())
    assert np.mean(hits(labels.frame.head(len(told)), told)) >= 0.8
    assert "objects nobody annotated" in labels.notes[-1]
    with pytest.raises(UsageError, match="agrees with itself"):
        find_labels(runs[:1], Choice())
    with pytest.raises(UsageError, match="named twice"):
        find_labels([runs[0], runs[0]], Choice())
    other, _ = planted_points(tmp_path / "other", limit=1)
    with pytest.raises(UsageError, match="different data"):
        find_labels([runs[0], other], Choice())


def test_words_that_do_not_fit_are_refused():
    for words, what in (
        (["a", "find=labels"], r"runs=\[a,...\]"),
        (["find=labels"], "no run was given"),
        (["runs=[a,b]"], "add find=labels"),
        (["runs=[a,b]", "find=labels", "against=c"], "against= is not of find=labels"),
    ):
        with pytest.raises(UsageError, match=what):
            dispatch(["explain", *words])
