import json

import pytest
from made_rows import edge_rows
from stored_runs import stored

import sambench
from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.gates.result import COLUMNS
from sambench.metrics.boundary.scores import COUNTS


def worse(rows):
    """Take a tenth or more of the matched pixels away from each image's counts."""
    shares = [0.9 - 0.03 * (place % 4) for place in range(len(rows))]
    return [
        {**row, **{key: [int(n * share) for n in row[key]] for key in (COUNTS[0], COUNTS[2])}}
        for row, share in zip(rows, shares, strict=True)
    ]


@pytest.fixture
def sides(tmp_path):
    rows = edge_rows(24)
    return stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=worse(rows))


def test_the_interface_says_what_the_command_says(sides, tmp_path, capsys):
    before, after = sides
    found = sambench.gate(before, after, replicates=200)
    words = [f"baseline={before}", f"candidate={after}", "replicates=200", "format=json"]
    assert dispatch(["gate", *words]) == found.exit_code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == found.verdict == "regression"
    own = {one["found"]["name"]: one["found"] for one in told["judgements"]}
    frame = found.frame().set_index("metric")
    assert list(frame.index) == list(own)
    for name, row in frame.iterrows():
        assert row["difference"] == own[name]["difference"]
        assert [row["low"], row["high"]] == own[name]["interval"]


def test_the_line_names_the_verdict_and_what_decided_it(sides):
    before, after = sides
    found = sambench.gate(before, after, replicates=200)
    assert repr(found) == "<GateResult regression: ods, ois, ap, r50 (edges, bsds500 test, 24 images)>"
    same = sambench.gate(before, before, replicates=200)
    assert repr(same) == "<GateResult no regression (edges, bsds500 test, 24 images)>"


def test_runs_stand_for_their_folders_and_several_are_a_side(sides, tmp_path):
    before, after = sides
    third = stored(tmp_path / "third", rows=edge_rows(24, seed=1))
    runs = sambench.load_run(after), sambench.load_run(third)
    found = sambench.gate(sambench.load_run(before), list(runs), replicates=200)
    assert found.baseline == [str(before)]
    assert found.candidate == [str(after), str(third)]


def test_runs_that_are_not_comparable_give_a_frame_without_rows(sides, tmp_path):
    other = stored(tmp_path / "c", rows=edge_rows(24), nms_iou=0.5)
    found = sambench.gate(sides[0], other, replicates=200)
    assert (found.verdict, found.exit_code) == ("not comparable", 3)
    assert list(found.frame().columns) == COLUMNS
    assert found.frame().empty
    assert sambench.gate(sides[0], other, compare=["task.nms_iou"], replicates=200).verdict == "no regression"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"samples": "commun"}, "samples"),
        ({"replicates": 1}, "replicates"),
        ({"seed": -1}, "seed"),
        ({"policy": "strictt"}, "policy"),
    ],
)
def test_words_out_of_range_are_refused(sides, words, told):
    with pytest.raises(SambenchError, match=told):
        sambench.gate(*sides, **words)
    with pytest.raises(SambenchError, match="no candidate"):
        sambench.gate(sides[0], [])
