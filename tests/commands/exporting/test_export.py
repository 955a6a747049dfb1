"""`sambench export bsds`: the benchmark's files of a run, or of predictions in one command."""

import shutil

import numpy as np
import pytest
from PIL import Image
from resealed import reseal
from scipy.io import savemat
from toys import write_bsds

import sambench
from sambench.cli import main


def call(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with data and predictions of both kinds."""
    folder = tmp_path_factory.mktemp("work")
    write_bsds(folder / "data")
    (folder / "maps").mkdir()
    (folder / "segs").mkdir()
    for index in range(3):
        strength = np.zeros((24, 36), np.uint8)
        strength[4:20, 4 + index] = 200
        strength[2, :] = 90
        Image.fromarray(strength).save(folder / "maps" / f"{1000 + index}.png")
        cells = np.empty((1, 2), object)
        for level in range(2):
            labels = 1 + (np.arange(36) > 5 + index * (level + 1)) * np.ones((24, 1))
            cells[0, level] = labels.astype(np.uint16)
        savemat(folder / "segs" / f"{1000 + index}.mat", {"segs": cells})
    return folder


def words(work, task, predictions):
    common = ["data=bsds500", f"data.root={work / 'data'}", f"predictions={work / predictions}"]
    return [f"task={task}", *common, "workers=0", "progress=off", f"run.results={work / 'results'}"]


def test_edge_maps_in_one_command(work, capsys, tmp_path):
    code, out, err = call(capsys, "export", "bsds", *words(work, "edges", "maps"), f"out={tmp_path}")
    assert code == 0, err
    assert "ods" in out
    images = [f"{1000 + index}_ev1.txt" for index in range(3)]
    assert {path.name for path in tmp_path.iterdir()} == {
        "eval_bdry.txt",
        "eval_bdry_thr.txt",
        "eval_bdry_img.txt",
        *images,
    }
    counts = np.stack([np.loadtxt(tmp_path / name) for name in images])
    assert counts.shape == (3, 99, 5)
    np.testing.assert_allclose(counts[0, :, 0], np.arange(1, 100) / 100)
    recall = counts[..., 1].sum(axis=0) / counts[..., 2].sum(axis=0)
    np.testing.assert_allclose(np.loadtxt(tmp_path / "eval_bdry_thr.txt")[:, 1], recall, rtol=1e-5)
    line = np.loadtxt(tmp_path / "eval_bdry.txt")
    (folder,) = (work / "results" / "edges").iterdir()
    metrics = sambench.load_run(folder).metrics
    np.testing.assert_allclose(line[[3, 6, 7]], [metrics[name].value for name in ("ods", "ois", "ap")], rtol=1e-5)
    again = tmp_path / "again"
    code, out, _ = call(capsys, "export", "bsds", folder, f"out={again}")
    assert code == 0
    assert out.startswith("eval_bdry.txt: ")
    assert {path.name: path.read_text() for path in again.iterdir()} == {
        path.name: path.read_text() for path in tmp_path.glob("*.txt")
    }


def test_segmentations_are_numbered_from_one(work, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for task, file in (("edges", "eval_bdry_thr.txt"), ("regions", "eval_cover_th.txt")):
        code, _, err = call(capsys, "export", "bsds", *words(work, task, "segs"))
        assert code == 0, err
        (path,) = (tmp_path / "results" / "bsds").rglob(file)
        assert np.loadtxt(path)[:, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["export", "coco"], "there is no format 'coco'"),
        (["export", "bsds"], "no run was given"),
        (["export", "bsds", "/nowhere"], "no run in this folder"),
        (["export", "bsds", "/nowhere", "outt=x"], "use out="),
        (["export", "bsds", "predictions=maps"], "no task was chosen"),
    ],
)
def test_wrong_usage_is_answered_in_a_sentence(capsys, tmp_path, monkeypatch, said, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, *said)
    assert code == 2
    assert message in err


def test_runs_of_other_tasks_are_refused(work, capsys, tmp_path):
    run = sambench.score("edges", "bsds500", work / "maps", overrides=words(work, "edges", "maps")[2:])
    other = shutil.copytree(run.folder, tmp_path / "other")
    reseal(other, lambda record: record["identity"]["task"].update(name="proposals"))
    assert "has no files in the benchmark's format" in call(capsys, "export", "bsds", other)[2]
    reseal(other, lambda record: record.update(status="running", identity=run.record.stored["identity"]))
    assert "is not finished" in call(capsys, "export", "bsds", other)[2]


@pytest.mark.parametrize(
    ("kind", "task", "official"),
    [
        ("ucm2", "regions", "test_1"),
        ("segs", "regions", "test_4"),
        ("ucm2", "edges", "test_1"),
        ("segs", "edges", "test_4"),
    ],
)
def test_official_predictions_give_the_official_files(real_data, tmp_path, capsys, task, kind, official):
    bench = real_data / "bsds_bench"
    root = tmp_path / "data"
    (root / "images").mkdir(parents=True)
    (root / "groundTruth").mkdir()
    (root / "images" / "test").symlink_to(bench / "images")
    (root / "groundTruth" / "test").symlink_to(bench / "groundTruth")
    said = ["data=bsds500", f"data.root={root}", f"predictions={bench / kind}", "task.thresholds=5", "workers=0"]
    said += ["progress=off", "illustrate=0", f"run.dir={tmp_path / 'run'}", f"out={tmp_path / 'out'}"]
    code, _, err = call(capsys, "export", "bsds", f"task={task}", *said)
    assert code == 0, err
    theirs = [path for path in (bench / official).iterdir() if ("bdry" in path.name) == (task == "edges")]
    assert len(theirs) == (3 if task == "edges" else 5)
    for path in theirs:
        ours = tmp_path / "out" / path.name
        if task == "regions":
            assert ours.read_text() == path.read_text()
        else:  # the original's matching differs from run to run; see test_boundary_parity
            np.testing.assert_allclose(np.loadtxt(ours), np.loadtxt(path), atol=2e-3)
