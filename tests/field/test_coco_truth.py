"""COCO's JSON as people write it: what is meant is read, what means nothing is told before anything is drawn."""

import json
import logging

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from sambench import score
from sambench.datasets.coco import Coco
from sambench.datasets.lvis import Lvis
from sambench.datasets.own.reader import own
from sambench.datasets.sa23.coco_masks import coco_masks
from sambench.errors import DatasetError
from sambench.masks import rle

SQUARE = [20, 30, 50, 30, 50, 100, 20, 100]
"""A box of 30 x 70 pixels."""

GOOD = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [SQUARE], "bbox": [20, 30, 30, 70]}
OTHER = {**GOOD, "id": 2, "segmentation": [[0, 0, 10, 0, 10, 10, 0, 10]], "bbox": [0, 0, 10, 10]}


def content(*annotations, **image):
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 80, "height": 120, **image}],
        "categories": [{"id": 1, "name": "box"}],
        "annotations": list(annotations or [GOOD]),
    }


def write(folder, record):
    (folder / "images" / "sub").mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "sub/a.png"):
        Image.new("RGB", (80, 120)).save(folder / "images" / name)
    path = folder / "truth.json"
    path.write_text(record if isinstance(record, str) else json.dumps(record))
    return path


@pytest.fixture
def read(tmp_path):
    """Write a truth and open it by all three readers; returns the areas each finds."""

    def open_all(record, **switches):
        path = write(tmp_path, record)
        given = {"annotations": path, "images": tmp_path / "images", **switches}
        sets = [Coco(**given), coco_masks(**given), own(tmp_path, annotations="truth.json", **switches)]
        return [[one.area for one in found.load(found.keys[0]).target.annotations] for found in sets]

    return open_all


AREAS = [[2100]] * 3


@pytest.mark.parametrize(
    "record",
    [
        content(GOOD, file_name="sub\\a.png"),
        content({**GOOD, "segmentation": SQUARE}),
        content({**GOOD, "segmentation": [SQUARE, [10, 10, 12, 12]]}),
        content({**GOOD, "segmentation": [[], SQUARE, [1, 1]]}),
        content({**GOOD, "iscrowd": "0"}),
        content({**GOOD, "iscrowd": False}),
        content({**GOOD, "iscrowd": None}),
        content({**GOOD, "id": 1.0, "image_id": 1.0, "category_id": 1.0}, id=1.0, width=80.0),
        content(GOOD, {**GOOD, "id": 4574, "segmentation": [], "area": 0, "bbox": [0, 0, 0, 0]}),
        content(GOOD, {**GOOD, "id": 4574, "segmentation": [[]], "bbox": None}),
        content(GOOD, {**GOOD, "id": 4574, "segmentation": None}),
    ],
)
def test_what_is_meant_is_read(read, record):
    assert read(record) == AREAS


def test_a_short_piece_changes_nothing_in_pycocotools_either():
    codes = coco_mask.frPyObjects([SQUARE, [10, 10, 12, 12]], 120, 80)
    assert coco_mask.area(coco_mask.merge(codes)) == 2100


def test_what_was_left_out_is_told_on_the_card_and_in_the_log(tmp_path, caplog):
    record = content({**GOOD, "segmentation": [SQUARE, [1, 1]]}, {**OTHER, "segmentation": []})
    path = write(tmp_path, record)
    with caplog.at_level(logging.WARNING):
        found = Coco(annotations=path, images=tmp_path / "images")
    assert "1 annotations without a mask of 2 left out: 2" in found.card.note
    assert "fewer than three points are left out of its polygons: 1" in caplog.text


def test_ids_are_one_whether_written_as_7_or_7_0(tmp_path):
    path = write(tmp_path, content({**GOOD, "image_id": 7}, id=7.0))
    found = Coco(annotations=path, images=tmp_path / "images", ids=[7])
    assert found.image_ids == [7]
    assert type(found.image_ids[0]) is int


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (content({**GOOD, "category_id": "box"}), "annotations are of categories that are not in"),
        (
            content() | {"categories": [{"id": "box", "name": "box"}]},
            "categories have texts for ids; number them.*: box",
        ),
        (content() | {"categories": [{"id": True}]}, "categories lack an id"),
        (content(GOOD, id=True), "images lack an id|no whole numbers of 64 bits"),
        (content({**GOOD, "image_id": True}), "annotations have ids that are no texts and no whole numbers.*: 1"),
        (content({**GOOD, "id": 2**63}), "annotations have ids that are no texts and no whole numbers of 64 bits"),
        (content(GOOD, id=2**64), "images have ids that are no texts and no whole numbers of 64 bits"),
        (content(GOOD, {**OTHER, "id": "two"}), "annotation ids are texts where others are not: two"),
        (content(GOOD, id=1.5), "images have ids that are no texts"),
        (content({**GOOD, "iscrowd": 2}), "an iscrowd that is not 0 or 1: 1"),
        (content({**GOOD, "iscrowd": [0]}), "an iscrowd that is not 0 or 1: 1"),
        (content(GOOD, width=80.5), "lack an id, or a height and width above 0: 1"),
        (content(GOOD, file_name=["a.png"]), "a file_name or coco_url that is no text: 1"),
        (content(GOOD, neg_category_ids=5), "category ids that are no list of whole numbers: 1"),
        ('{"images": [{"id": 1, "height": -Infinity, "width": 1}], "categories": [], "annotations": []}', "height"),
        ('{"images": [3], "categories": [4], "annotations": [5]}', "1 images are no objects: number 0; 1 categories"),
    ],
)
def test_what_means_nothing_is_told_by_every_reader(tmp_path, record, message):
    path = write(tmp_path, record)
    for reader in (Coco, Lvis, coco_masks):
        with pytest.raises(DatasetError, match=message) as error:
            reader(annotations=path, images=tmp_path / "images")
        assert str(path) in str(error.value)


def test_image_ids_of_numbers_and_texts_are_told(tmp_path):
    record = content()
    record["images"].append({**record["images"][0], "id": "one", "file_name": "sub/a.png"})
    with pytest.raises(DatasetError, match="image ids are texts where others are not: one"):
        Coco(annotations=write(tmp_path, record), images=tmp_path / "images")


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([10, 10, 50, 40, 0.0], "not four finite numbers .*: 1"),
        ([], "not four finite numbers .*: 1"),
        ({"x": 20, "y": 30, "w": 30, "h": 70}, "not four finite numbers .*: 1"),
        ([[43.0], 31, 21, 22], "not four finite numbers .*: 1"),
        ([12, "NaN", 12, 17], "not four finite numbers .*: 1"),
        ([12, float("nan"), 12, 17], "not four finite numbers .*: 1"),
        ([12, 10**400, 12, 17], "not four finite numbers .*: 1"),
        ([12, True, 12, 17], "not four finite numbers .*: 1"),
        ([12, 1, -12, 17], "negative width or height: 1"),
    ],
)
def test_a_box_that_is_none_is_told_with_its_annotation_at_reading(tmp_path, box, message):
    path = write(tmp_path, content({**GOOD, "bbox": box}, OTHER))
    with pytest.raises(DatasetError, match=f"1 annotations have a bbox .*{message}"):
        Coco(annotations=path, images=tmp_path / "images")


@pytest.mark.parametrize("area", ["1e999", "NaN", '"2100"', "[1]", "true"])
def test_an_area_that_is_no_number_is_told(tmp_path, area):
    path = write(tmp_path, json.dumps(content({**GOOD, "area": 17})).replace('"area": 17', f'"area": {area}'))
    with pytest.raises(DatasetError, match="1 annotations have an area that is no number: 1"):
        Coco(annotations=path, images=tmp_path / "images")


@pytest.mark.parametrize(("height", "width"), [(10**9, 10**9), (10**6, 10**6), (2**21, 1), (1, 10**400), (10**30, 1)])
def test_a_size_that_no_image_has_is_told_before_anything_is_drawn(tmp_path, height, width):
    polygon = [0, 0, min(height, 10**9), 0, min(height, 10**9), min(width, 10**9)]
    path = write(tmp_path, content({**GOOD, "segmentation": [polygon]}, height=height, width=width))
    for reader in (Coco, Lvis, coco_masks):
        with pytest.raises(DatasetError, match=r"images cannot be this large|images lack"):
            reader(
                annotations=path,
                images=tmp_path / "images",
                **({} if reader is coco_masks else {"check_images": False}),
            )


BAD = [
    {"size": [120, 80], "counts": "ooooooooo"},
    {"size": [120, 80], "counts": [5]},
    {"size": [120, 80], "counts": [9600, 2**40]},
    {"size": [80, 120], "counts": [9600]},
    {"size": [120, 80], "counts": None},
    {"size": [float("inf"), 80], "counts": [9600]},
    [[20, 30, "x", 30, 50, 100]],
    [[20, 30, float("nan"), 30, 50, 100]],
]


@pytest.mark.parametrize("segmentation", BAD)
def test_damaged_masks_are_refused_or_left_out_and_counted_in_the_title(tmp_path, read, segmentation):
    record = content(GOOD, {**OTHER, "segmentation": segmentation})
    given = {"annotations": write(tmp_path, record), "images": tmp_path / "images"}
    for open_it in (lambda: Coco(**given), lambda: coco_masks(**given).keys):
        with pytest.raises(DatasetError, match=r"damaged|cannot be drawn") as error:
            open_it()
        assert "data.allow_damaged=true" in str(error.value)
    assert read(record, allow_damaged=True) == AREAS
    for reader in (Coco, coco_masks):
        found, sound = (
            reader(**given, allow_damaged=True),
            reader(**given | {"annotations": given["annotations"]}, allow_damaged=True),
        )
        assert found.card.title.endswith(", 1 damaged masks of 2 left out")
        assert found.card.own
        assert "1 damaged masks of 2 left out: " in found.card.note
        assert found.fingerprint == sound.fingerprint


def test_allowing_damage_changes_the_fingerprint_only_where_there_is_some(tmp_path):
    given = {"annotations": write(tmp_path, content()), "images": tmp_path / "images"}
    for reader in (Coco, coco_masks):
        plain, allowed = reader(**given), reader(**given, allow_damaged=True)
        assert plain.fingerprint == allowed.fingerprint
        assert plain.card.title == allowed.card.title


def test_runs_of_no_pixels_do_not_make_masks_vanish():
    """pycocotools stops at them: joined with itself such a mask has no pixel, and its IoU with itself is 0."""
    counts = [5, 0, 5, 10]
    raw = coco_mask.frPyObjects({"size": [4, 5], "counts": counts}, 4, 5)
    assert coco_mask.area(coco_mask.merge([raw, raw])) == 0
    for given in (counts, raw["counts"], raw["counts"].decode()):
        code = rle.from_segmentation({"size": [4, 5], "counts": given}, (4, 5))
        assert rle.run_lengths(code["counts"]).tolist() == [10, 10]
        assert rle.iou([code], [code]) == 1
    many = rle.from_segmentation({"size": [4, 5], "counts": [0, 0, 0, 3, 0, 0, 7, 0, 0, 10, 0]}, (4, 5))
    assert rle.run_lengths(many["counts"]).tolist() == [0, 3, 7, 10]


@pytest.mark.parametrize("seed", range(20))
def test_no_run_length_code_crashes(seed):
    """Random strings and lists: each is refused, or decodes to as many pixels as it says."""
    rng = np.random.default_rng(seed)
    for _ in range(200):
        size = tuple(int(side) for side in rng.integers(1, 9, 2))
        if rng.random() < 0.5:
            counts = bytes(rng.integers(48, 112, rng.integers(0, 12)).astype(np.uint8))
        else:
            counts = rng.multinomial(size[0] * size[1], np.ones(6) / 6).tolist()
        try:
            code = rle.from_segmentation({"size": list(size), "counts": counts}, size)
        except ValueError:
            continue
        runs = rle.run_lengths(code["counts"])
        mask = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(size, order="F")
        assert np.array_equal(rle.decode_masks([code], size)[0], mask)
        assert rle.areas([rle.union([code, code])])[0] == mask.sum()


def test_polygons_that_would_never_be_drawn_are_told():
    size = (1, 1 << 20)
    zigzag = [value for _ in range(20) for value in (0, 0, 1 << 20, 1)]
    with pytest.raises(ValueError, match="pixels long, which cannot be drawn"):
        rle.from_segmentation([zigzag], size)
    with pytest.raises(ValueError, match="is no size of an image"):
        rle.from_segmentation([[0, 0, 5, 0, 5, 5]], (1 << 16, 1 << 16))


BOXES = content(
    {**GOOD, "segmentation": None},
    {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100},
    {**OTHER, "id": 3, "segmentation": [], "bbox": [60, 60, 20, 20]},
)


def run(tmp_path, record, results, task="instances", **settings):
    path = write(tmp_path, record)
    (tmp_path / "results.json").write_text(json.dumps(results))
    words = {"annotations": str(path), "images": str(tmp_path / "images")}
    return score(
        task,
        data="coco",
        predictions=str(tmp_path / "results.json"),
        overrides=[f"data.{key}={value}" for key, value in words.items()]
        + [f"task.{key}={value}" for key, value in settings.items()]
        + [f"run.dir={tmp_path / 'run'}", "run.overwrite=true", "illustrate=0", "progress=off", "workers=0"],
    )


def found(box, score, **more):
    return {"image_id": 1, "category_id": 1, "bbox": box, "score": score, **more}


def test_a_truth_of_boxes_is_scored_as_boxes(tmp_path):
    """Two of three objects are found exactly, with nothing else: precision 1 up to recall 2/3, so 67 of 101 levels."""
    results = [found([20, 30, 30, 70], 0.9), found([0, 0, 10, 10], 0.8)]
    figures = run(tmp_path, BOXES, results, iou_type="bbox").metrics
    assert figures["AP"].value == pytest.approx(67 / 101)
    assert not any(name.startswith("box_mIoU") for name in figures)
    for task in ("instances", "proposals"):
        with pytest.raises(DatasetError, match=r"boxes without masks \(3 of them\)") as error:
            run(tmp_path, BOXES, results, task)
        assert "task.iou_type=bbox" in str(error.value)


def test_a_truth_of_boxes_gives_proposals_recall(tmp_path):
    results = [found([20, 30, 30, 70], 0.9), found([0, 0, 10, 10], 0.8)]
    figures = run(tmp_path, BOXES, results, "proposals", iou_type="bbox").metrics
    assert figures["AR@1000"].value == pytest.approx(2 / 3)


def test_groups_alone_are_told_with_what_to_do(tmp_path, caplog):
    figures = run(tmp_path, content({**GOOD, "iscrowd": 1}), [found([0, 0, 9, 9], 0.5)], iou_type="bbox")
    assert np.isnan(figures.metrics["AP"].value)
    assert "all 1 annotations are groups (iscrowd 1)" in figures.record["data"]["card"]["note"]
    masks = coco_masks(annotations=tmp_path / "truth.json", images=tmp_path / "images")
    with pytest.raises(DatasetError, match=r"no image has a mask; 1 left out: it stands for a group \(iscrowd\)"):
        _ = masks.keys
