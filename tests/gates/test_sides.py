"""Which runs a gate may compare: other samples of the same ground truth, and runs of one side."""

import json
import shutil

import numpy as np
import pytest
import yaml
from made_rows import edge_rows
from scipy.io import loadmat, savemat
from stored_runs import stored
from toys import write_bsds

from sambench import gate, score
from sambench.cli import dispatch
from sambench.datasets.edges.bsds500 import Bsds500
from sambench.errors import UsageError
from sambench.gates.comparable import UNTOLD
from sambench.gates.compare import freeze

IMAGES = 8


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Write data and an edge map of every image."""
    folder = tmp_path_factory.mktemp("samples")
    data = write_bsds(folder / "data", count=IMAGES)
    (folder / "maps").mkdir()
    for index in range(IMAGES):
        cells = loadmat(data / f"BSDS500/data/groundTruth/test/{1000 + index}.mat")["groundTruth"].ravel()
        np.save(folder / "maps" / f"{1000 + index}.npy", cells[0]["Boundaries"][0, 0].astype(np.float32))
    return folder


def scored(maps, name, *words, data="data"):
    given = [f"data.root={maps / data}", "task.thresholds=9", "predictions.nms=none", *words]
    given += ["run.overwrite=true", "illustrate=0", "progress=off", "workers=0"]
    return score("edges", "bsds500", maps / "maps", overrides=given, run={"dir": str(maps / name)}).location


@pytest.mark.parametrize("cut", ["limit=6", "data.ids=['1001','1003','1004','1005','1006','1007']", "shard=1/2"])
def test_samples_common_compares_what_both_have(maps, cut, capsys):
    whole, part = scored(maps, "whole"), scored(maps, "part", cut)
    assert dispatch(["gate", f"baseline={whole}", f"candidate={part}", "replicates=100"]) == 3
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("forbids")]
    assert told
    assert all(line.endswith("samples=common compares the samples both have") for line in told)
    result = gate(part, whole, samples="common", replicates=100)
    assert not result.forbidding
    assert result.samples == (4 if cut.startswith("shard") else 6)
    assert {one.found.name: one.found.difference for one in result.judgements}["ods"] == 0


def test_another_ground_truth_of_a_common_image_is_told(maps):
    changed = shutil.copytree(maps / "data", maps / "other" / "data")
    path = changed / "BSDS500/data/groundTruth/test/1002.mat"
    cells = loadmat(path)["groundTruth"]
    savemat(path, {"groundTruth": cells[:, :1]})
    before, after = scored(maps, "before"), scored(maps, "after", "limit=6", data="other/data")
    result = gate(before, after, samples="common", replicates=100)
    assert result.exit_code == 3
    assert "ground truth: that of test/1002 in the baseline" in " ".join(map(str, result.forbidding))
    apart = scored(maps, "apart", "data.ids=['1000','1001','1003','1004','1005','1006']", data="other/data")
    assert not gate(before, apart, samples="common", replicates=100).forbidding


def test_each_sample_has_the_hash_of_its_own_truth(maps):
    whole, part = Bsds500(maps / "data").truth_digests(), Bsds500(maps / "data", limit=3).truth_digests()
    assert part == {key: whole[key] for key in list(whole)[:3]}
    assert len(set(whole.values())) == IMAGES


def test_runs_that_do_not_tell_their_truth_are_told_what_to_do(tmp_path):
    rows = edge_rows(12)
    cut = {"keys_sha256": "part", "fingerprint": "part"}
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=rows[:8], data=cut)
    result = gate(a, b, samples="common", replicates=100)
    assert [one.mend for one in result.forbidding] == [UNTOLD]
    alike = {"truths": {"*": "0badcafe"}}
    a, b = stored(tmp_path / "c", rows=rows, data=alike), stored(tmp_path / "d", rows=rows[:8], data={**cut, **alike})
    assert not gate(a, b, samples="common", replicates=100).forbidding


def test_the_heading_names_the_verdict(tmp_path, capsys):
    rows = edge_rows(12)
    a, policy = stored(tmp_path / "a", rows=rows), tmp_path / "own.yaml"
    policy.write_text(yaml.safe_dump({"metrics": {"ap": {"must_improve": True}, "r50": {"floor": 0.999}}}))
    words = [f"baseline={a}", f"candidate={a}", f"policy={policy}", "replicates=100"]
    assert dispatch(["gate", *words]) == 1
    assert capsys.readouterr().out.startswith("below floor: r50; not improved: ap (edges")
    assert dispatch(["gate", *words, "format=json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "below floor"


# several runs a side


def noisy(rows, seed, share=0.05):
    """Change all images of a run alike, as another seed of a training may."""
    lost = 1 - share * np.random.default_rng(seed).random()
    return [{**row, **{key: [int(n * lost) for n in row[key]] for key in ("cnt_r", "cnt_p")}} for row in rows]


def test_few_runs_that_differ_cannot_tell_and_stay_in_range(tmp_path, capsys):
    rows = edge_rows(12)
    a, b, c = (stored(tmp_path / str(seed), rows=noisy(rows, seed, 0.3), name=f"m{seed}") for seed in range(3))
    assert dispatch(["gate", f"baseline=[{a},{b}]", f"candidate={c}", "replicates=200"]) == 3
    told = capsys.readouterr().out
    assert told.startswith("cannot tell ods (2 and 1 runs are too few to tell how far runs spread)")
    assert "cannot tell (2 and 1 runs)" in told
    assert "values: means of 2 and 1 runs" in told
    assert "[" not in told.split("verdict")[1].split("resamples")[0]  # no interval
    for name in ("ods", "ap"):
        (one,) = [one for one in gate([a, b], c, replicates=200).judgements if one.found.name == name]
        assert one.few_runs
        assert np.isnan(one.found.detectable)


def test_many_runs_that_hardly_differ_are_judged(tmp_path):
    rows = edge_rows(40)
    before = [stored(tmp_path / f"a{seed}", rows=noisy(rows, seed, 0.002), name=f"a{seed}") for seed in range(4)]
    after = [stored(tmp_path / f"b{seed}", rows=noisy(noisy(rows, 9, 0.3), seed, 0.002)) for seed in range(4, 8)]
    found = {one.found.name: one for one in gate(before, after, replicates=400).judgements}
    assert found["ods"].verdict == "regression"
    assert -1 <= found["ods"].found.interval[0] < found["ods"].found.interval[1] < 0


def test_a_run_twice_is_refused(tmp_path):
    rows = edge_rows(12)
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=noisy(rows, 1), name="other")
    copy = shutil.copytree(a, tmp_path / "copy")
    freeze(a, tmp_path / "a.baseline")
    for before, after in (([a, b], [a]), ([a, a], [b]), ([a, copy], [b]), ([b, tmp_path / "a.baseline"], [a])):
        with pytest.raises(UsageError, match="a run is given twice"):
            gate(before, after, replicates=100)
    again = stored(tmp_path / "again", rows=rows, name="other")  # another model that does the same is another run
    assert not gate([a, b], again, replicates=100).forbidding


def test_a_switch_that_differs_within_a_side_is_told_as_that_sides(tmp_path):
    rows = edge_rows(12)
    a, b = stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=noisy(rows, 1), nms_iou=0.9)
    c = stored(tmp_path / "c", rows=noisy(rows, 2))
    result = gate([a, b], c, replicates=100)
    assert [str(one) for one in result.forbidding] == [
        f"task.nms_iou: 0.7 in {a} of the baseline, 0.9 in {b} of the baseline"
    ]
    assert "runs of one side are averaged" in result.forbidding[0].mend
    assert not any("compare=" in one.mend for one in result.forbidding)
    compared = gate(c, [b, a], compare=["task.nms_iou"], replicates=100)
    assert [one.sides[0] for one in compared.forbidding] == [f"{b} of the candidate"]
