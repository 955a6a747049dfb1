import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image
from toys import write_bsds

from sambench.datasets.edges.bsds500 import CARD, Bsds500
from sambench.errors import DatasetError, UsageError

RNG = np.random.default_rng(0)
REAL = os.environ.get("SAMBENCH_TEST_DATA")


def write_image(path, size=(12, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)


def write_truth(path, maps):
    """Write (Segmentation, Boundaries) pairs as MATLAB's cell of structs."""
    cells = np.empty((1, len(maps)), object)
    for index, (segmentation, boundary) in enumerate(maps):
        cells[0, index] = {"Segmentation": segmentation, "Boundaries": boundary}
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"groundTruth": cells})


def maps_of(size=(12, 16), annotators=3):
    labels = [np.ones(size, np.uint16) for _ in range(annotators)]
    for index, label in enumerate(labels):
        label[:, 4 + index :] = 2
    return [(label, (label != np.roll(label, -1, axis=1)).astype(np.uint8)) for label in labels]


@pytest.fixture
def root(tmp_path):
    data = tmp_path / "BSDS500" / "data"
    for split, names in (("train", ["12003"]), ("test", ["100007", "100039", "10081"])):
        for name in names:
            write_image(data / "images" / split / f"{name}.jpg")
            write_truth(data / "groundTruth" / split / f"{name}.mat", maps_of())
    return tmp_path


def truth_of(root, name="100039"):
    return root / "BSDS500/data/groundTruth/test" / f"{name}.mat"


def image_of(root, name="100039"):
    return root / "BSDS500/data/images/test" / f"{name}.jpg"


def test_samples_hold_the_pixels_and_every_annotator(root):
    dataset = Bsds500(root)
    assert dataset.keys == ["test/100007", "test/100039", "test/10081"]
    samples = list(dataset)
    assert [sample.id for sample in samples] == dataset.keys
    for sample in samples:
        with Image.open(image_of(root, sample.id[5:])) as image:
            assert np.array_equal(sample.image, np.asarray(image))
        for mine, (segmentation, _) in zip(sample.target.segmentations, maps_of(), strict=True):
            assert np.array_equal(mine, segmentation)
            assert mine.dtype == np.uint16
        for mine, (_, boundary) in zip(sample.target.boundaries, maps_of(), strict=True):
            assert mine.dtype == bool
            assert np.array_equal(mine, boundary != 0)


@pytest.mark.parametrize("level", ["", "BSDS500", "BSDS500/data"])
def test_root_may_be_any_level_of_the_layout(root, level):
    assert len(Bsds500(root / level)) == 3


def test_root_may_hold_the_unpacked_archive(root):
    (root / "BSR").mkdir()
    (root / "BSDS500").rename(root / "BSR" / "BSDS500")
    assert len(Bsds500(root)) == 3


def test_split_ids_and_limit_choose_in_the_datasets_order(root):
    assert Bsds500(root, split="train").keys == ["train/12003"]
    assert Bsds500(root, limit=2).keys == ["test/100007", "test/100039"]
    assert Bsds500(root, ids=["10081", "test/100007", 100007]).keys == ["test/100007", "test/10081"]
    assert Bsds500(root, ids=["10081", "100007"], limit=1).keys == ["test/100007"]


def test_card_tells_a_part_from_the_whole(root):
    assert Bsds500(root, limit=2).card.note == "2 of the 200 images of test"
    assert CARD.note == ""


def test_files_that_are_no_images_are_left_alone(root):
    for name in ("Thumbs.db", "._100007.jpg", ".DS_Store"):
        (root / "BSDS500/data/images/test" / name).write_bytes(b"x")
    assert len(Bsds500(root)) == 3


def test_fingerprint_follows_annotations_keys_and_split_but_not_the_place(root, tmp_path):
    first = Bsds500(root)
    assert Bsds500(root).fingerprint == first.fingerprint
    assert Bsds500(root, limit=2).fingerprint != first.fingerprint
    (root / "BSDS500").rename(root / "elsewhere")
    assert Bsds500(root / "elsewhere").fingerprint == first.fingerprint
    maps = maps_of()
    maps[0][0][0, 0] = 9
    write_truth(root / "elsewhere/data/groundTruth/test/100007.mat", maps)
    assert Bsds500(root / "elsewhere").fingerprint != first.fingerprint


def assert_introduces_the_dataset(error, *parts):
    told = str(error.value)
    for part in (*parts, "BSDS500/data/images/{train,val,test}", CARD.home, "non-commercial"):
        assert str(part) in told


def test_missing_root_is_told_with_layout_home_and_terms(tmp_path):
    with pytest.raises(DatasetError) as error:
        Bsds500(tmp_path / "nowhere")
    assert_introduces_the_dataset(error, "nowhere", "does not exist")
    with pytest.raises(DatasetError) as error:
        Bsds500(tmp_path)
    assert_introduces_the_dataset(error, tmp_path, "no images/ and groundTruth/")


def test_missing_and_empty_splits_are_told(root):
    with pytest.raises(UsageError, match="no split 'tset'") as error:
        Bsds500(root, split="tset")
    assert "train, val, test" in str(error.value)
    with pytest.raises(DatasetError, match="'val' is not there") as error:
        Bsds500(root, split="val")
    assert_introduces_the_dataset(error, "images/val")
    (root / "BSDS500/data/images/val").mkdir()
    with pytest.raises(DatasetError, match="'val' is empty"):
        Bsds500(root, split="val")


def test_images_and_truths_that_do_not_pair_up_are_counted_and_named(root):
    truth_of(root).unlink()
    with pytest.raises(DatasetError, match="1 of 3 images have no ground truth") as error:
        Bsds500(root)
    assert_introduces_the_dataset(error, "test/100039", "groundTruth/test")
    image_of(root).unlink()
    image_of(root, "10081").unlink()
    with pytest.raises(DatasetError, match="1 of 2 ground truths have no image") as error:
        Bsds500(root)
    assert_introduces_the_dataset(error, "test/10081", "images/test")


def test_unknown_ids_are_counted_with_near_matches(root):
    with pytest.raises(DatasetError, match="2 of the ids are not in this dataset") as error:
        Bsds500(root, ids=["100008", "10081", "zebra"])
    assert "100008 (near: test/100007" in str(error.value)
    assert "zebra" in str(error.value)


def test_truncated_image_is_told(root):
    path = image_of(root)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DatasetError, match="truncated") as error:
        Bsds500(root).load("test/100039")
    assert_introduces_the_dataset(error, path)


def test_file_that_is_no_image_is_told(root):
    image_of(root).write_text("<html>not found</html>")
    with pytest.raises(DatasetError, match="cannot be decoded") as error:
        Bsds500(root).load("test/100039")
    assert_introduces_the_dataset(error, image_of(root))


def test_image_that_vanished_is_told(root):
    dataset = Bsds500(root)
    image_of(root).unlink()
    with pytest.raises(DatasetError, match="image is missing"):
        dataset.load("test/100039")
    truth_of(root).unlink()
    with pytest.raises(DatasetError, match="ground truth is missing"):
        dataset.load_truth("test/100039")


@pytest.mark.parametrize("keep", [0, 1, 60, 127, 128, 140, 200, 300, 500, 800, -1, -9])
def test_truncated_truth_is_told_wherever_it_ends(root, keep):
    path = truth_of(root)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DatasetError) as error:
        Bsds500(root).load("test/100039")
    assert_introduces_the_dataset(error, path)


def test_mat_file_of_something_else_is_told(root):
    scipy.io.savemat(truth_of(root), {"segs": np.zeros((2, 2))})
    with pytest.raises(DatasetError, match="groundTruth"):
        Bsds500(root).load("test/100039")
    scipy.io.savemat(truth_of(root), {"groundTruth": np.empty((1, 0), object)})
    with pytest.raises(DatasetError, match="none"):
        Bsds500(root).load("test/100039")


def test_truth_of_another_size_is_told(root):
    write_truth(truth_of(root), maps_of(size=(16, 12)))
    with pytest.raises(DatasetError, match=r"image is 16 x 12 pixels, but .*\.mat is for 12 x 16") as error:
        Bsds500(root).load("test/100039")
    assert_introduces_the_dataset(error, truth_of(root), image_of(root))
    write_truth(truth_of(root), [*maps_of(), *maps_of(size=(16, 12))])
    with pytest.raises(DatasetError, match="maps of one size"):
        Bsds500(root).load_truth("test/100039")


def test_truth_is_read_without_the_image(root):
    image_of(root).write_bytes(b"")
    assert len(Bsds500(root).load_truth("test/100039").boundaries) == 3


@pytest.mark.skipif(REAL is None, reason="SAMBENCH_TEST_DATA is not set")
def test_real_bsds500_is_complete():
    for split, count in (("train", 200), ("val", 100), ("test", 200)):
        dataset = Bsds500(REAL, split=split)
        assert (len(dataset), dataset.card.note) == (count, "")
    sample = Bsds500(Path(REAL) / "BSDS500").load("test/100007")
    assert sample.size == (321, 481)
    assert len(sample.target.segmentations) == 5
    assert sample.target.boundaries[0].sum() == 1626


def test_the_fingerprint_of_ones_own_data_does_not_know_its_folder(tmp_path):
    made = write_bsds(tmp_path / "here")
    shutil.copytree(made, tmp_path / "there")
    here, there = Bsds500(tmp_path / "here"), Bsds500(tmp_path / "there")
    assert (here.card.name, there.card.name) == ("here", "there")
    assert here.fingerprint == there.fingerprint
