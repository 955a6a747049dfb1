import json

import numpy as np
import pytest
from PIL import Image

from sambench.datasets.concepts.named import coco_concepts, lvis_concepts, pair_id
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

SQUARE = [[2.0, 2.0, 12.0, 2.0, 12.0, 12.0, 2.0, 12.0]]


def write(root, more_images=(), **changes):
    """Two images, three categories: image 7 has a cat and a group of bow ties, image 9 a cat."""
    categories = [
        {"id": 3, "name": "bow_(weapon)", "synonyms": ["bow_(weapon)", "longbow"]},
        {"id": 1, "name": "cat", "synonyms": ["house_cat", "cat"]},
        {"id": 5, "name": "bow_tie", "synonyms": ["bow_tie"]},
    ]
    images = [{"id": 7, "file_name": "a.png", "width": 40, "height": 30}]
    images += [{"id": 9, "file_name": "b.png", "width": 40, "height": 30}, *more_images]
    common = {"segmentation": SQUARE, "area": 100, "bbox": [2, 2, 10, 10]}
    annotations = [
        {"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, **common},
        {"id": 2, "image_id": 7, "category_id": 5, "iscrowd": 1, **common},
        {"id": 3, "image_id": 9, "category_id": 1, "iscrowd": 0, **common},
    ]
    content = {"images": images, "annotations": annotations, "categories": categories, **changes}
    (root / "truth.json").write_text(json.dumps(content))
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30)).save(root / name)
    return {"root": root, "annotations": "truth.json", "images": root}


def test_coco_asks_every_name_of_every_image(tmp_path):
    data = coco_concepts(**write(tmp_path), title="mine")
    sample = data.load(data.keys[0])
    assert [(pair.id, pair.phrase) for pair in sample.target.pairs] == [
        (700001, "cat"),
        (700003, "bow_(weapon)"),
        (700005, "bow_tie"),
    ]
    assert [pair.exhaustive for pair in sample.target.pairs] == [True, True, False]
    cat, weapon, tie = sample.target.pairs
    mask = np.zeros((30, 40), bool)
    mask[2:12, 2:12] = True
    assert np.array_equal(rle.decode_masks([cat.annotators[0][0].rle], (30, 40))[0], mask)
    assert weapon.annotators == ([],)
    assert tie.annotators[0][0].iscrowd
    assert "1 of 6 pairs are not exhaustive" in data.card.note
    assert data.card.own


def test_pairs_of_images_that_a_run_leaves_out_keep_their_places(tmp_path):
    data = coco_concepts(**write(tmp_path), limit=1)
    assert len(data.keys) == 1
    places = data.pair_places()[""]
    assert set(places) == {700001, 700003, 700005, 900001, 900003, 900005}
    assert places[900003] == (data.all_keys[1], (30, 40))
    assert [tuple(count) for count in data.pair_counts(data.keys[0])] == [((1,), True), ((0,), True), ((1,), False)]


@pytest.mark.parametrize(
    ("names", "phrases"),
    [
        ("name", ["cat", "bow_(weapon)", "bow_tie"]),
        ("underscore_to_space", ["cat", "bow (weapon)", "bow tie"]),
        ("first_synonym", ["house cat", "bow (weapon)", "bow tie"]),
    ],
)
def test_names_become_phrases_in_three_ways(tmp_path, names, phrases):
    data = coco_concepts(**write(tmp_path), names=names)
    assert [pair.phrase for pair in data.load_truth(data.keys[0]).pairs] == phrases
    assert names in data.card.note
    assert data.fingerprint != coco_concepts(**write(tmp_path), names="name").fingerprint or names == "name"


def test_lvis_asks_what_is_there_and_what_is_verified_to_be_absent(tmp_path):
    url = "http://images.cocodataset.org/val2017/{:012d}.jpg"
    images = [
        {"id": 7, "coco_url": url.format(7), "neg_category_ids": [3], "not_exhaustive_category_ids": [5]},
        {"id": 9, "coco_url": url.format(9), "neg_category_ids": [5], "not_exhaustive_category_ids": [3]},
    ]
    files = write(tmp_path, images=[{**one, "width": 40, "height": 30} for one in images])
    data = lvis_concepts(**files, check_images=False)
    first, second = (data.load_without_pixels(key).target.pairs for key in data.keys)
    assert [(pair.phrase, pair.exhaustive) for pair in first] == [
        ("cat", True),
        ("bow (weapon)", True),
        ("bow tie", False),
    ]
    assert [(pair.phrase, len(pair.annotators[0])) for pair in second] == [("cat", 1), ("bow tie", 0)]
    assert set(data.pair_places()[""]) == {700001, 700003, 700005, 900001, 900005}


def test_lvis_100_gives_the_pairs_that_were_counted(real_data):
    file = real_data / "lvis_val_100.json"
    data = lvis_concepts(annotations=file, version="v0.5", check_images=False)
    counts = [count for key in data.keys for count in data.pair_counts(key)]
    assert len(data.keys) == 100
    assert sum(count.objects[0] > 0 for count in counts) == 299
    assert sum(count.objects[0] > 0 and not count.exhaustive for count in counts) == 16
    assert sum(count.objects[0] == 0 for count in counts) == 942
    pairs = [pair for key in data.keys for pair in data.load_without_pixels(key).target.pairs]
    assert [(len(pair.annotators[0]), pair.exhaustive) for pair in pairs] == [
        (*one.objects, one.exhaustive) for one in counts
    ]
    assert sum(len(pair.annotators[0]) for pair in pairs) == 977
    assert data.card.name == "lvis_v05_concepts"


def test_ids_of_pairs_tell_image_and_category():
    assert pair_id(581929, 90) == 58192900090
    assert pair_id("a/b", 90) == "a/b/90"
    assert pair_id(5, 100000) == "5/100000"
    assert pair_id(1 << 60, 1) == f"{1 << 60}/1"


def test_what_cannot_be_asked_is_told(tmp_path):
    with pytest.raises(UsageError, match="no names 'names'"):
        coco_concepts(**write(tmp_path), names="names")
    files = write(tmp_path, categories=[{"id": 1, "name": "cat"}, {"id": 5}])
    with pytest.raises(DatasetError, match="1 categories have no name"):
        coco_concepts(**files)
    files = write(tmp_path, categories=[{"id": 1, "name": "cat"}, {"id": 5, "name": "tie"}])
    with pytest.raises(UsageError, match="2 of 2 categories have no list of synonyms"):
        coco_concepts(**files, names="first_synonym")
    with pytest.raises(UsageError, match="tells no categories"):
        coco_concepts(**write(tmp_path, categories=[]))
