"""A printed line never says two things: verdict, interval and p value agree as they are read."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_rows import edge_rows
from stored_runs import stored

from sambench.gates.cells import HEADS, carriers, cells, reading
from sambench.gates.compare import gate, open_side
from sambench.gates.policy import Policy, Rule
from sambench.gates.ranking import compare_runs
from sambench.gates.result import IMPROVED, OK, REGRESSION, GateResult, judge
from sambench.metrics.boundary.scores import COUNTS
from sambench.metrics.paired import Comparison, compare_paired
from sambench.metrics.uncertainty.spread import spread_of_units

ALPHA = 0.05


def outcome(judgements=()):
    return GateResult("edges", "x test", ["a"], ["b"], 40, (0, 0), 100, ALPHA, 0.8, [], [], list(judgements))


def line(one):
    return dict(zip(HEADS, cells(one, outcome()), strict=True))


def found(**changes):
    kept = {"name": "m", "baseline": 0.5, "candidate": 0.4, "difference": -0.1, "interval": (-0.2, -0.01)}
    kept |= {"level": 0.95, "p_drop": 0.01, "p_gain": 1.0, "detectable": 0.1, "higher_is_better": True}
    return Comparison(**{**kept, **changes})


def test_what_is_printed_of_many_random_pairs_never_contradicts_itself():
    """The sign of both printed ends, the printed p value and the verdict of 1,500 metrics of pairs near the limit."""
    rng, told = np.random.default_rng(0), {REGRESSION: 0, IMPROVED: 0, OK: 0}
    for _ in range(500):
        size = 10.0 ** rng.integers(-5, 1)
        difference = rng.normal(0, 0.6, 3) * size
        draws = difference[:, None] + size * 0.15 * rng.standard_t(4, (3, 200))
        names, better = ["a", "b", "c"], dict(zip("abc", rng.random(3) < 0.7, strict=True))
        values = dict.fromkeys(names, 0.5), {name: 0.5 + d for name, d in zip(names, difference, strict=True)}
        zero = dict.fromkeys(names, np.zeros(200))
        drawn = dict(zip(names, draws, strict=True))
        spread = dict.fromkeys(names, spread_of_units(20, 200))
        for one in compare_paired(*values, zero, drawn, better, spread, alpha=ALPHA).values():
            judgement = judge(one, Policy(alpha=ALPHA), True, 40)
            cell = line(judgement)
            low, high = (float(end) for end in cell["interval"].strip("[]").split(", "))
            below, above = (high < 0, low > 0) if one.higher_is_better else (low > 0, high < 0)
            assert (cell["verdict"] == REGRESSION) == below, cell
            assert (cell["verdict"] == IMPROVED) == above, cell
            p = math.inf if cell["p"].startswith(">") else float(cell["p"])
            assert (p <= ALPHA) == (cell["verdict"] != OK), cell
            told[cell["verdict"]] += 1
    assert min(told.values()) > 100


def test_ends_and_chances_that_four_decimals_would_hide():
    judgement = judge(found(interval=(-0.2, -0.00002), p_drop=0.049999), Policy(), True, 40)
    cell = line(judgement)
    assert (cell["interval"], cell["p"], cell["verdict"]) == ("[-0.2000, -2.0e-05]", "0.0500", "regression")
    judgement = judge(found(interval=(-0.2, 0.00002), p_drop=0.050001), Policy(), True, 40)
    cell = line(judgement)
    assert (cell["interval"], cell["p"], cell["verdict"]) == ("[-0.2000, +2.0e-05]", ">0.05", "ok")


def test_a_drop_within_the_margin_is_said_to_be_one():
    judgement = judge(found(), Policy(metrics={"m": Rule(margin=0.15)}), True, 40)
    assert line(judgement)["verdict"] == "ok (within the margin)" or "within the margin" in line(judgement)["verdict"]
    assert judge(found(), Policy(metrics={"m": Rule(margin=0.05)}), True, 40).verdict == REGRESSION


def test_undefined_is_written_out():
    nan = math.nan
    never = found(baseline=nan, candidate=nan, difference=nan, interval=(nan, nan), p_drop=nan, detectable=nan)
    cell = line(judge(never, Policy(), True, 40))
    assert (cell["baseline"], cell["candidate"], cell["verdict"]) == (
        "undefined",
        "undefined",
        "cannot tell (undefined)",
    )
    lost = replace(never, baseline=0.5)
    assert line(judge(lost, Policy(), True, 40))["verdict"] == "regression"
    assert line(judge(lost, Policy(), True, 40))["candidate"] == "undefined"


@pytest.mark.parametrize(
    ("rule", "candidate", "own", "verdict"),
    [
        ({"floor": 0.45}, 0.5, None, "ok"),
        ({"floor": 0.45}, 0.44, None, "below floor"),
        ({"floor": 0.45, "floor_by": "interval"}, 0.5, (0.44, 0.56), "below floor"),
        ({"floor": 0.45, "floor_by": "interval"}, 0.5, (0.46, 0.56), "ok"),
        ({"floor": 0.45, "floor_by": "interval"}, 0.5, (math.nan, math.nan), "cannot tell"),
        ({"floor": 0.45, "floor_by": "interval"}, 0.4, (math.nan, math.nan), "below floor"),
    ],
)
def test_floors_are_held_against_the_value_or_the_interval(rule, candidate, own, verdict):
    one = found(candidate=candidate, difference=candidate - 0.5, interval=(-0.2, 0.2), p_drop=0.6)
    judgement = judge(one, Policy(metrics={"m": Rule(**rule)}), True, 40, candidate_interval=own)
    assert judgement.verdict == verdict
    if own and own[0] == own[0]:
        assert f"candidate [{own[0]:.4f}, {own[1]:.4f}]" in line(judgement)["verdict"]


def test_a_floor_of_what_should_be_low_is_a_ceiling():
    rule = Policy(metrics={"m": Rule(floor=0.45, floor_by="interval")})
    one = found(candidate=0.4, interval=(-0.2, 0.2), higher_is_better=False)
    assert judge(one, rule, True, 40, candidate_interval=(0.3, 0.46)).verdict == "below floor"
    assert judge(one, rule, True, 40, candidate_interval=(0.3, 0.44)).verdict == "ok"


@pytest.mark.parametrize(
    ("by", "difference", "interval", "verdict"),
    [
        ("interval", 0.1, (-0.01, 0.2), "not improved"),
        ("interval", 0.1, (0.01, 0.2), "improved"),
        ("value", 0.1, (-0.01, 0.2), "ok"),
        ("value", -0.001, (-0.2, 0.2), "not improved"),
        ("value", 0.0, (-0.2, 0.2), "not improved"),
        ("value", 0.1, (math.nan, math.nan), "ok"),
        ("interval", 0.1, (math.nan, math.nan), "cannot tell"),
    ],
)
def test_an_improvement_is_asked_of_the_interval_or_of_the_value(by, difference, interval, verdict):
    one = found(candidate=0.5 + difference, difference=difference, interval=interval, p_drop=1.0, p_gain=0.2)
    rule = Rule(must_improve=True, must_improve_by=by)
    judgement = judge(one, Policy(metrics={"m": rule}), True, 40)
    assert judgement.verdict == verdict
    if verdict == "not improved":
        assert judgement.p == judgement.found.p_gain == 0.2  # of the direction that was asked for


def test_the_levels_are_printed():
    two = [judge(found(name=name, level=0.9747), Policy(), True, 40) for name in "ab"]
    assert "intervals: 95 % together over the 2 judged metrics, 97.5 % each;" in reading(outcome(two))
    assert "intervals: 95 %;" in reading(outcome(two[:1]))


def test_a_floor_by_interval_of_stored_runs(tmp_path):
    rows = edge_rows(40)
    worse = [{**row, **{key: [int(0.9 * n) for n in row[key]] for key in (COUNTS[0], COUNTS[2])}} for row in rows]
    sides = [[open_side(stored(tmp_path / name, rows=own))] for name, own in (("a", rows), ("b", worse))]

    def judged(floor, by):
        policy = Policy(judged={"edges": []}, metrics={"ods": Rule(margin=1.0, floor=floor, floor_by=by)})
        return next(one for one in gate(*sides, policy, replicates=200).judgements if one.judged)

    value = judged(0.1, "interval").found.candidate
    low, high = judged(0.1, "interval").candidate_interval
    assert low < value < high
    assert judged(value - 1e-6, "value").verdict == "ok"
    assert judged(value - 1e-6, "interval").verdict == "below floor"
    assert judged(low - 1e-6, "interval").verdict == "ok"


def test_r50_of_curves_that_stay_above_half_precision_cannot_be_told(tmp_path):
    rows = [{**row, "cnt_p": [9 * n // 10 for n in row["sum_p"]]} for row in edge_rows(40)]
    runs = [stored(tmp_path / name, rows=rows, name=name) for name in "ab"]
    result = gate(*([open_side(run)] for run in runs), Policy(), replicates=100)
    found = {one.found.name: one for one in result.judgements}
    assert found["r50"].verdict == "cannot tell"
    assert found["ods"].verdict == "ok"
    assert math.isnan(found["r50"].found.interval[0])
    told = "precision stays above .5, so that R50 is the recall at the lowest precision"
    assert carriers(found["r50"], result) == told
    assert told in dict(zip(HEADS, cells(found["r50"], result), strict=True))["verdict"]
    pairs = {one.metric: one for one in compare_runs([open_side(run) for run in runs], replicates=100).pairs}
    assert math.isnan(pairs["r50"].interval[0])
    assert pairs["ods"].interval == (0.0, 0.0)
    assert open_side(runs[0]).record.metrics["r50"].ci95 == (None, None)
