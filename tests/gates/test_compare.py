import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from made_rows import CLICKS, edge_rows, instance_rows, point_rows, proposal_rows, region_rows
from stored_runs import ROWS, stored

from sambench.cli import dispatch
from sambench.config import registry
from sambench.errors import RunError, SambenchError, UsageError
from sambench.gates.compare import freeze, gate, open_side, task_of
from sambench.gates.policy import Policy, Rule, load_policy, parse_policy
from sambench.gates.render import FORMATS, render_gate
from sambench.gates.result import FAILING
from sambench.metrics.bootstrap import stratified_weights
from sambench.metrics.boundary.scores import COUNTS

EVERY_DIGIT = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
GOLDEN = Path(__file__).parents[1] / "golden" / "gate"


def worse(rows, share=0.9):
    """Take matched pixels away from some images' counts."""
    changed = []
    for place, row in enumerate(rows):
        lost = share - 0.03 * (place % 4)
        counts = {key: [int(n * lost) for n in row[key]] for key in (COUNTS[0], COUNTS[2])}
        changed.append({**row, **counts})
    return changed


def verdicts(result):
    return {one.found.name: one.verdict for one in result.judgements}


def run_gate(*words):
    return dispatch(["gate", *map(str, words)])


# verdicts and exit codes


@pytest.mark.parametrize("task", ROWS)
def test_a_run_against_itself_passes_without_any_difference(tmp_path, task):
    side = open_side(stored(tmp_path / "a", task, ROWS[task](40)))
    result = gate([side], [side], load_policy("default"), replicates=100)
    assert result.exit_code == 0
    assert result.judgements
    assert all(one.found.difference == 0 or np.isnan(one.found.difference) for one in result.judgements)
    assert set(verdicts(result).values()) == {"ok"}


@pytest.mark.parametrize("task", ROWS)
def test_values_are_those_of_the_run(tmp_path, task):
    side = open_side(stored(tmp_path / "a", task))
    found = {one.found.name: one.found.baseline for one in gate([side], [side], Policy(), replicates=100).judgements}
    assert found
    for name, value in found.items():
        assert value == pytest.approx(side.record["metrics"][name]["value"], abs=1e-12, nan_ok=True), name


def test_a_drop_is_found_and_named(tmp_path, capsys):
    rows = edge_rows(40)
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=worse(rows), name="other")
    assert run_gate(f"baseline={a}", f"candidate={b}", f"out={tmp_path / 'out'}") == 1
    assert capsys.readouterr().out.startswith("regression: ods")
    assert run_gate(f"baseline={b}", f"candidate={a}") == 0
    assert "improved" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"gate.{ending}" for ending in FORMATS.values()}


def test_policies_decide(tmp_path):
    rows = edge_rows(40)
    a, b = open_side(stored(tmp_path / "a", rows=rows)), open_side(stored(tmp_path / "b", rows=worse(rows)))

    def judged(before, after, **rule):
        policy = Policy(judged={"edges": []}, metrics={"ods": Rule(**rule)})
        result = gate([before], [after], policy, replicates=200)
        assert [one.found.name for one in result.judgements if one.judged] == ["ods"]
        return verdicts(result)["ods"], result.exit_code

    assert judged(a, b) == ("regression", 1)
    assert judged(a, b, margin=0.5) == ("ok", 0)
    assert judged(a, a, floor=0.99) == ("below floor", 1)
    assert judged(a, a, must_improve=True) == ("not improved", 1)
    assert judged(b, a, must_improve=True) == ("improved", 0)


def test_what_is_not_judged_does_not_decide(tmp_path):
    rows = edge_rows(40)
    a, b = open_side(stored(tmp_path / "a", rows=rows)), open_side(stored(tmp_path / "b", rows=worse(rows)))
    result = gate([a], [b], Policy(judged={"edges": []}, metrics={"r50": Rule(margin=1.0)}), replicates=200)
    assert result.exit_code == 0
    assert "regression" in verdicts(result).values()
    assert "(shown)" in render_gate(result, "text")


def test_lower_is_better_is_respected(tmp_path):
    rows = region_rows(40)
    far = [{**row, "voi": [value + 0.5 for value in row["voi"]]} for row in rows]
    a, b = open_side(stored(tmp_path / "a", "regions", rows)), open_side(stored(tmp_path / "b", "regions", far))
    assert verdicts(gate([a], [b], Policy(), replicates=200))["voi_ods"] == "regression"
    assert verdicts(gate([b], [a], Policy(), replicates=200))["voi_ods"] == "improved"


# what may be compared


def test_other_switches_are_not_comparable_unless_they_are_what_is_compared(tmp_path, capsys):
    a, b = stored(tmp_path / "a"), stored(tmp_path / "b", nms_iou=0.9)
    assert run_gate(f"baseline={a}", f"candidate={b}") == 3
    assert "task.nms_iou: 0.7 in the baseline, 0.9 in the candidate; compare=task.nms_iou" in capsys.readouterr().out
    assert run_gate(f"baseline={a}", f"candidate={b}", "compare=task.nms_iou", "replicates=100") == 0
    assert run_gate(f"baseline={a}", f"candidate={b}", "compare=[task.nms_*]", "replicates=100") == 0
    with pytest.raises(UsageError, match=r"no switch task\.nms"):
        run_gate(f"baseline={a}", f"candidate={b}", "compare=task.nms")


@pytest.mark.parametrize("key", ["split", "fingerprint"])
def test_other_data_is_not_comparable(tmp_path, key, capsys):
    a, b = stored(tmp_path / "a"), stored(tmp_path / "b", data={key: "another"})
    assert run_gate(f"baseline={a}", f"candidate={b}") == 3
    assert f"data.{key}" in capsys.readouterr().out


def test_other_samples_need_a_word(tmp_path, capsys):
    rows = edge_rows(24)
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=rows[:20], data={"keys_sha256": "part"})
    assert run_gate(f"baseline={a}", f"candidate={b}") == 3
    assert "samples=common" in capsys.readouterr().out
    assert run_gate(f"baseline={a}", f"candidate={b}", "samples=common", "replicates=100") == 0
    assert "20 images" in capsys.readouterr().out


def test_changed_pixels_are_not_comparable(tmp_path, capsys):
    rows = edge_rows(24)
    other = [{**rows[0], "image_sha256": "e" * 64}, *rows[1:]]
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=other)
    assert run_gate(f"baseline={a}", f"candidate={b}") == 3
    assert f"image {rows[0]['sample_id']}" in capsys.readouterr().out
    assert freeze(a, tmp_path / "a.baseline")
    assert run_gate(f"baseline={tmp_path / 'a.baseline'}", f"candidate={b}") == 3


# frozen baselines


@pytest.mark.parametrize("task", ROWS)
def test_a_frozen_baseline_stands_for_its_run(tmp_path, task):
    folder = stored(tmp_path / "a", task)
    freeze(folder, tmp_path / "a.baseline")
    result = gate([open_side(tmp_path / "a.baseline")], [open_side(folder)], Policy(), replicates=100)
    assert result.exit_code == 0
    assert all(one.found.difference == 0 or np.isnan(one.found.difference) for one in result.judgements)
    plain = gate([open_side(folder)], [open_side(folder)], Policy(), replicates=100)
    exact = {one.found.name: one.found for one in plain.judgements}
    for one in result.judgements:
        # overlaps are kept in 65,535 steps, scores in single precision: a mean of many moves less than this
        assert one.found.baseline == pytest.approx(exact[one.found.name].baseline, abs=1e-5, nan_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "rows"),
    [
        ("points", lambda: point_rows(16000, objects=4)),
        ("points", lambda: point_rows(40000, objects=1)),
        ("edges", lambda: edge_rows(200)),
        ("proposals", lambda: proposal_rows(5700, objects=14)),
        ("instances", lambda: instance_rows(5000, found=16, objects=16, categories=80)),
    ],
)
def test_a_frozen_baseline_of_40000_masks_is_small(tmp_path, task, rows):
    freeze(stored(tmp_path / "a", task, rows(), summarised=200), tmp_path / "a.baseline")
    assert (tmp_path / "a.baseline").stat().st_size < 1 << 20


def test_an_edited_or_damaged_baseline_is_refused(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "a.baseline"
    freeze(stored(tmp_path / "a"), path)
    table = pq.read_table(path)
    record = json.loads(table.schema.metadata[b"sambench_record"])
    record["metrics"]["ods"]["value"] = 0.1
    metadata = {**table.schema.metadata, b"sambench_record": json.dumps(record).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(RunError, match="checksum"):
        open_side(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match="damaged"):
        open_side(path)
    with pytest.raises(RunError, match="no run"):
        open_side(tmp_path / "nothing")


# policies


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alpha: 2", "alpha is 2"),
        ("margins: 1", "no key 'margins'"),
        ("metrics: {ods: {floor: high}}", "'high' is no number"),
        ("metrics: {ods: {must_improve: 1}}", "neither true nor false"),
        ("metrics: {ods: {margin: -1}}", "margin is -1"),
        ("metrics: {ods: {floor: 0.5, floor_by: mean}}", "'mean' is neither value nor interval"),
        ("metrics: {ods: {must_improve_by: true}}", "True is neither value nor interval"),
        ("judged: [ods]", "no table of lists"),
        ("[]", "no table of keys"),
    ],
)
def test_a_wrong_policy_is_told(text, message):
    with pytest.raises(UsageError, match=message):
        parse_policy(yaml.safe_load(text), "policy.yaml")


def test_a_rule_for_no_metric_is_told(tmp_path):
    side = open_side(stored(tmp_path / "a"))
    with pytest.raises(UsageError, match="odss"):
        gate([side], [side], Policy(metrics={"odss": Rule()}), replicates=100)
    with pytest.raises(UsageError, match="no policy"):
        load_policy("absent")


# reports


@pytest.fixture(scope="module")
def finding(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    rows = edge_rows(40)
    a, b = stored(folder / "a", rows=rows), stored(folder / "b", rows=worse(rows, 0.97), name="other")
    (a / "pictures").mkdir()
    (a / "pictures" / "val").mkdir()
    (a / "pictures" / f"{rows[0]['sample_id']}.jpg").write_bytes(b"")
    result = gate([open_side(a)], [open_side(b)], load_policy("default"), replicates=200)
    return folder, result


@pytest.mark.parametrize("form", FORMATS)
def test_formats_are_as_they_were(finding, form, request):
    folder, result = finding
    text = render_gate(result, form).replace(str(folder), "runs")
    golden = (GOLDEN / f"gate.{FORMATS[form]}").read_text()
    if form == "json":  # it has every digit, and the last ones are the processor's
        assert EVERY_DIGIT.sub("", text) == EVERY_DIGIT.sub("", golden)
        got, wanted = ([float(one) for one in EVERY_DIGIT.findall(own)] for own in (text, golden))
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    else:
        assert text == golden


def test_junit_counts_what_failed(finding):
    _, result = finding
    suite = ElementTree.fromstring(render_gate(result, "junit")).find("testsuite")
    failing = [one for one in result.judgements if one.judged and one.verdict in FAILING]
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) == len(failing) > 0
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_json_holds_everything(finding):
    _, result = finding
    read = json.loads(render_gate(result, "json"))
    assert read["exit_code"] == result.exit_code == 1
    assert {one["found"]["name"] for one in read["judgements"]} == {"ods", "ois", "ap", "r50"}


# the command's words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["candidate=x"], "no baseline"),
        (["baseline=x", "candidate=x", "format=pdf"], "format=pdf is not known"),
        (["baseline=x", "candidate=x", "samples=some"], "samples=some is not known"),
        (["baseline=x", "candidate=x", "replicates=3"], "replicates is 3"),
        (["baseline=x", "candidate=x"], "no run in this folder"),
    ],
)
def test_wrong_words_are_told(words, message):
    with pytest.raises(SambenchError, match=message) as caught:
        run_gate(*words)
    assert caught.value.exit_code == 2


def test_freeze_by_the_command(tmp_path, capsys):
    folder = stored(tmp_path / "a")
    assert run_gate("freeze", folder, f"out={tmp_path / 'b.baseline'}") == 0
    assert "KiB" in capsys.readouterr().out
    assert run_gate(f"baseline={tmp_path / 'b.baseline'}", f"candidate={folder}", "replicates=100") == 0


# resampling


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(0, 9))
def test_each_stratum_keeps_its_size(strata, seed):
    weights = stratified_weights(strata, 20, seed)
    for name in set(strata):
        inside = [place for place, one in enumerate(strata) if one == name]
        assert (weights[:, inside].sum(axis=1) == len(inside)).all()


@pytest.mark.parametrize("task", ROWS)
def test_the_order_of_rows_does_not_matter(tmp_path, task):
    rows = ROWS[task](12)
    side = open_side(stored(tmp_path / "a", task, rows))
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    weights = stratified_weights([""] * len(ids), 10, 1)
    made = task_of(side)
    forth, back = made.replicates(rows, ids, weights), made.replicates(rows[::-1], ids, weights)
    for name, values in forth.items():
        np.testing.assert_allclose(values, back[name], atol=1e-12, err_msg=name)


@pytest.mark.parametrize("task", ["points", "instances", "proposals"])
def test_a_resample_is_the_set_it_names(tmp_path, task):
    rows = ROWS[task](10)
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    counts = np.array([2, 0, 1, 1, 3, 0, 1, 1, 1, 0])[: len(ids)]
    repeated = []
    for place, key in enumerate(ids):
        for copy in range(counts[place]):
            for row in (row for row in rows if row["sample_id"] == key):
                number = {"image_id": row["image_id"] * 10 + copy} if "image_id" in row else {}
                repeated.append({**row, "sample_id": f"{key}/{copy}", **number})
    made = registry.resolve("tasks", task)()
    drawn = made.replicates(rows, ids, counts[None])
    whole = made.summarize(repeated)
    for name, values in drawn.items():
        assert values[0] == pytest.approx(whole[name].value, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize(
    ("policy", "mend"),
    [
        (Policy(judged={"edges": ["odds"]}), "write ods"),
        (Policy(judged={"edges": ["ods", "app"]}), "write ap"),
        (Policy(metrics={"r5O": Rule(floor=0.9)}), "write r50"),
    ],
)
def test_a_policy_that_names_no_metric_is_refused_with_the_nearest(policy, mend):
    with pytest.raises(UsageError) as caught:
        policy.check_names("edges", ["ods", "ois", "ap", "r50"], "gate.yaml")
    assert caught.value.mend == mend


def test_a_pattern_of_the_default_policy_may_fit_nothing_unless_none_does():
    Policy(judged={"proposals": ["AR@1000", "AR@10"]}).check_names("proposals", ["AR@10"], "gate.yaml")
    with pytest.raises(UsageError, match="judges none of the metrics"):
        Policy(judged={"proposals": ["AR@1000"]}).check_names("proposals", ["AR@10"], "gate.yaml")


# confidence


def test_a_policy_judges_calibration(tmp_path):
    rng = np.random.default_rng(1)
    rows = [{**row, "predicted_iou": min(1.0, row["iou"] + 0.02 * rng.random())} for row in point_rows(40)]
    boastful = [{**row, "predicted_iou": min(1.0, 0.5 + 0.5 * row["predicted_iou"])} for row in rows]
    sides = [open_side(stored(tmp_path / name, "points", own)) for name, own in (("a", rows), ("b", boastful))]
    policy = parse_policy({"judged": {"points": ["calibration"]}}, "gate.yaml")
    result = gate(sides[:1], sides[1:], policy, replicates=200)
    judged = {one.found.name: one for one in result.judgements if one.judged}
    assert set(judged) == {f"{figure}@{clicks}" for figure in ("ECE", "AURC") for clicks in CLICKS}
    assert {one.verdict for name, one in judged.items() if name.startswith("ECE")} == {"regression"}
    assert all(one.found.difference == 0 for name, one in judged.items() if name == "AURC@1")
    assert result.exit_code == 1
    assert gate(sides[1:], sides[:1], policy, replicates=200).exit_code == 0
    assert not any("ECE" in one.found.name for one in gate(sides[:1], sides[1:], Policy(), replicates=100).judgements)
    freeze(tmp_path / "a", tmp_path / "a.baseline")
    with pytest.raises(UsageError, match="hold no confidence") as caught:
        gate([open_side(tmp_path / "a.baseline")], sides[1:], policy, replicates=100)
    assert "frozen baselines do not" in caught.value.mend
    edges = parse_policy({"judged": {"edges": ["calibration"]}}, "gate.yaml")
    side = open_side(stored(tmp_path / "e", "edges"))
    with pytest.raises(UsageError, match="rows of edges hold no confidence"):
        gate([side], [side], edges, replicates=100)
