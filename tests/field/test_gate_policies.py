"""What is handed to a gate: any two runs, lists as switches, misspelt policies, and policies that judge nothing."""

import numpy as np
import pytest
from made_rows import edge_rows, point_rows
from stored_runs import ROWS, stored

from sambench import gate
from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.gates.compare import freeze


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Return a run and a frozen baseline of every task."""
    folder = tmp_path_factory.mktemp("sides")
    for task in ROWS:
        freeze(stored(folder / task, task, ROWS[task](12)), folder / f"{task}.baseline")
    return {task: {"run": folder / task, "frozen": folder / f"{task}.baseline"} for task in ROWS}


@pytest.mark.parametrize("before", ROWS)
@pytest.mark.parametrize("kinds", [("run", "run"), ("frozen", "run"), ("run", "frozen"), ("frozen", "frozen")])
def test_a_run_of_another_task_is_not_comparable(sides, before, kinds):
    for after in ROWS:
        result = gate(sides[before][kinds[0]], sides[after][kinds[1]], replicates=100)
        if after == before:
            assert result.exit_code == 0
            continue
        assert result.exit_code == 3
        assert [str(one) for one in result.forbidding] == [
            f"task.name: {before} in the baseline, {after} in the candidate"
        ]


def test_no_word_makes_two_tasks_comparable(sides):
    result = gate(sides["edges"]["run"], sides["regions"]["run"], compare=["task.*"], samples="common", replicates=100)
    assert result.exit_code == 3


def test_a_list_is_a_switch_like_another(tmp_path, capsys):
    rows = point_rows(12)
    a, b = (stored(tmp_path / str(len(c)), "points", rows, clicks=c) for c in ([1, 2, 3, 5, 9], [1, 2, 3]))
    words = [f"baseline={a}", f"candidate={b}", "replicates=100"]
    assert dispatch(["gate", *words]) == 3
    told = "task.clicks: [1, 2, 3, 5, 9] in the baseline, [1, 2, 3] in the candidate; compare=task.clicks"
    assert told in capsys.readouterr().out
    assert dispatch(["gate", *words, "compare=task.clicks"]) == 0


@pytest.mark.parametrize(
    ("policy", "message", "mend"),
    [
        ("judged: {edges: [odds]}", "'odds', which is none of the metrics of edges", "write ods"),
        ("judged: {edges: [AP]}", "'AP', which is none of the metrics of edges", "write ap"),
        ("judged: {edge: [ods]}", "no task 'edge'", "use edges"),
        ("judged: {edges: ods}", "no table of lists", "write judged: {edges: [ods]}"),
        ("metrics: {odss: {floor: 0.5}}", "'odss', which is none of the metrics of edges", "write ods"),
        ("metrics: {ods: {flor: 0.5}}", "no key 'flor'", "write floor"),
        ("metric: {ods: {floor: 0.5}}", "no key 'metric'", "write metrics"),
        ("aplha: 0.05", "no key 'aplha'", "write alpha"),
        ("judged: {edges: []}", "judges none of the metrics of edges", "name at least one"),
    ],
)
def test_a_misspelt_policy_is_refused_with_the_nearest_name(tmp_path, sides, policy, message, mend):
    path = tmp_path / "own.yaml"
    path.write_text(policy)
    run = sides["edges"]["run"]
    with pytest.raises(UsageError, match=message) as caught:
        gate(run, run, path, replicates=100)
    assert mend in str(caught.value.mend)
    assert caught.value.exit_code == 2


def test_a_gate_that_judged_nothing_does_not_pass(tmp_path, capsys):
    """R50 of edges that never reach half precision is undefined: nothing is told by a policy that judges it alone."""
    rows = [{**row, "cnt_p": np.floor_divide(row["sum_p"], 9).tolist()} for row in edge_rows(12)]
    run, path = stored(tmp_path / "a", rows=rows), tmp_path / "own.yaml"
    path.write_text("judged: {edges: ['r5*']}")
    assert dispatch(["gate", f"baseline={run}", f"candidate={run}", f"policy={path}", "replicates=100"]) == 3
    assert capsys.readouterr().out.startswith("cannot tell r50")
    assert dispatch(["gate", f"baseline={run}", f"candidate={run}", "replicates=100"]) == 0  # the others are judged
