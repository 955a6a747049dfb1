"""Objects of stored runs: planted errors, what a run cannot tell, and masks that are not those that were scored."""

import gzip
import json

import numpy as np
import pytest
from planted_runs import planted_points

from sambench.errors import RunError, UsageError
from sambench.explain.objects import Choice, explain_objects
from sambench.metrics.anatomy.parts import PARTS

KINDS = {
    "eroded": "shortfall",
    "dilated": "spill",
    "part": "level_chosen",
    "spare blob": "extra",
    "shifted": "shift",
    "wrong candidate": "ranking",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMBENCH_CACHE", str(tmp_path_factory.getbasetemp().parent / "cache"))
        yield planted_points(tmp_path_factory.mktemp("planted"), limit=3)


def test_planted_errors_are_told_from_a_stored_run(planted):
    run, told = planted
    frame = explain_objects(run, Choice()).frame
    assert len(frame) == len(told) == len(run.rows())
    right = [KINDS[told[line.object]] == line.kind for line in frame.itertuples()]
    assert np.mean(right) >= 0.9
    assert np.allclose(frame[list(PARTS)].sum(axis=1), 1 - frame["iou"], atol=1e-12)
    scored = {row["object"]: (row["iou"], row["oracle_iou"]) for row in run.rows()}
    for line in frame.itertuples():
        assert (line.iou, line.best_iou) == pytest.approx(scored[line.object])
    assert frame["contrast"].between(0, 1).all()
    assert explain_objects(run, Choice(images=False)).frame["contrast"].isna().all()


def test_the_distance_moves_the_boundary(planted):
    run, _ = planted
    frames = [explain_objects(run, Choice(distance=d)).frame for d in (1, 40)]
    assert frames[0]["spill"].sum() < frames[1]["spill"].sum()
    assert frames[0]["iou"].tolist() == frames[1]["iou"].tolist()


def test_keys_of_other_tasks_are_refused(planted):
    run, _ = planted
    with pytest.raises(UsageError, match="no masks after 3 clicks"):
        explain_objects(run, Choice(clicks=3))
    with pytest.raises(UsageError, match="top= is of proposals"):
        explain_objects(run, Choice(top=10))


def test_masks_that_were_changed_are_refused(tmp_path):
    run, _ = planted_points(tmp_path, limit=1)
    (path,) = (tmp_path / "masks").rglob("*.json.gz")
    content = json.loads(gzip.decompress(path.read_bytes()))
    content["objects"][0]["masks"] = content["objects"][1]["masks"]
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(RunError, match="not those that the run scored"):
        explain_objects(run, Choice())
