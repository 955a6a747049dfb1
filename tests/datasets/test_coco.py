import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from sambench.datasets.coco import CARD, Coco
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

REAL = os.environ.get("SAMBENCH_TEST_DATA")
SIZES = {139: (30, 40), 285: (25, 20), 632: (30, 40)}


def crowd_counts(size):
    """A block in uncompressed run lengths, as COCO writes crowds."""
    mask = np.zeros(size, bool)
    mask[5:20, 10:30] = True
    return rle.run_lengths(rle.encode_masks(mask[None])[0]["counts"]).tolist()


def content():
    ellipse = np.hypot(*(np.mgrid[0:25, 0:20] - np.array([12, 9])[:, None, None])) < 7
    compressed = rle.to_json(rle.encode_masks(ellipse[None])[0])
    return {
        "info": {},
        "images": [
            {"id": number, "height": height, "width": width, "file_name": f"{number:012d}.jpg"}
            for number, (height, width) in SIZES.items()
        ],
        "annotations": [
            {
                "id": 7,
                "image_id": 139,
                "category_id": 1,
                "segmentation": [[2.5, 3.25, 12, 3, 12.5, 15, 3, 16], [20, 20, 30, 20, 30, 29.5]],
                "area": 151.25,
                "bbox": [2.5, 3, 27.5, 26.5],
                "iscrowd": 0,
            },
            {"id": 3, "image_id": 285, "category_id": 90, "segmentation": compressed, "iscrowd": 0},
            {
                "id": 900100,
                "image_id": 139,
                "category_id": 90,
                "segmentation": {"size": [30, 40], "counts": crowd_counts((30, 40))},
                "area": 300,
                "bbox": [10, 5, 20, 15],
                "iscrowd": 1,
            },
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 90, "name": "toothbrush"}],
    }


def write(root, record):
    (root / "annotations").mkdir(exist_ok=True)
    path = root / "annotations" / "instances_val2017.json"
    path.write_text(record if isinstance(record, str) else json.dumps(record))
    return path


@pytest.fixture
def root(tmp_path):
    (tmp_path / "val2017").mkdir()
    for number, size in SIZES.items():
        pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "val2017" / f"{number:012d}.jpg")
    write(tmp_path, content())
    return tmp_path


def test_samples_hold_pixels_and_objects_in_the_files_order(root):
    dataset = Coco(root)
    assert dataset.keys == ["val2017/000000000139", "val2017/000000000285", "val2017/000000000632"]
    assert dataset.image_ids == [139, 285, 632]
    assert [category["name"] for category in dataset.categories] == ["person", "toothbrush"]
    sample = dataset.load(dataset.keys[0])
    with Image.open(root / "val2017/000000000139.jpg") as image:
        assert np.array_equal(sample.image, np.asarray(image))
    first, second = sample.target.annotations
    assert sample.target.image_id == 139
    assert (first.id, first.category_id, first.area, first.iscrowd) == (7, 1, 151.25, False)
    assert (second.id, second.category_id, second.area, second.iscrowd) == (900100, 90, 300, True)
    assert rle.areas([second.rle]) == [300]
    assert dataset.load(dataset.keys[2]).target.annotations == []


def test_masks_equal_pycocotools_own_reader(root):
    official = COCO(root / "annotations/instances_val2017.json")
    dataset = Coco(root)
    for key in dataset.keys:
        truth = dataset.load_truth(key)
        assert len(truth.annotations) == len(official.getAnnIds(truth.image_id))
        for mine in truth.annotations:
            expected = official.annToRLE(official.anns[mine.id])
            assert np.array_equal(coco_mask.decode(mine.rle), coco_mask.decode(expected))


def test_area_and_box_come_from_the_mask_where_the_file_has_none(root):
    dataset = Coco(root)
    (found,) = dataset.load_truth("val2017/000000000285").annotations
    assert found.area == rle.areas([found.rle])[0] > 100
    assert dataset.load_boxes("val2017/000000000285").tolist() == rle.boxes_xywh([found.rle]).tolist()
    assert dataset.load_boxes("val2017/000000000139").tolist() == [[2.5, 3, 27.5, 26.5], [10, 5, 20, 15]]
    assert dataset.load_boxes("val2017/000000000632").shape == (0, 4)


def test_ids_may_be_paths_names_or_image_ids(root):
    assert Coco(root, ids=[632, "000000000139"]).keys == ["val2017/000000000139", "val2017/000000000632"]
    dataset = Coco(root, ids=["val2017/000000000285"])
    assert dataset.image_ids == [285]
    assert dataset.card.note == "an annotation file of 3 of its 5000 images; 1 of the 3 images of val2017"
    assert Coco(root, limit=1).keys == ["val2017/000000000139"]
    with pytest.raises(DatasetError, match="2 of the ids are not in this dataset: 000000000140"):
        Coco(root, ids=["000000000140", 286])


def test_files_may_be_given_one_by_one(root, tmp_path):
    file = root / "annotations/instances_val2017.json"
    (root / "val2017").rename(root / "pictures")
    dataset = Coco(annotations=file, images=root / "pictures", split="mine")
    assert dataset.load("mine/000000000139").size == (30, 40)
    with pytest.raises(UsageError, match="without the images' folder"):
        Coco(annotations=file)
    with pytest.raises(UsageError, match="needs the folder"):
        Coco()


def test_truth_alone_needs_no_images(root):
    for path in (root / "val2017").iterdir():
        path.unlink()
    (root / "val2017").rmdir()
    dataset = Coco(annotations=root / "annotations/instances_val2017.json", check_images=False)
    assert len(dataset.load_truth("val2017/000000000139").annotations) == 2
    with pytest.raises(DatasetError, match="image is missing"):
        dataset.load("val2017/000000000139")


def test_missing_images_are_counted_named_and_looked_for_among_the_kept_only(root):
    (root / "val2017/000000000285.jpg").unlink()
    (root / "val2017/000000000632.jpg").unlink()
    with pytest.raises(DatasetError, match="2 of 3 images are missing") as error:
        Coco(root)
    for part in ("val2017/000000000285.jpg, val2017/000000000632.jpg", root / "val2017", CARD.home, "Flickr"):
        assert str(part) in str(error.value)
    assert len(Coco(root, limit=1)) == 1


def test_image_of_another_size_is_told(root):
    Image.new("RGB", (30, 40)).save(root / "val2017/000000000139.jpg")
    with pytest.raises(DatasetError, match=r"image is 30 x 40 pixels, but .* says 40 x 30 pixels"):
        Coco(root).load("val2017/000000000139")


def test_fingerprint_follows_the_annotation_file(root):
    first = Coco(root).fingerprint
    assert Coco(root).fingerprint == first
    assert Coco(root, limit=2).fingerprint != first
    record = content()
    record["annotations"][0]["segmentation"][0][0] += 0.25
    write(root, record)
    assert Coco(root).fingerprint != first


def test_missing_annotation_file_is_told_with_those_there(root):
    with pytest.raises(DatasetError, match=r"instances_train2017\.json is missing; there are instances_val2017\.json"):
        Coco(root, split="train2017")
    with pytest.raises(DatasetError, match="annotation file is missing") as error:
        Coco(annotations=root / "nothing.json", images=root)
    assert CARD.home in str(error.value)


def test_broken_json_is_told_with_line_and_column(root):
    path = write(root, json.dumps(content(), indent=1)[:-40])
    with pytest.raises(DatasetError, match="no JSON, it may be truncated") as error:
        Coco(root)
    lines = path.read_text().splitlines()
    assert f"{path}, line {len(lines)}, column" in str(error.value)


@pytest.mark.parametrize(
    ("record", "absent"),
    [
        ({"images": []}, "annotations"),
        ({"images": [], "annotations": [], "categories": {}}, "categories"),
        ([], "images"),
    ],
)
def test_json_of_something_else_is_told(root, record, absent):
    write(root, record)
    with pytest.raises(DatasetError, match=f"no list of {absent}"):
        Coco(root)


def broken(place, number, **changes):
    record = content()
    record[place][number] |= changes
    return record


POLYGON = [2, 2, 9, 2, 9, 9]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (broken("images", 1, id=139), "1 images use the id of an earlier one: 139"),
        (broken("images", 1, height=None), "1 images lack an id, or a height and width above 0: 285"),
        (broken("images", 1, height=0), "1 images lack an id, or a height"),
        (broken("images", 1, id=[285]), "1 images lack an id, or a height"),
        (broken("categories", 1, id=1), "1 categories lack an id of their own: 1"),
        (broken("annotations", 1, id=7), "1 annotations use the id of an earlier one: 7"),
        (broken("annotations", 1, id=None), "1 annotations lack id, image_id or category_id: number 1"),
        (broken("annotations", 1, image_id=286), "1 annotations are of images that are not in `images`: 3"),
        (broken("annotations", 1, category_id=2), "1 annotations are of categories that are not in `categories`: 3"),
        (broken("annotations", 1, segmentation={}, bbox=[1, 2, 3]), "a bbox that is not four finite numbers .*: 3"),
        (broken("annotations", 1, segmentation=[[1, 1, 5, 5]]), "three points or more .*: 3"),
        (broken("annotations", 1, segmentation=[[1, 1, "a", 5, 6, 6]]), "else than numbers: 3"),
        (broken("annotations", 1, segmentation=[[*POLYGON, 9e5, 3]]), "far off the image .*: 3"),
        (broken("annotations", 1, segmentation={"size": [20, 25], "counts": [500]}), r"the image has \[25, 20\]: 3"),
        (broken("annotations", 1, segmentation={"size": [25, 20], "counts": [5]}), "cover 5 pixels of 500: 3"),
        (broken("annotations", 1, segmentation={"size": [25, 20], "counts": "12"}), "cover 3 pixels of 500: 3"),
        (broken("annotations", 1, area="much"), "cannot be drawn|an area that is no number"),
        (broken("annotations", 1, area=-1), "no area from 0 on: 3"),
    ],
)
def test_contradictions_are_counted_and_named(root, record, message):
    path = write(root, record)
    with pytest.raises(DatasetError, match=message) as error:
        Coco(root)
    assert str(path) in str(error.value)


def test_all_problems_are_told_at_once(root):
    record = content()
    record["annotations"] = [record["annotations"][0] | {"id": number, "image_id": -1} for number in range(25)]
    record["images"][1]["width"] = None
    write(root, record)
    with pytest.raises(DatasetError, match=r"1 images lack .*; 25 annotations are of images .* and 15 more"):
        Coco(root)


def test_images_need_names_of_their_own(root):
    write(root, broken("images", 1, file_name="000000000139.jpg"))
    with pytest.raises(DatasetError, match=r"1 images share their file name with another: val2017/000000000139\.jpg"):
        Coco(root)
    write(root, broken("images", 1, file_name=None))
    with pytest.raises(DatasetError, match="1 images have no file name: 285"):
        Coco(root)


def test_only_kept_images_need_sound_segmentations(root):
    write(root, broken("annotations", 1, segmentation=[POLYGON[:5]]))
    assert Coco(root, ids=[139]).image_ids == [139]


@pytest.mark.skipif(REAL is None, reason="SAMBENCH_TEST_DATA is not set")
def test_real_coco_format_file_of_another_data_set():
    dataset = Coco(annotations=Path(REAL) / "samples/ZeroWaste/labels.json", check_images=False)
    assert len(dataset) == 1245
    assert sum(len(dataset.load_truth(key).annotations) for key in dataset.keys) == 6162
