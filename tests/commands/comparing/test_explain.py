"""`sambench explain` on stored runs: what is printed, the files, and a second run to be held against."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from planted_masks import mini_objects, moved
from planted_runs import planted_points

import sambench
from sambench.cli import dispatch
from sambench.datasets.mini.reader import Mini
from sambench.errors import UsageError
from sambench.masks.rle import encode_masks, to_json
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
    assert "can be believed" not in page  # the planted masks have one confidence
    with pytest.raises(UsageError, match="against itself"):
        dispatch(["explain", str(run.folder), f"against={run.folder}"])


def test_files_are_written_though_only_the_first_lines_are_read(tmp_path, monkeypatch):
    run, _ = planted_points(tmp_path / "a", limit=1)

    def closed(finding):
        raise BrokenPipeError

    monkeypatch.setattr("sambench.explain.console.print_finding", closed)
    with pytest.raises(BrokenPipeError):
        dispatch(["explain", str(run.folder), f"out={tmp_path / 'out'}", "count=0"])
    assert (tmp_path / "out" / "index.html").is_file()
    assert (tmp_path / "out" / "objects.parquet").is_file()


def edge_run(folder, kept):
    """Score the annotators' own boundaries, of each image a part of the columns, at few thresholds."""
    for sample in Mini():
        strength = np.mean(sample.target.boundaries, axis=0) > 0
        strength[:, int(kept * strength.shape[1]) :] = False
        path = folder / "maps" / f"{sample.id.split('/')[-1]}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((255 * strength).astype(np.uint8)).save(path)
    words = ["task.thresholds=3", "predictions.nms=none", "data.kind=bsds"]
    return sambench.score("edges", "mini", folder / "maps", words, workers=0, run={"dir": str(folder / "run")})


def test_edges_are_explained_and_held_against_another_run(tmp_path, capsys):
    run, other = edge_run(tmp_path / "a", 0.5), edge_run(tmp_path / "b", 1.0)
    out = tmp_path / "out"
    capsys.readouterr()
    assert dispatch(["explain", str(run.folder), f"against={other.folder}", f"out={out}", "count=2"]) == 0
    printed = capsys.readouterr().out
    groups = pd.read_csv(out / "groups.csv").set_index(["by", "group"])
    counts = np.sum([[row[name][0] for name in ("cnt_r", "sum_r", "cnt_p", "sum_p")] for row in run.rows()], axis=0)
    whole = groups.loc["all", "all"]
    assert whole["misses"] == counts[1] - counts[0]
    assert whole["recall"] == pytest.approx(counts[0] / counts[1], rel=1e-4)
    assert whole["precision"] == pytest.approx(counts[2] / counts[3], rel=1e-4)
    for by in ("distance", "orientation", "contrast", "agreement"):
        assert groups.loc[by]["misses"].sum() == whole["misses"]
        assert groups.loc[by]["false_alarms"].sum() == whole["false_alarms"]
    assert groups.loc[("distance", "farther"), "misses"] > 0.8 * whole["misses"]
    assert re.search(r"recall +│ +\.\d+ │ +\.\d+ │ +-0\.", printed)
    assert (out / "index.html").read_text(encoding="utf-8").count("data:image/webp") == 2
    with pytest.raises(UsageError, match="clicks= is of masks"):
        dispatch(["explain", str(run.folder), "clicks=1"])


def test_every_estimate_of_proposals_is_held_against_the_iou(tmp_path, capsys):
    rng, found = np.random.default_rng(0), []
    for number, (sample, _, mask) in enumerate(mini_objects("lvis", limit=2)):
        (code,) = encode_masks(moved(mask, number % 4, 0)[None])
        said = {name: rng.random() for name in ("score", "predicted_iou", "stability_score")}
        found.append({"image_id": sample.target.image_id, "category_id": 1, "segmentation": to_json(code), **said})
    (tmp_path / "found.json").write_text(json.dumps(found))
    words = ["data.kind=lvis", "limit=2"]
    settings = {"workers": 0, "run": {"dir": str(tmp_path / "run")}}
    run = sambench.score("proposals", "mini", tmp_path / "found.json", words, **settings)
    capsys.readouterr()
    assert dispatch(["explain", str(run.folder), f"out={tmp_path / 'out'}", "count=0"]) == 0
    printed = capsys.readouterr().out
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for name in ("confidence", "predicted IoU", "stability score"):
        assert name.split()[0] in printed
        assert f"<h3>{name}</h3>" in page
    frame = pd.read_parquet(tmp_path / "out" / "objects.parquet")
    for column, name in (("confidence", "score"), ("stability_score", "stability_score")):
        assert set(frame[column].dropna().round(6)) <= {round(one[name], 6) for one in found}
