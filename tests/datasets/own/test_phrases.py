import json

import numpy as np
import pytest
from PIL import Image
from saco_files import PLACES, SIZE, box_mask, contents, write_images, write_table
from sambench.tasks.concepts import ConceptsTask

from sambench.datasets.concepts.named import NamedDataset
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle


def opened(root, **settings):
    return own(root, for_task=ConceptsTask(), **settings)


def test_a_table_has_a_row_for_each_object(tmp_path):
    write_table(tmp_path)
    data = opened(tmp_path)
    assert data.keys == ["x/one", "two"]
    bus, zebra = data.load("x/one").target.pairs
    assert [(pair.id, pair.phrase, pair.exhaustive) for pair in (bus, zebra)] == [
        (1, "red bus", True),
        (2, "zebra", False),
    ]
    masks = [rle.decode_masks([one.rle for one in drawn], SIZE) for drawn in bus.annotators]
    assert np.array_equal(masks[0], [box_mask(*PLACES["bus1"]), box_mask(*PLACES["bus2"])])
    assert np.array_equal(masks[1], [box_mask(*PLACES["bus1"])])
    assert zebra.annotators == ([], [])
    (wheel,) = data.load("two").target.pairs
    assert [wheel.phrase, *map(len, wheel.annotators)] == ["wheel, round", 0, 1]
    assert data.card.own
    assert data.card.title == tmp_path.name


def test_a_table_of_one_annotator_needs_three_columns(tmp_path):
    write_table(tmp_path, "image,phrase,mask\ntwo.jpg,bus,m/bus1.png\nx/one.jpg,bus,\n", images="photos")
    data = opened(tmp_path, images="photos", annotations="phrases.csv", title="buses")
    assert [[len(drawn) for drawn in pair.annotators] for key in data.keys for pair in data.load_truth(key).pairs] == [
        [1],
        [0],
    ]
    assert data.card.title == "buses"
    before = data.fingerprint
    Image.fromarray(box_mask(0, 9, 0, 9)).save(tmp_path / "m/bus1.png")
    assert opened(tmp_path, images="photos").fingerprint != before


def test_sizes_come_from_masks_where_images_are_missing(tmp_path):
    write_table(tmp_path)
    (tmp_path / "images/two.jpg").unlink()
    with pytest.raises(DatasetError, match="1 of 2 images are missing"):
        opened(tmp_path)
    assert opened(tmp_path, check_images=False).load_without_pixels("two").size == SIZE


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("image,phrase\ntwo.jpg,bus\n", "has no column mask"),
        ("image,phrase,mask\n", "has no row"),
        ("image,phrase,mask\ntwo.jpg,,\n", "1 lines have no image or no phrase: 2"),
        ("image,phrase,mask\ntwo.jpg,bus,m/none.png\n", "1 masks are missing: m/none.png"),
        ("image,phrase,mask,exhaustive\ntwo.jpg,bus,,maybe\n", "1 lines have an exhaustive that is not 0 or 1: 2"),
        (
            "image,phrase,mask\ntwo.jpg,bus,m/bus1.png\ntwo.jpg,bus,\n",
            "1 lines have no mask where others .* have one: 3",
        ),
        ("image,phrase,mask,annotator\ntwo.jpg,bus,,a\ntwo.jpg,car,,b\n", "1 pairs have no row of annotator a"),
        (
            "image,phrase,mask\ntwo.jpg,bus,m/bus1.png\ntwo.jpg,bus,m/small.png\n",
            "1 masks have another size .*: m/small.png",
        ),
        ("image,phrase,mask\nthree.jpg,bus,\n", "1 images are missing, and no mask tells their size: three.jpg"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path, rows, told):
    write_table(tmp_path, rows)
    Image.new("L", (20, 20), 255).save(tmp_path / "m/small.png")
    with pytest.raises(DatasetError, match=told):
        opened(tmp_path)


def test_masks_that_do_not_fit_their_image_are_told(tmp_path):
    write_table(tmp_path)
    Image.new("RGB", (50, 50)).save(tmp_path / "images/two.jpg")
    with pytest.raises(DatasetError, match="image is 50 x 50 pixels"):
        opened(tmp_path).load("two")
    Image.new("L", SIZE[::-1]).save(tmp_path / "m/bus1.png")
    with pytest.raises(DatasetError, match="mask has no pixel above 0"):
        opened(tmp_path).load_truth("x/one")


def test_files_in_the_form_of_saco_are_told_by_their_phrases(tmp_path):
    write_images(tmp_path / "images")
    for index, name in enumerate(("first", "second")):
        (tmp_path / f"{name}.json").write_text(json.dumps(contents(index)))
    data = opened(tmp_path)
    assert [len(one) for one in data.load("x/one").target.pairs[0].annotators] == [1, 2]
    assert data.card.note.startswith("own data in SA-Co's form, 2 annotators")
    alone = opened(None, annotations=tmp_path / "second.json")
    assert [len(one) for one in alone.load("x/one").target.pairs[0].annotators] == [2]
    (tmp_path / "phrases.csv").write_text("image,phrase,mask\n")
    with pytest.raises(DatasetError, match="several files may be the ground truth: phrases"):
        opened(tmp_path)


def test_category_names_of_a_coco_json_are_asked(tmp_path):
    write_images(tmp_path / "images")
    truth = {
        "images": [{"id": 4, "file_name": "two.jpg", "width": 40, "height": 30}],
        "annotations": [{"id": 1, "image_id": 4, "category_id": 2, "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]}],
        "categories": [{"id": 2, "name": "bus_stop"}, {"id": 1, "name": "cat"}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    data = opened(tmp_path, names="underscore_to_space")
    assert isinstance(data, NamedDataset)
    assert [(pair.id, pair.phrase, len(pair.annotators[0])) for pair in data.load("two").target.pairs] == [
        (400001, "cat", 0),
        (400002, "bus stop", 1),
    ]
    # Where images tell what is absent, as LVIS's do, nothing else is asked.
    truth["images"][0]["neg_category_ids"] = []
    truth["images"][0]["not_exhaustive_category_ids"] = [2]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    assert [(pair.id, pair.exhaustive) for pair in opened(tmp_path).load("two").target.pairs] == [(400002, False)]


def test_other_forms_tell_no_phrases(tmp_path):
    write_images(tmp_path / "images")
    (tmp_path / "labels").mkdir()
    Image.fromarray(box_mask(1, 9, 1, 9)).save(tmp_path / "labels/two.png")
    with pytest.raises(UsageError, match="concepts needs phrases with masks, but these are label images"):
        opened(tmp_path)
    with pytest.raises(UsageError, match="needs to be told where it lies"):
        opened(None)
