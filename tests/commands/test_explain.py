"""`sambench explain` on stored runs: what is printed, the files, and a second run to be held against."""

import re

import pandas as pd
import pytest
from planted_runs import planted_points

from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.metrics.anatomy.parts import PARTS


def test_a_run_is_explained_and_held_against_another(tmp_path, capsys):
    run, _ = planted_points(tmp_path / "a", errors=("wrong candidate",))
    other, _ = planted_points(tmp_path / "b", errors=("dilated",))
    out = tmp_path / "out"
    capsys.readouterr()
    assert dispatch(["explain", str(run.folder), f"against={other.folder}", f"out={out}", "count=1"]) == 0
    printed = capsys.readouterr().out
    assert "The loss is in the choice among candidates, not in masks" in printed
    assert re.search(r"What changed is in the choice among candidates \(\+.*and in boundaries \(-", printed)
    frame, text = pd.read_parquet(out / "objects.parquet"), pd.read_csv(out / "objects.csv")
    assert frame["object"].tolist() == [row["object"] for row in run.rows()]
    assert text["ranking"].to_numpy() == pytest.approx(frame["ranking"].to_numpy(), rel=1e-4)
    groups = pd.read_csv(out / "groups.csv")
    assert groups["objects"][0] == len(frame)
    assert groups["loss"][0] == pytest.approx(groups[list(PARTS)].iloc[0].sum(), abs=1e-4)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp") == sum(frame[part].max() > 0 for part in PARTS)
    assert all(uri.startswith(("data:", "#")) for uri in re.findall(r'(?:src|href)="([^"]*)"', page))
    assert "What changed against run" in page
    with pytest.raises(UsageError, match="against itself"):
        dispatch(["explain", str(run.folder), f"against={run.folder}"])
