import json

import numpy as np
import pytest
from replicas import ade20k as write

from sambench.datasets.sa23.ade20k import ade20k
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

KEY = "validation/urban/street/ADE_val_00000007"


def masks(dataset, key=KEY):
    sample = dataset.load(key)
    return rle.decode_masks([one.rle for one in sample.target.annotations], sample.size)


def test_both_releases_hold_the_same(tmp_path):
    for release in ("2016", "2021"):
        replica = write(tmp_path / release, release)
        dataset = ade20k(tmp_path / release)
        assert dataset.keys == [KEY]
        assert np.array_equal(masks(dataset), replica.masks[KEY])
        categories = [(one.id, one.category_id) for one in dataset.load_truth(KEY).annotations]
        assert categories == [("0/300/255", 300), ("0/2978/5", 2978), ("0/2978/10", 2978), ("1/77/128", 77)]


def test_parts_are_a_switch(tmp_path):
    write(tmp_path)
    assert len(masks(ade20k(tmp_path, parts=False))) == 3
    assert len(masks(ade20k(tmp_path, parts=False, route="instances"))) == 3


def test_instance_files_give_what_is_seen(tmp_path):
    """The JSON is Latin-1, ids have gaps, 128 is hidden, and what is wholly hidden is left out."""
    replica = write(tmp_path)
    dataset = ade20k(tmp_path, route="instances")
    found = masks(dataset)
    assert [one.id for one in dataset.load_truth(KEY).annotations] == [0, 2, 4, 6]
    expected = [replica.masks[KEY][index] for index in (2, 1, 0, 3)]
    assert np.array_equal(found, expected)
    assert dataset.keys == [KEY]
    assert dataset.report[0] == f"{KEY}: mask 8 left out: it covers no pixel"


def test_broken_json_and_missing_instances_are_named(tmp_path):
    replica = write(tmp_path)
    path = replica.image.with_suffix(".json")
    content = json.loads(path.read_text("latin-1"))
    content["annotation"]["object"][1]["instance_mask"] = "gone.png"
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="file is missing") as error:
        masks(ade20k(tmp_path, route="instances"))
    assert "gone.png" in str(error.value)
    del content["annotation"]["object"][1]["parts"]
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="object cannot be read: KeyError: 'parts'"):
        masks(ade20k(tmp_path, route="instances"))


def test_the_older_release_has_no_instance_files(tmp_path):
    write(tmp_path, "2016")
    with pytest.raises(UsageError, match="has no instance PNGs"):
        ade20k(tmp_path, route="instances")


def test_real_objects(real_data):
    """Of the 70 objects of the larger image 19 are parts."""
    dataset = ade20k(real_data / "samples", "training")
    assert [dataset.count(key) for key in dataset.keys] == [70, 37]
    found = dataset.load_truth(dataset.keys[0]).annotations
    assert sum(str(one.id)[0] != "0" for one in found) == 19


@pytest.mark.slow
def test_real_objects_by_both_routes(real_data):
    """Of the 107 objects 104 are the same to the pixel; the three others overlap by over 0.95."""
    seg, instances = (ade20k(real_data / "samples", "training", route=route) for route in ("seg", "instances"))
    assert seg.keys == instances.all_keys
    same = 0
    for key in seg.keys:
        first, second = (data.load_truth(key).annotations for data in (seg, instances))
        assert len(first) == len(second)
        best = rle.iou([one.rle for one in first], [one.rle for one in second]).max(axis=0)
        assert best.min() > 0.95
        same += int((best == 1).sum())
    assert same == 104
