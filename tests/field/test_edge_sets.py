"""NYUDv2, BIPED and Multicue as their edges are handed on: read, scored, checked, and what does not fit is told."""

import shutil

import numpy as np
import pytest
from PIL import Image
from toys import write_bsds

import sambench
from sambench.api.calls import compose
from sambench.cli import dispatch
from sambench.datasets.edges.edge_sets import biped, multicue, nyudv2
from sambench.engine.launch import launch
from sambench.errors import DatasetError, UsageError

QUICK = ["task=edges", "task.grid=2", "task.thresholds=5", "workers=0", "progress=off", "illustrate=0"]


def write_nyudv2(folder):
    """Write three images as NYUDv2's edges are laid out."""
    write_bsds(folder / "made")
    shutil.move(folder / "made" / "BSDS500" / "data", folder / "nyu")
    for path in (folder / "nyu" / "images" / "test").glob("*.jpg"):
        Image.open(path).save(path.with_name(f"img_{path.stem}.png"))
        path.unlink()
    for path in (folder / "nyu" / "groundTruth" / "test").glob("*.mat"):
        path.rename(path.with_name(f"img_{path.name}"))
    return folder / "nyu"


def write_biped(folder, split="test", place="test/rgbr"):
    """Write two photographs and their edges, a rectangle's outline each, as BIPED is laid out."""
    rng = np.random.default_rng(2)
    for kind in ("imgs", "edge_maps"):
        (folder / "edges" / kind / place).mkdir(parents=True, exist_ok=True)
    for number in (8, 10):
        drawn = np.zeros((24, 36), np.uint8)
        drawn[5, 6:30] = drawn[18, 6:30] = drawn[5:19, 6] = drawn[5:19, 29] = 255
        photograph = rng.integers(0, 30, (24, 36, 3)).astype(np.uint8)
        photograph[5:19, 6:30] += 120
        Image.fromarray(photograph).save(folder / "edges" / "imgs" / place / f"RGB_{number:03d}.jpg", quality=95)
        Image.fromarray(drawn).save(folder / "edges" / "edge_maps" / place / f"RGB_{number:03d}.png")
    return folder


def test_nyudv2_is_read_and_scored_with_its_own_tolerance(tmp_path, monkeypatch):
    root = write_nyudv2(tmp_path)
    dataset = nyudv2(root)
    assert dataset.keys == ["test/img_1000", "test/img_1001", "test/img_1002"]
    assert dataset.card.note == (
        "published numbers have a tolerance of .011: task/edges=nyudv2; 3 of the 654 images of test"
    )
    assert [truth.shape for truth in dataset.load("test/img_1000").target.boundaries] == [(24, 36)] * 2
    monkeypatch.chdir(tmp_path)
    words = [*QUICK, "task/edges=nyudv2", "data=nyudv2", f"data.root={root}", "run.dir=out"]
    assert launch(compose(words)).run.record["switches"]["max_dist"] == 0.011


@pytest.mark.parametrize("above", [".", "BIPED", "BIPEDv2/BIPED"])
def test_biped_is_found_from_above_and_is_scored(tmp_path, above, monkeypatch, capsys):
    inner = write_biped(tmp_path / "sets" / above)
    write_biped(tmp_path / "sets" / above, "train", "train/rgbr/real")
    dataset = biped(tmp_path / "sets")
    assert dataset.keys == ["test/RGB_008", "test/RGB_010"]
    assert biped(tmp_path / "sets", "train").keys == ["train/RGB_008", "train/RGB_010"]
    assert dataset.card.note == "2 of the 50 images of test"
    (truth,) = dataset.load("test/RGB_008").target.boundaries
    assert truth.sum() == 2 * 24 + 2 * 12
    monkeypatch.chdir(tmp_path)
    maps = inner / "edges" / "edge_maps" / "test" / "rgbr"
    score = ["score", *QUICK, "data=biped", "data.root=sets", f"predictions={maps}", "run.dir=out"]
    assert dispatch(score) == 0
    assert "ods" in capsys.readouterr().out
    assert (
        launch(compose([*QUICK, "data=biped", "data.root=sets", "run.dir=out2"])).run.record["data"]["name"] == "biped"
    )


def test_what_does_not_fit_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"no edges/edge_maps folder"):
        biped(tmp_path)
    with pytest.raises(UsageError, match="no split 'val'"):
        biped(tmp_path, "val")
    root = write_biped(tmp_path)
    (root / "edges" / "edge_maps" / "test" / "rgbr" / "RGB_010.png").unlink()
    with pytest.raises(DatasetError, match="1 of 2 images have no ground truth: test/RGB_010"):
        biped(root)
    with pytest.raises(DatasetError, match="nyudv2 is not found"):
        nyudv2(tmp_path / "nowhere")


def test_data_check_reads_both(tmp_path, capsys):
    assert dispatch(["data", "check", "biped", f"root={write_biped(tmp_path / 'b')}"]) == 0
    assert dispatch(["data", "check", "nyudv2", f"root={write_nyudv2(tmp_path / 'n')}"]) == 0
    assert "nyudv2: 3 samples read" in capsys.readouterr().out


def write_multicue(folder, place):
    """Write two scenes of 20 x 30 pixels, and a frame nobody annotated, with `place` as where truths lie.

    Of scene 4580 two annotators drew a row each, of scene 4108 one.
    """
    rng = np.random.default_rng(3)
    (folder / "images").mkdir(parents=True)
    for scene in ("4580_left_0165", "4108_left_0948", "4108_left_2343"):
        Image.fromarray(rng.integers(0, 255, (20, 30, 3)).astype(np.uint8)).save(folder / "images" / f"{scene}.png")
    for scene, annotator, length in (("4580_left_0165", 1, 9), ("4580_left_0165", 2, 7), ("4108_left_0948", 1, 5)):
        for kind, row in (("edges", 4), ("boundaries", 11)):
            drawn = np.zeros((20, 30), np.uint8)
            drawn[row, 3 : 3 + length] = 255
            path = folder / place.format(kind=kind, scene=scene, annotator=annotator)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn).save(path)
    return folder


@pytest.mark.parametrize(
    "place",
    [
        "{kind}/{scene}_{annotator}.png",
        "ground-truth/{kind}/{annotator}/{scene}.png",
        "Multicue/{kind}/{scene}/{annotator}.PNG",
    ],
)
def test_multicue_is_read_with_one_map_an_annotator(tmp_path, place):
    root = write_multicue(tmp_path, place)
    for split, row in (("edges", 4), ("boundaries", 11)):
        dataset = multicue(root, split)
        assert dataset.keys == [f"{split}/4108_left_0948", f"{split}/4580_left_0165"]
        assert dataset.card.note.endswith(f"2 of the 100 images of {split}")
        truths = dataset.load(f"{split}/4580_left_0165").target.boundaries
        assert [(truth[row].sum(), truth.sum()) for truth in truths] == [(9, 9), (7, 7)]
        assert len(dataset.load(f"{split}/4108_left_0948").target.boundaries) == 1


def test_multicue_is_scored_against_every_annotator(tmp_path, monkeypatch):
    write_multicue(tmp_path / "sets", "{kind}/{scene}_{annotator}.png")
    (tmp_path / "maps").mkdir()
    for scene, length in (("4580_left_0165", 9), ("4108_left_0948", 4)):
        found = np.zeros((20, 30), np.uint8)
        found[4, 3 : 3 + length] = 255
        Image.fromarray(found).save(tmp_path / "maps" / f"{scene}.png")
    monkeypatch.chdir(tmp_path)
    words = [*QUICK[1:], "task/edges=multicue", "data.root=sets", "predictions.nms=none"]
    run = sambench.score("edges", "multicue", tmp_path / "maps", overrides=words, run={"dir": "out"})
    # 9 + 7 + 4 of the 9 + 7 + 5 drawn pixels are met, and all 13 predicted ones are drawn by somebody.
    recall, precision = 20 / 21, 1.0
    assert run.metrics["ods"].value == pytest.approx(2 * precision * recall / (precision + recall))


def test_what_does_not_fit_multicue_is_told(tmp_path):
    with pytest.raises(UsageError, match="no split 'test'"):
        multicue(tmp_path, "test")
    with pytest.raises(DatasetError, match="no edges/ folder"):
        multicue(tmp_path)
    root = write_multicue(tmp_path / "a", "{kind}/{scene}_{annotator}.png")
    (root / "images" / "4108_left_0948.png").unlink()
    with pytest.raises(DatasetError, match="1 of 2 ground truths have no image: edges/4108_left_0948"):
        multicue(root)
    root = write_multicue(tmp_path / "b", "{kind}/{scene}_{annotator}.png")
    Image.new("L", (30, 21)).save(root / "edges" / "4580_left_0165_3.png")
    with pytest.raises(DatasetError, match=r"21 x 30 .*another annotator's is 20 x 30"):
        multicue(root).load("edges/4580_left_0165")
    (root / "edges" / "4580_left_0165_3.png").rename(root / "edges" / "mean.png")
    with pytest.raises(DatasetError, match="1 of 4 files are of no scene"):
        multicue(root)
    shutil.copy(root / "edges" / "4580_left_0165_1.png", root / "images" / "4580_left_0165.jpg")
    (root / "edges" / "mean.png").rename(root / "edges" / "4108_left_0948.mat")
    with pytest.raises(DatasetError, match="annotators would count twice"):
        multicue(root)
    (root / "edges" / "4108_left_0948.mat").unlink()
    with pytest.raises(DatasetError, match="1 of 2 scenes have several images"):
        multicue(root)
