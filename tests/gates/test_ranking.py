"""Several runs held against each other: by the command and from Python."""

import re

import numpy as np
import pandas as pd
import pytest
from made_rows import edge_rows, proposal_rows
from stored_runs import ROWS, stored

import sambench
from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.gates.standings import judge_pairs, rank_runs
from sambench.metrics.boundary.scores import COUNTS
from sambench.metrics.simultaneous import Pair
from sambench.metrics.uncertainty.spread import ENOUGH


def worse(rows, share):
    """Take matched pixels away from some images' counts."""
    shares = [share - 0.03 * (place % 4) for place in range(len(rows))]
    return [
        {**row, **{key: [int(n * kept) for n in row[key]] for key in (COUNTS[0], COUNTS[2])}}
        for row, kept in zip(rows, shares, strict=True)
    ]


@pytest.fixture
def runs(tmp_path):
    """A good run, a copy of it by another model, and two worse ones."""
    rows = edge_rows(40)
    sides = {"a": rows, "b": rows, "c": worse(rows, 0.95), "d": worse(rows, 0.85)}
    return [str(stored(tmp_path / name, rows=own, name=name)) for name, own in sides.items()]


def test_ranks_and_verdicts_by_hand():
    # three runs; higher is better: B is better than C alone. A 0.5, B 0.7, C 0.3
    ends = {(0, 1): (-0.3, 0.1), (0, 2): (-0.1, 0.5), (1, 2): (0.2, 0.6)}
    values = [{"m": 0.5}, {"m": 0.7}, {"m": 0.3}]
    pairs = [Pair("m", i, j, values[i]["m"] - values[j]["m"], own, 0.5, 40) for (i, j), own in ends.items()]
    found = judge_pairs(pairs, "ABC", {"m": True})
    assert [one.verdict for one in found] == ["cannot tell", "cannot tell", "better"]
    ranking = rank_runs(values, found, "ABC", {"m": True})
    assert [(one.run, one.rank, one.ranks, one.told) for one in ranking] == [
        ("B", 1, (1, 2), "best"),
        ("A", 2, (1, 3), "not told from the best"),
        ("C", 3, (2, 3), "behind the best"),
    ]
    lower = judge_pairs(pairs, "ABC", {"m": False})
    assert [one.verdict for one in lower] == ["cannot tell", "cannot tell", "worse"]
    assert [one.run for one in rank_runs(values, lower, "ABC", {"m": False})] == ["C", "A", "B"]
    lost = [{"m": 0.5}, {"m": np.nan}, {"m": 0.3}]
    assert [one.told for one in rank_runs(lost, found[:1], "ABC", {"m": True})][-1] == "undefined"


def test_runs_are_ranked_and_told_apart(runs):
    found = sambench.compare(runs, replicates=300)
    assert found.metrics == ["ods", "ois", "ap", "r50"]
    told = {(one.metric, one.run): (one.ranks, one.told) for one in found.ranking}
    for metric in found.metrics:
        assert told[metric, "A"] == ((1, 2), "best")
        assert told[metric, "B"] == ((1, 2), "not told from the best")
        assert told[metric, "C"] == ((3, 3), "behind the best")
        assert told[metric, "D"] == ((4, 4), "behind the best")
    frame = found.frame()
    assert len(frame) == 4 * 6
    assert set(frame[(frame["first"] == "A") & (frame["second"] == "B")]["verdict"]) == {"cannot tell"}
    assert set(frame[frame["second"] == "D"]["verdict"]) == {"better"}
    assert len(found.ranking_frame()) == 4 * 4
    assert repr(found) == "<CompareResult 20 of 24 pairs told apart (4 runs, edges, bsds500 test, 40 images)>"


def test_values_are_those_of_the_runs(runs):
    found = sambench.compare(runs, metrics=["ods", "a*"], replicates=100)
    assert found.metrics == ["ods", "ap"]
    for one in found.ranking:
        assert one.value == pytest.approx(sambench.load_run(runs["ABCD".index(one.run)]).metrics[one.metric].value)


@pytest.mark.parametrize("task", ROWS)
def test_every_task_can_be_compared(tmp_path, task):
    rows = ROWS[task](24)
    sides = [stored(tmp_path / name, task, rows, name=name) for name in "abc"]
    found = sambench.compare(sides, replicates=100)
    assert found.exit_code == 0
    assert {one.verdict for one in found.pairs} == {"cannot tell"}
    assert all(one.difference == 0 or np.isnan(one.difference) for one in found.pairs)


@pytest.mark.parametrize("carriers", [1, ENOUGH - 1])
def test_what_few_images_carry_cannot_be_told(tmp_path, capsys, carriers):
    sides = []
    for name, place in (("a", 0), ("b", -1), ("c", -1)):  # one large object in the first images, found by the first run
        rows = [{**row, "places_large": []} for row in proposal_rows(30)]
        for row in rows[:carriers]:
            row["places_large"] = [place] * 10
        sides.append(stored(tmp_path / name, "proposals", rows, name=name))
    own = [one for one in sambench.compare(sides, replicates=100).pairs if one.metric == "ARl@1000"]
    assert [one.verdict for one in own] == ["cannot tell"] * 3
    assert own[0].difference == 1.0
    assert np.isnan([*own[0].interval, own[0].p]).all()
    assert dispatch(["compare", f"runs=[{','.join(map(str, sides))}]", "replicates=100"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if re.match(r"\| ARl@1000 +\| A - B", line))
    assert f"| cannot tell ({carriers} of 30 images) " in line


def test_differences_that_forbid_are_those_of_the_gate(runs, tmp_path, capsys):
    other = stored(tmp_path / "other", rows=edge_rows(40), nms_iou=0.5)
    assert dispatch(["compare", f"runs=[{runs[0]},{runs[1]},{other}]", f"out={tmp_path / 'out'}"]) == 3
    out = capsys.readouterr().out
    assert out.startswith("not comparable (edges, bsds500 test, 40 images)")
    told = "task.nms_iou: 0.7 in A, 0.5 in C; compare=task.nms_iou compares this switch"
    assert f"forbids a comparison: {told}" in out
    assert sambench.gate(runs[0], other).forbidding == [one for _, one in sambench.compare([runs[0], other]).forbidding]
    assert (tmp_path / "out" / "compare.md").read_text() == out
    assert sambench.compare([*runs, other], compare=["task.nms_iou"], replicates=100).exit_code == 0


def test_common_samples(runs, tmp_path):
    short = stored(tmp_path / "short", rows=edge_rows(40)[:30])
    assert sambench.compare([runs[0], short]).forbidding
    found = sambench.compare([runs[0], short, runs[2]], samples="common", replicates=100)
    assert found.samples == 30


def test_frozen_baselines_are_runs_too(runs, tmp_path):
    assert dispatch(["gate", "freeze", runs[0], f"out={tmp_path / 'a.baseline'}"]) == 0
    found = sambench.compare([tmp_path / "a.baseline", runs[1]], replicates=100)
    assert {one.difference for one in found.pairs} == {0.0}


def test_files_hold_what_is_printed(runs, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["compare", f"runs=[{','.join(runs)}]", "replicates=200"]
    printed = {}
    for form in ("md", "csv", "html", "latex"):
        assert dispatch([*words, f"format={form}", f"out={out}"]) == 0
        printed[form] = capsys.readouterr().out
    assert printed["md"] == (out / "compare.md").read_text()
    assert printed["latex"] == (out / "compare.tex").read_text()
    assert "| ods      | C - D  |" in printed["md"]
    pairs, ranking = pd.read_csv(out / "pairs.csv"), pd.read_csv(out / "ranking.csv")
    assert (len(pairs), len(ranking)) == (24, 16)
    page = (out / "compare.html").read_text()
    assert page.count("<table") == printed["html"].count("<table") == 2
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(first) == {"compare.md", "compare.tex", "compare.html", "ranking.csv", "pairs.csv"} | {
        "compare.png",
        "compare.svg",
    }
    assert dispatch([*words, f"out={out}"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_a_path_with_marks_is_escaped_on_the_page(tmp_path):
    from sambench.pages.report.comparison import write_comparison

    rows = edge_rows(12)
    sides = [stored(tmp_path / name, rows=rows, name="<b>x</b>") for name in ("a", "<img src=x>")]
    write_comparison(sambench.compare(sides, replicates=100), tmp_path / "out")
    page = (tmp_path / "out" / "compare.html").read_text()
    assert "<b>x" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no runs were given"),
        (["runs=[a0]"], "1 run given"),
        (["runs=[a0,a0]"], "named twice"),
        (["runs=[a0,a0/../a]"], "named twice"),
        (["runs=[a0,a1]", "metrics=odss"], "use metrics=ods"),
        (["runs=[a0,a1]", "alpha=2"], "alpha"),
        (["runs=[a0,a1]", "compare=task.nms"], "no switch task.nms"),
        (["runs=[a0,a1]", "samples=all"], "samples"),
        (["runs=[a0,a1]", "format=pdf"], "format"),
        (["runs=[a0,gone]"], "gone"),
        (["run=[a0,a1]"], "use runs="),
    ],
)
def test_wrong_words_are_refused(runs, words, told):
    given = [word.replace("a0", runs[0]).replace("a1", runs[1]) for word in words] or ["replicates=100"]
    with pytest.raises(SambenchError, match=told):
        dispatch(["compare", *given])
