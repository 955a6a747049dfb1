from dataclasses import asdict
from importlib.resources import files

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from sambench.tasks.edges import EdgesTask
from scipy.io import savemat
from toys import ToyModel, write_bsds

import sambench
from sambench.api.calls import compose
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import PredictionError, UsageError
from sambench.masks.nms import box_nms, box_nms_in_batches
from sambench.predictions.edge_files import read_edge_file
from sambench.predictions.edge_maps import read_map, write_map
from sambench.types import BoundaryTruth, MaskFrame, Masks, Sample

IMAGE = np.full((24, 32, 3), 128, np.uint8)
SAMPLE = Sample("s", IMAGE, BoundaryTruth([], [np.zeros((24, 32), bool)]))


class Rectangles(ToyModel):
    """Answers every prompt with the same three masks: two rectangles whose boxes overlap by more than .7, one apart."""

    def decode(self, embedding, prompts, multimask):
        logits = torch.full((3, 24, 32), -20.0)
        logits[0, 4:20, 4:20] = 20
        logits[1, 4:20, 4:19] = 20
        logits[2, 6:18, 24:30] = 20
        iou = torch.tensor([0.9, 0.8, 0.7])
        return Masks(logits.expand(len(prompts), -1, -1, -1), iou.expand(len(prompts), -1), MaskFrame((24, 32)))


def predict(model=None, sample=SAMPLE, **switches):
    return EdgesTask(grid=2, **switches).predict(sample, Predictor(model or Rectangles(), None, Stages()))


def test_paper_preset_is_what_the_switches_default_to():
    preset = yaml.safe_load((files("sambench.configs") / "task/edges/paper.yaml").read_text())
    assert preset.pop("preset") == "paper"
    assert preset == asdict(EdgesTask())
    other = yaml.safe_load((files("sambench.configs") / "task/edges/ymgw55.yaml").read_text())
    assert other.keys() - {"preset"} == preset.keys()


@pytest.mark.parametrize(("preset", "max_dist"), [("nyudv2", 0.011), ("multicue", 0.0075)])
def test_other_data_sets_change_the_tolerance_alone(preset, max_dist):
    task = compose(["task=edges", f"task/edges={preset}"])["task"]
    assert task.pop("preset") == preset
    assert task == {"name": "edges", **asdict(EdgesTask()), "max_dist": max_dist}


def test_pipeline_by_hand():
    """Of the overlapping pair the better stays; its edge lies just outside it and is as strong as a step can be."""
    strength = predict(edge_nms="none", map_dtype="float32")
    assert strength.max() == 1
    assert strength[10, 20] == 1  # just right of columns 4 to 19 of the first mask
    assert strength[10, 19] == 0  # the second mask's own boundary is gone with it, the first has its inside here
    assert strength[10, 23] == 1
    assert strength[10, 10] == 0
    thick = predict(edge_nms="none", map_dtype="float32", nms_iou=1.0)
    assert thick[10, 19] == 1


def test_border_zero_blur_and_fade():
    assert (predict(edge_nms="none", border_zero=4, map_dtype="float32")[:4] == 0).all()
    assert predict(edge_nms="none", blur=3, map_dtype="float32")[10, 22] == 0.25
    assert predict(map_dtype="float32")[10, 0] == 0


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535)])
def test_maps_are_rounded_to_the_integers_of_their_file(dtype, top):
    exact, rounded = predict(map_dtype="float32"), predict(map_dtype=dtype)
    assert rounded.dtype == dtype
    np.testing.assert_array_equal(rounded, np.round(exact.astype(np.float64) * top))


def test_suppression_within_batches_comes_before_that_of_the_image():
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [50, 50, 60, 60]])
    scores = torch.tensor([0.5, 0.9, 0.7, 0.1])
    assert box_nms(boxes, scores, 0.75).tolist() == [1, 3]
    assert box_nms_in_batches(boxes, scores, 0.75, 2).tolist() == [1, 3]
    chain = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 7], [0, 0, 10, 5], [50, 50, 60, 60]])
    rising = torch.tensor([0.5, 0.7, 0.9, 0.1])
    assert box_nms(chain, rising, 0.65).tolist() == [2, 0, 3]  # the best box takes the second, which spares the first
    assert box_nms_in_batches(chain, rising, 0.65, 2).tolist() == [2, 3]  # among two, the second takes the first


def test_hand_worked_score():
    """A vertical line predicted one pixel beside a truth of the same length matches it whole."""
    truth = np.zeros((24, 32), bool)
    truth[4:20, 10] = True
    sample = Sample("s", IMAGE, BoundaryTruth([], [truth, truth]))
    prediction = np.zeros((24, 32), np.uint8)
    prediction[4:20, 10] = 128
    prediction[4:12, 25] = 255
    (row,) = EdgesTask(thresholds=3).score(sample, prediction)
    assert row["sum_r"] == [32, 32, 32]
    assert row["cnt_r"] == [32, 32, 0]
    assert row["cnt_p"] == [16, 16, 0]
    assert row["sum_p"] == [24, 24, 8]
    metrics = EdgesTask(thresholds=3).summarize([row])
    assert metrics["ods"].value == pytest.approx(2 * 1 * (16 / 24) / (1 + 16 / 24))
    assert metrics["ods"].n == 1


# predictions made elsewhere


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"))


def maps(folder, count=3, size=(24, 36), kind="png"):
    folder.mkdir(exist_ok=True)
    for index in range(count):
        strength = np.zeros(size, np.uint8)
        strength[4:20, 5 + index] = 200
        strength[3, :] = 90
        if kind == "png":
            Image.fromarray(strength).save(folder / f"{1000 + index}.png")
        elif kind == "ucm2":
            double = np.zeros((2 * size[0] + 1, 2 * size[1] + 1))
            double[2::2, 2::2] = strength / 255
            savemat(folder / f"{1000 + index}.mat", {"ucm2": double})
        else:
            cells = np.empty((1, 2), object)
            for level in range(2):
                cells[0, level] = (np.arange(size[1]) > 5 + index * (level + 1)).astype(np.uint16) * np.ones(
                    size, np.uint16
                )
            savemat(folder / f"{1000 + index}.mat", {"segs": cells})
    return folder


def score(data, predictions, folder, **more):
    return sambench.score(
        "edges",
        "bsds500",
        predictions,
        overrides=[f"data.root={data}", "task.thresholds=9"],
        workers=0,
        progress="off",
        run={"dir": str(folder)},
        **more,
    )


def test_scores_png_and_ucm2_alike_and_segs_at_their_own_levels(data, tmp_path):
    png = score(data, maps(tmp_path / "png"), tmp_path / "a")
    ucm2 = score(data, maps(tmp_path / "ucm2", kind="ucm2"), tmp_path / "b")
    segs = score(data, maps(tmp_path / "segs", kind="segs"), tmp_path / "c")
    assert [row["cnt_r"] for row in png.rows()] == [row["cnt_r"] for row in ucm2.rows()]
    assert len(segs.rows()[0]["cnt_r"]) == 2
    assert [one.rows()[0]["levels"] for one in (png, ucm2, segs)] == ["thresholds", "thresholds", "segs"]
    assert png.record["model"]["name"] == "png"


def test_missing_predictions_are_all_listed_or_left_out_on_request(data, tmp_path):
    folder = maps(tmp_path / "png", count=1)
    with pytest.raises(PredictionError, match="2 of 3 samples have no prediction: test/1001, test/1002"):
        score(data, folder, tmp_path / "run")
    run = score(data, folder, tmp_path / "run", allow_missing=True)
    assert run.record["model"]["missing"] == ["test/1001", "test/1002"]
    assert run.metrics["ods"].n == 1


def test_predictions_for_no_sample_are_all_listed(data, tmp_path):
    folder = maps(tmp_path / "png", count=5)
    with pytest.raises(PredictionError, match=r"2 prediction\(s\) answer no sample of this data: 1003.png, 1004.png"):
        score(data, folder, tmp_path / "run")


def test_wrong_size_damage_and_colours_are_told_with_the_file(data, tmp_path):
    for name, spoil, message in [
        ("size", lambda path: Image.new("L", (24, 36)).save(path), "36 x 24"),
        ("cut", lambda path: path.write_bytes(path.read_bytes()[:40]), "cannot be read"),
        ("rgb", lambda path: Image.new("RGB", (36, 24), (9, 0, 0)).save(path), "channels that differ"),
    ]:
        folder = maps(tmp_path / name)
        spoil(folder / "1001.png")
        with pytest.raises(PredictionError, match=message) as caught:
            score(data, folder, tmp_path / "run" / name)
        assert "1001.png" in caught.value.where


def test_float_maps_must_lie_in_zero_to_one(tmp_path):
    np.save(tmp_path / "a.npy", np.full((4, 4), 1.5))
    with pytest.raises(PredictionError, match=r"\[0, 1\]"):
        read_edge_file(tmp_path / "a.npy")
    savemat(tmp_path / "b.mat", {"other": np.ones((4, 4)), "more": np.ones((4, 4))})
    with pytest.raises(PredictionError, match="holds other, more"):
        read_edge_file(tmp_path / "b.mat")


def test_no_folder_and_no_task(data, tmp_path):
    with pytest.raises(PredictionError, match="does not exist"):
        score(data, tmp_path / "nowhere", tmp_path / "run")
    with pytest.raises(UsageError, match="there is no task 'nope'"):
        sambench.run("nope")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_written_maps_read_back(tmp_path, dtype):
    strength = (np.arange(20).reshape(4, 5) / 19 * (1 if dtype == "float32" else np.iinfo(dtype).max)).astype(dtype)
    write_map(strength, tmp_path, "test/x")
    found = read_map(next((tmp_path / "test").iterdir()), "test/x", (4, 5)).content
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, strength)


def test_scoring_saved_predictions_gives_the_run_again(data, tmp_path):
    overrides = ["model.name=toys:ToyModel", f"data.root={data}", "task.grid=4", "task.thresholds=9"]
    run = sambench.run(
        "edges", data="bsds500", overrides=overrides, workers=0, progress="off", run={"dir": str(tmp_path / "run")}
    )
    again = score(data, run.predictions, tmp_path / "again")
    assert run.rows() == again.rows()
    drawn = {path.name for path in (run.folder / "pictures").rglob("*.png")}
    assert drawn == {f"100{index}{kind}.png" for index in range(3) for kind in ("", "_matches")}
