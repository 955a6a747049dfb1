import numpy as np
import pytest
from replicas import DOT, RING, SIZE, TWO, WRITERS, coco, corners, dump, id_map, picture, png, twin

from sambench.config.resolve import build
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.masks import rle


def masks(dataset, key):
    sample = dataset.load(key)
    return rle.decode_masks([one.rle for one in sample.target.annotations], sample.size)


def labelme(path, shapes):
    told = [{"label": "roof", "points": points, "shape_type": kind, "flags": {}} for kind, points in shapes]
    size = {"imageHeight": SIZE[0], "imageWidth": SIZE[1]}
    return dump(path, {"version": "5.0", "shapes": told, "imagePath": path.stem, "imageData": None, **size})


def test_id_images(tmp_path):
    twin(picture(tmp_path / "images/a/1.JPG"))
    picture(tmp_path / "images/b/1.png")
    png(tmp_path / "labels/a/1.png", id_map((1, 300, 9), np.uint16))
    png(tmp_path / "labels/b/1.png", id_map((1, 255, 2)))
    dataset = own(tmp_path, ignore=(0, 255))
    assert dataset.keys == ["a/1", "b/1"]
    assert np.array_equal(masks(dataset, "a/1"), [RING, DOT, TWO])
    assert np.array_equal(masks(dataset, "b/1"), [RING, DOT])
    assert dataset.card.name == tmp_path.name
    assert dataset.card.note == "own data, label images"
    assert own(tmp_path, title="my wells").card.title == "my wells"


def test_labelme_files(tmp_path):
    picture(tmp_path / "images/1.jpg")
    square = [[3, 2], [20, 2], [20, 14], [3, 14]]
    labelme(tmp_path / "labels/1.json", [("polygon", square), ("line", [[5, 5], [6, 6]]), ("polygon", square[:2])])
    dataset = own(tmp_path)
    assert masks(dataset, "1").sum() == 12 * 17
    assert dataset.count("1") == 1
    assert dataset.report[0] == "1: mask 1 left out: a line has no area"
    dump(tmp_path / "labels/1.json", {"shapes": []})
    with pytest.raises(DatasetError, match="this is no LabelMe file"):
        own(tmp_path).keys  # noqa: B018


def test_a_coco_file(tmp_path):
    picture(tmp_path / "images/x/1.jpg")
    dump(tmp_path / "mine.json", coco([(1, "x/1.jpg")], [(4, 1, 1, [corners(2, 14, 3, 20)])]))
    dataset = own(tmp_path, annotations="mine.json")
    assert dataset.keys == ["x/1"]
    assert masks(dataset, "x/1").sum() == 12 * 17


def test_what_does_not_fit_is_told(tmp_path):
    with pytest.raises(DatasetError, match="no ground truth here; the folder is empty"):
        own(tmp_path)
    picture(tmp_path / "images/1.jpg")
    with pytest.raises(DatasetError, match="no ground truth here; the folder holds images/"):
        own(tmp_path)
    png(tmp_path / "labels/2.png", id_map())
    with pytest.raises(DatasetError, match=r"image has no ground truth: .*1\.jpg; 1 x ground truth has no image"):
        own(tmp_path).keys  # noqa: B018
    picture(tmp_path / "images/1.png")
    with pytest.raises(DatasetError, match=r"two files are called 1: 1\.(jpg|png) and 1\.(jpg|png)"):
        own(tmp_path)


def test_ibd_reads_the_layouts_that_are_told_and_refuses_others(tmp_path):
    def ibd(**settings):
        return build("datasets", "data", {"name": "ibd", "root": str(tmp_path), **settings})

    WRITERS["ibd"](tmp_path)
    (tmp_path / "IBD/train_labels").rename(tmp_path / "IBD/gt")
    with pytest.raises(DatasetError, match=r"no train_labels or train/\*\.json here"):
        ibd()
    assert len(ibd(images="train", labels="gt").keys) == 2
    with pytest.raises(DatasetError, match=r"no train_labels/ and no JSON .*: the folder holds gt/, train/; train: "):
        ibd(images="train")
    for name in ("185-2400-5600-OR", "s143"):
        labelme(tmp_path / f"IBD/train/{name}.json", [("polygon", [[3, 2], [20, 2], [20, 14], [3, 14]])])
    assert [one.area for one in ibd().load_truth("s143").annotations] == [12 * 17]
