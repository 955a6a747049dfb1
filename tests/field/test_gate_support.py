"""What a verdict may rest on: not one image, not a metric that has become undefined, not an interval over zero."""

import json
import math
from dataclasses import replace

import pytest
from made_rows import edge_rows, point_rows, proposal_rows
from stored_runs import stored

from sambench.cli import dispatch
from sambench.gates.cells import carriers
from sambench.gates.compare import gate, open_side
from sambench.gates.policy import Policy, load_policy
from sambench.gates.render import render_gate
from sambench.gates.result import CANNOT_TELL, IMPROVED, OK, REGRESSION, judge
from sambench.metrics.paired import Comparison
from sambench.metrics.uncertainty.spread import ENOUGH


def large_in(rows, carriers, place):
    """Put one large object into the first images, found at a place in each; the others have none."""
    changed = [{**row, "places_large": []} for row in rows]
    for row in changed[:carriers]:
        row["places_large"] = [place] * 10
    return changed


def sides(folder, carriers):
    rows = proposal_rows(60)
    return [
        stored(folder / name, "proposals", large_in(rows, carriers, place)) for name, place in (("a", 0), ("b", -1))
    ]


@pytest.mark.parametrize("carriers", [1, ENOUGH - 1])
def test_one_large_object_decides_nothing(tmp_path, capsys, carriers):
    before, after = sides(tmp_path, carriers)
    assert dispatch(["gate", f"baseline={before}", f"candidate={after}", "replicates=200"]) == 0
    printed = capsys.readouterr().out
    assert f"no regression; cannot tell ARl@1000 (carried by {carriers} of 60 images)" in printed
    line = next(line for line in printed.splitlines() if line.startswith("ARl@1000"))
    assert line.endswith(f"cannot tell ({carriers} of 60 images)")
    takes = {1: 600, 9: 67}[carriers]  # 10 / 1 and 10 / 9 of 60 images
    assert f"ARl@1000: of about {takes} images like these the least number of 10 would carry it" in printed
    assert "[" not in line  # no interval

    policy = tmp_path / "own.yaml"
    policy.write_text("judged: {proposals: [ARl@1000]}")
    assert dispatch(["gate", f"baseline={before}", f"candidate={after}", f"policy={policy}", "replicates=200"]) == 3
    assert "cannot tell ARl@1000" in capsys.readouterr().out


def test_enough_large_objects_decide(tmp_path):
    before, after = sides(tmp_path, ENOUGH)
    assert dispatch(["gate", f"baseline={before}", f"candidate={after}", "replicates=200"]) == 1


@pytest.mark.parametrize("images", [1, 2])
def test_one_image_is_no_regression(tmp_path, images, capsys):
    rows = edge_rows(images)
    worse = [{**row, **{key: [9 * n // 10 for n in row[key]] for key in ("cnt_r", "cnt_p")}} for row in rows]
    before, after = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=worse)
    assert dispatch(["gate", f"baseline={before}", f"candidate={after}", "replicates=200", "format=json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "cannot tell"
    assert {one["verdict"] for one in told["judgements"]} <= {CANNOT_TELL, REGRESSION}
    assert all(one["found"]["p_drop"] is None for one in told["judgements"] if one["verdict"] == CANNOT_TELL)


def compared(**changes):
    nothing = {"name": "m", "baseline": 0.5, "candidate": 0.5, "difference": 0.0, "interval": (-0.1, 0.1)}
    nothing |= {"level": 0.95, "p_drop": 0.5, "p_gain": 0.5, "detectable": 0.1, "higher_is_better": True}
    return Comparison(**{**nothing, **changes})


def test_a_value_that_is_lost_is_a_regression():
    lost = compared(candidate=math.nan, difference=math.nan, interval=(math.nan, math.nan))
    assert judge(lost, Policy(), True, 0).verdict == REGRESSION
    never = compared(baseline=math.nan, candidate=math.nan, difference=math.nan, interval=(math.nan, math.nan))
    assert judge(never, Policy(), True, 0).verdict == CANNOT_TELL  # no verdict where there is nothing to judge
    found = compared(baseline=math.nan, difference=math.nan, interval=(math.nan, math.nan))
    assert judge(found, Policy(), True, 0).verdict == OK


def test_a_verdict_does_not_contradict_its_interval():
    gain = {"candidate": 0.6, "difference": 0.1, "p_gain": 0.01}
    assert judge(compared(**gain, interval=(-0.0117, 0.0961)), Policy(), True, 50).verdict == OK
    assert judge(compared(**gain, interval=(0.0117, 0.0961)), Policy(), True, 50).verdict == IMPROVED
    drop = {"candidate": 0.4, "difference": -0.1, "p_drop": 0.01}
    assert judge(compared(**drop, interval=(-0.2, 0.01)), Policy(), True, 50).verdict == OK
    assert judge(compared(**drop, interval=(-0.2, -0.01)), Policy(), True, 50).verdict == REGRESSION
    risen = {**drop, "candidate": 0.6, "difference": 0.1, "higher_is_better": False}
    assert judge(compared(**risen, interval=(0.01, 0.2)), Policy(), True, 50).verdict == REGRESSION


def test_undefined_is_written_out(tmp_path):
    rows = edge_rows(8)
    side = open_side(stored(tmp_path / "a", rows=rows))
    result = gate([side], [side], load_policy("default"), replicates=100)
    lost = compared(candidate=math.nan, difference=math.nan, interval=(math.nan, math.nan))
    result.judgements[:] = [judge(lost, Policy(), True, 8)]
    text = render_gate(result, "text")
    assert text.startswith("regression: m")
    assert "undefined" in text
    assert "is undefined, where the baseline has a value" in render_gate(result, "junit")


def judged_sets(folder, sizes):
    """Judge points of data sets of the given sizes, every overlap a tenth less in the candidate."""
    rows = point_rows(sum(sizes))
    names = [f"set{place:02d}" for place, size in enumerate(sizes) for _ in range(size)]
    images = dict(zip(dict.fromkeys(row["sample_id"] for row in rows), names, strict=True))
    side = open_side(stored(folder, "points", rows))
    before = [{**row, "dataset": images[row["sample_id"]]} for row in rows]
    after = [{**row, "iou": 0.9 * row["iou"]} for row in before]
    sides = [[replace(side, path=name, rows=own)] for name, own in (("a", before), ("b", after))]
    return gate(*sides, load_policy("default"), replicates=200)


@pytest.mark.parametrize(("sizes", "verdict"), [([30, 1], CANNOT_TELL), ([12, 12], REGRESSION)])
def test_a_data_set_of_one_image_says_nothing_of_its_spread(tmp_path, sizes, verdict):
    result = judged_sets(tmp_path / "a", sizes)
    found = {one.found.name: one for one in result.judgements}["mIoU@1"]
    assert found.verdict == verdict
    assert math.isnan(found.found.interval[0]) == math.isnan(found.p) == (verdict == CANNOT_TELL)
    text = render_gate(result, "text")
    assert ("cannot tell (too few of a data set)" in text) == (verdict == CANNOT_TELL)
    why = "data sets that it averages hold too few images each"
    judged = next(one for one in result.judgements if one.found.name == "mIoU@1")
    assert carriers(judged, result) == (why if verdict == CANNOT_TELL else "carried by 24 of 24 images")


def test_one_small_data_set_of_many_does_not_decide_for_all(tmp_path):
    found = {one.found.name: one for one in judged_sets(tmp_path / "a", [3, *[8] * 9]).judgements}
    assert found["mIoU@1"].verdict == REGRESSION
    assert found["set00 mIoU@1"].verdict == CANNOT_TELL
