"""How many images a gate needs, from stored runs."""

import json

import pytest
from made_rows import edge_rows, proposal_rows
from stored_runs import ROWS, stored

from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.metrics.boundary.scores import COUNTS


def other(rows):
    """Take matched pixels away from some images."""
    shares = [1 - 0.02 * (place % 5) for place in range(len(rows))]
    return [
        {**row, **{key: [int(n * share) for n in row[key]] for key in (COUNTS[0], COUNTS[2])}}
        for row, share in zip(rows, shares, strict=True)
    ]


@pytest.fixture
def pilot(tmp_path):
    rows = edge_rows(40)
    return [stored(tmp_path / "a", rows=rows, name="a"), stored(tmp_path / "b", rows=other(rows), name="b")]


def power(capsys, *words):
    assert dispatch(["power", *map(str, words), "format=json", "replicates=400"]) == 0
    return json.loads(capsys.readouterr().out)


def needed(plan):
    return {one["metric"]: one["images"] for one in plan["needs"]}


def test_two_runs_take_fewer_images_than_one_and_smaller_effects_more(pilot, capsys):
    paired = needed(power(capsys, f"pilot=[{pilot[0]},{pilot[1]}]", "effect=0.005"))
    single = needed(power(capsys, f"pilot={pilot[0]}", "effect=0.005"))
    smaller = needed(power(capsys, f"pilot=[{pilot[0]},{pilot[1]}]", "effect=0.0025"))
    assert list(paired) == ["ods", "ois", "ap", "r50"]
    for metric, images in paired.items():
        assert images < single[metric]
        assert 3 * images < smaller[metric] < 4.2 * images


def test_the_detectable_drop_is_about_that_of_the_gate(pilot, capsys):
    plan = power(capsys, f"pilot=[{pilot[0]},{pilot[1]}]", "effect=0.01")
    words = [f"baseline={pilot[0]}", f"candidate={pilot[1]}", "replicates=400", "format=json"]
    dispatch(["gate", *words])
    gate = {
        one["found"]["name"]: one["found"]["detectable"] for one in json.loads(capsys.readouterr().out)["judgements"]
    }
    for one in plan["needs"]:
        assert one["detectable"] == pytest.approx(gate[one["metric"]], rel=1e-6)


def test_one_run_is_told_to_give_an_upper_bound(pilot, capsys):
    assert dispatch(["power", f"pilot={pilot[0]}", "effect=0.01", "metric=ods"]) == 0
    printed = capsys.readouterr().out
    assert "an upper bound; pilot=[RUN,OTHER] tells" in printed
    assert "ois" not in printed
    assert dispatch(["power", "task=edges", f"pilot=[{pilot[0]},{pilot[1]}]", "effect=0.01", "metric=[o*]"]) == 0
    printed = capsys.readouterr().out
    assert "differences spread as those of the pilot's two runs" in printed
    assert [line.split()[0] for line in printed.splitlines()[-2:]] == ["ods", "ois"]


def test_few_images_that_carry_a_metric_tell_nothing(tmp_path, capsys):
    rows = [{**row, "places_large": []} for row in proposal_rows(30)]
    for row in rows[:3]:
        row["places_large"] = [0] * 10
    plan = power(capsys, f"pilot={stored(tmp_path / 'a', 'proposals', rows)}", "effect=0.05", "metric=ARl@1000")
    (one,) = plan["needs"]
    assert one["images"] is None
    assert one["reason"].startswith("cannot tell: 3 of the pilot's 30 images carry it")


@pytest.mark.parametrize("task", ROWS)
def test_every_task_can_be_planned(tmp_path, capsys, task):
    plan = power(capsys, f"pilot={stored(tmp_path / 'a', task)}", f"task={task}", "effect=0.01")
    assert plan["needs"]
    assert all(one["images"] or one["reason"] for one in plan["needs"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["effect=0.1"], "no pilot"),
        (["pilot=a0"], "no effect"),
        (["pilot=a0", "effect=0"], "effect is 0"),
        (["pilot=a0", "effect=1"], "ods goes from 0 to 1"),
        (["pilot=a0", "effect=0.1", "power=1.5"], "power is 1.5"),
        (["pilot=a0", "effect=0.1", "task=points"], "a run of task edges"),
        (["pilot=a0", "effect=0.1", "metric=odss"], "use metric=ods"),
        (["pilot=a0", "effect=0.1", "format=html"], "format"),
        (["pilot=[a0,a0,a0]", "effect=0.1"], "3 runs given"),
        (["pilot=a0", "efect=0.1"], "use effect="),
    ],
)
def test_wrong_words_are_refused(pilot, words, told):
    with pytest.raises(SambenchError, match=told):
        dispatch(["power", *(word.replace("a0", str(pilot[0])) for word in words)])


def test_runs_that_are_not_comparable_are_no_pilot(pilot, tmp_path):
    third = stored(tmp_path / "c", rows=edge_rows(40), nms_iou=0.5)
    with pytest.raises(SambenchError, match=r"task\.nms_iou: 0\.7"):
        dispatch(["power", f"pilot=[{pilot[0]},{third}]", "effect=0.1"])


def test_a_metric_that_no_gate_can_tell_gets_no_number_of_images(tmp_path, capsys):
    """Precision stays above one half: R50 is not one recall, and the gate says so too."""
    rows = edge_rows(40)
    kept = [
        {**row, COUNTS[3]: [min(n, int(1.2 * m)) for n, m in zip(row[COUNTS[3]], row[COUNTS[2]], strict=True)]}
        for row in rows
    ]
    pilot = stored(tmp_path / "a", rows=kept)
    plan = power(capsys, f"pilot={pilot}", "effect=0.01")
    (r50,) = (one for one in plan["needs"] if one["metric"] == "r50")
    assert (r50["images"], r50["reason"].partition(": ")[0]) == (None, "cannot tell")
    assert "precision stays above .5" in r50["reason"]
    assert needed(plan)["ods"] > 0
