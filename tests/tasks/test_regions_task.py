"""Task regions end to end: files in every form it reads, through the command's own way, to metrics."""

from dataclasses import asdict

import numpy as np
import pytest
from sambench.tasks.regions import RegionsTask
from scipy.io import savemat
from toys import write_bsds

import sambench
from sambench.api.calls import compose
from sambench.errors import PredictionError, UsageError
from sambench.metrics.regions.scores import SCORES

SIZE = (24, 36)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"))


def labels(index):
    """Return coarse to fine segmentations of an image: one region, then the first annotator's outer rectangle."""
    one = np.ones(SIZE, np.uint16)
    two = one.copy()
    two[4:-4, 5 + index : -6] = 2
    return [two, one]


def contour_map(index):
    """Return a contour map whose only contour, of strength .5, is that of the rectangle."""
    double = np.zeros((2 * SIZE[0] + 1, 2 * SIZE[1] + 1))
    inner = np.zeros(double.shape, bool)
    inner[9 : 2 * SIZE[0] - 8, 2 * (5 + index) + 1 : 2 * SIZE[1] - 12] = True
    edge = inner.copy()
    edge[1:-1, 1:-1] = False
    for step in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        edge |= np.roll(inner, step, (0, 1)) & ~inner
    double[edge] = 0.5
    return double


def write(folder, kind, count=3):
    folder.mkdir()
    for index in range(count):
        path = folder / f"{1000 + index}"
        if kind == "segs":
            cells = np.empty((1, 2), object)
            cells[0, :] = labels(index)
            savemat(f"{path}.mat", {"segs": cells})
        elif kind == "ucm2":
            savemat(f"{path}.mat", {"ucm2": contour_map(index)})
        else:
            np.save(f"{path}.npy", np.stack(labels(index)) if kind == "labels" else contour_map(index))
    return folder


def score(data, predictions, folder, **more):
    overrides = [f"data.root={data}", "task.thresholds=2"]
    settings = {"workers": 0, "progress": "off", "run": {"dir": str(folder)}, **more}
    return sambench.score("regions", "bsds500", predictions, overrides=overrides, **settings)


def test_every_form_of_a_segmentation_gives_the_same_numbers(data, tmp_path):
    runs = {
        kind: score(data, write(tmp_path / kind, kind), tmp_path / f"run_{kind}")
        for kind in ("segs", "ucm2", "labels", "contours")
    }
    rows = {kind: [{**row, "levels": ""} for row in run.rows()] for kind, run in runs.items()}
    assert rows["segs"] == rows["ucm2"] == rows["labels"] == rows["contours"]
    assert [run.rows()[0]["levels"] for run in runs.values()] == ["segs", "thresholds", "segs", "thresholds"]
    metrics = runs["segs"].metrics
    assert tuple(metrics) == SCORES
    assert not metrics["voi_ods"].higher_is_better
    assert np.isnan(metrics["cover_ods"].ci95).all()  # three images are too few
    assert metrics["cover_ods"].value <= metrics["cover_ois"].value <= metrics["cover_best"].value < 1


def test_hand_worked_row(data, tmp_path):
    """The second annotator drew the inner rectangle alone, the first both; image 1000 is 24 x 36."""
    row = score(data, write(tmp_path / "segs", "segs"), tmp_path / "run").rows()[0]
    whole, outer, inner = 24 * 36, 16 * 25, 8 * 14
    first = (whole - outer) + (outer - inner) * (outer - inner) / outer + inner * inner / outer
    second = (whole - inner) * (whole - outer) / (whole - inner) + inner * inner / outer
    assert row["cover_r"][0] == pytest.approx(first + second)
    assert row["sum_r"] == [2 * whole, 2 * whole]
    assert row["annotators"] == 2


def test_predictions_that_do_not_fit_are_told(data, tmp_path):
    folder = write(tmp_path / "a", "segs")
    np.save(folder / "1001.npy", np.ones((3, 24, 30), int))
    (folder / "1001.mat").unlink()
    with pytest.raises(PredictionError, match=r"shape \(24, 30\), \(24, 36\) is expected"):
        score(data, folder, tmp_path / "run_a")
    (folder / "1001.npy").write_bytes(b"junk")
    with pytest.raises(PredictionError, match="cannot be read"):
        score(data, folder, tmp_path / "run_b")
    savemat(folder / "1001.mat", {"other": np.ones(3)})
    (folder / "1001.npy").unlink()
    with pytest.raises(PredictionError, match="holds other"):
        score(data, folder, tmp_path / "run_c")
    (folder / "1001.mat").unlink()
    (folder / "1001.png").write_bytes(b"")
    with pytest.raises(PredictionError, match="no regions"):
        score(data, folder, tmp_path / "run_d")
    with pytest.raises(PredictionError, match="1 of 3 samples have no prediction"):
        score(data, write(tmp_path / "b", "ucm2", 2), tmp_path / "run_e")


def test_a_different_number_of_segmentations_is_told(data, tmp_path):
    folder = write(tmp_path / "a", "labels")
    np.save(folder / "1001.npy", np.ones(SIZE, int))
    with pytest.raises(PredictionError, match=r"\[1, 2\]"):
        score(data, folder, tmp_path / "run")


def test_models_are_refused(data, tmp_path):
    with pytest.raises(UsageError, match="no protocol for a model"):
        sambench.run(
            "regions",
            data="bsds500",
            overrides=[f"data.root={data}"],
            workers=0,
            progress="off",
            run={"dir": str(tmp_path / "run")},
            cache={"enabled": False},
        )


def test_preset_is_what_the_switches_default_to():
    task = compose(["task=regions"])["task"]
    assert {task.pop("name"), task.pop("preset")} == {"regions", "bsds"}
    assert task == asdict(RegionsTask())
