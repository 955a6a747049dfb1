import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from sambench.datasets.lvis import CARD_V05, Lvis
from sambench.errors import DatasetError, UsageError

REAL = os.environ.get("SAMBENCH_TEST_DATA")
SQUARE = [[2, 2, 12, 2, 12, 12, 2, 12]]


def content(version):
    """One image of each folder, as v1 and v0.5 describe them."""
    images = []
    for number, folder in ((397133, "val2017"), (9, "train2017")):
        image = {
            "id": number,
            "height": 20,
            "width": 30,
            "coco_url": f"http://images.cocodataset.org/{folder}/{number:012d}.jpg",
            "neg_category_ids": [3],
            "not_exhaustive_category_ids": [1] if number == 9 else [],
        }
        if version == "v0.5":
            image["file_name"] = f"COCO_val2014_{number:012d}.jpg"
        images.append(image)
    return {
        "images": images,
        "annotations": [
            {"id": 1, "image_id": 9, "category_id": 2, "segmentation": SQUARE, "area": 100.5, "bbox": [2, 2, 10, 10]},
        ],
        "categories": [
            {"id": number, "name": name, "frequency": group, "image_count": 1}
            for number, name, group in ((1, "acorn", "r"), (2, "aerosol_can", "c"), (3, "banana", "f"))
        ],
    }


def write(root, version="v1", record=None):
    (root / f"lvis_{version}_val.json").write_text(json.dumps(content(version) if record is None else record))


@pytest.fixture
def root(tmp_path):
    for folder, number in (("val2017", 397133), ("train2017", 9)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (30, 20), (number % 256, 0, 0)).save(tmp_path / folder / f"{number:012d}.jpg")
    write(tmp_path)
    write(tmp_path, "v0.5")
    return tmp_path


@pytest.mark.parametrize("version", ["v1", "v0.5"])
def test_images_are_found_in_both_folders(root, version):
    dataset = Lvis(root, version=version)
    assert dataset.card.name == {"v1": "lvis", "v0.5": "lvis_v05"}[version]
    assert dataset.keys == ["val2017/000000397133", "train2017/000000000009"]
    assert [int(sample.image[0, 0, 0]) for sample in dataset] == pytest.approx([397133 % 256, 9], abs=3)


def test_federated_facts_and_frequencies_are_kept(root):
    dataset = Lvis(root)
    assert [category["frequency"] for category in dataset.categories] == ["r", "c", "f"]
    truth = dataset.load_truth("train2017/000000000009")
    assert (truth.image_id, truth.neg_category_ids, truth.not_exhaustive_category_ids) == (9, [3], [1])
    (found,) = truth.annotations
    assert (found.area, found.iscrowd, coco_mask.area(found.rle)) == (100.5, False, 100)
    assert dataset.load_truth("val2017/000000397133").annotations == []


def test_file_name_of_2014_serves_where_no_address_is_given(root):
    record = content("v0.5")
    for image in record["images"]:
        del image["coco_url"]
    record["images"] = record["images"][:1]
    record["annotations"] = []
    write(root, "v0.5", record)
    assert Lvis(root, version="v0.5").load("val2017/000000397133").size == (20, 30)


def test_annotations_may_lie_in_their_own_folder(root):
    (root / "annotations").mkdir()
    (root / "lvis_v1_val.json").rename(root / "annotations" / "lvis_v1_val.json")
    assert len(Lvis(root)) == 2
    assert Lvis(annotations=root / "annotations/lvis_v1_val.json", images=root, ids=[9]).image_ids == [9]


def test_missing_folder_of_train_images_is_told(root):
    (root / "train2017/000000000009.jpg").unlink()
    (root / "train2017").rmdir()
    with pytest.raises(DatasetError, match=r"1 of 2 images are missing: train2017/000000000009\.jpg") as error:
        Lvis(root)
    assert "LVIS v1 val needs both folders" in str(error.value)
    assert Lvis(root, check_images=False).load_truth("train2017/000000000009").image_id == 9


def test_unknown_version_and_split_are_told(root):
    with pytest.raises(UsageError, match="no version 'v2'"):
        Lvis(root, version="v2")
    with pytest.raises(UsageError, match="no split 'test'"):
        Lvis(root, split="test")
    with pytest.raises(DatasetError, match=r"v1_train\.json is missing; there are lvis_v0\.5_val\.json, lvis_v1"):
        Lvis(root, split="train")


@pytest.mark.skipif(REAL is None, reason="SAMBENCH_TEST_DATA is not set")
def test_real_annotations_equal_the_official_reader():
    lvis = pytest.importorskip("lvis")
    path = Path(REAL) / "lvis_val_100.json"
    official = lvis.LVIS(str(path))
    dataset = Lvis(annotations=path, version="v0.5", check_images=False)
    assert len(dataset) == 100
    assert dataset.card.name == CARD_V05.name
    assert len(dataset.categories) == 1230
    total = 0
    for key in dataset.keys:
        truth = dataset.load_truth(key)
        image = official.imgs[truth.image_id]
        assert key == f"val2017/{truth.image_id:012d}"
        assert truth.neg_category_ids == image["neg_category_ids"]
        assert truth.not_exhaustive_category_ids == image["not_exhaustive_category_ids"]
        assert sorted(found.id for found in truth.annotations) == sorted(official.get_ann_ids(img_ids=[truth.image_id]))
        boxes = dataset.load_boxes(key)
        for found, box in zip(truth.annotations, boxes, strict=True):
            theirs = official.anns[found.id]
            assert found.area == theirs["area"]
            assert box.tolist() == theirs["bbox"]
            assert np.array_equal(coco_mask.decode(found.rle), official.ann_to_mask(theirs))
            total += 1
    assert total == 977
