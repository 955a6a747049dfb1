import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.errors import PredictionError
from sambench.masks import rle
from sambench.metrics.coco.detections import Detections
from sambench.predictions.coco_results import ResultsFile, ResultsFolder, write_detections
from sambench.predictions.results_index import ResultsIndex
from sambench.types import InstanceTruth, Sample

SIZES = {7: (10, 12), 8: (20, 16)}
KEYS = {7: "val/7", 8: "val/8"}


def sample(image_id):
    return Sample(KEYS[image_id], np.zeros((*SIZES[image_id], 3), np.uint8), InstanceTruth([], image_id))


def box(image_id=7, **more):
    return {"image_id": image_id, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, **more}


def opened(tmp_path, entries, text=None):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(entries) if text is None else text)
    return ResultsFile(path, KEYS, SIZES, {1, 2})


def test_entries_of_an_image_keep_the_files_order(tmp_path):
    entries = [box(score=0.1), box(8, score=0.2), box(score=0.9), box(category_id=2, score=0.3)]
    file = opened(tmp_path, entries)
    assert file.read(sample(7)).scores.tolist() == [0.1, 0.9, 0.3]
    assert file.read_boxes(sample(8)).boxes_xywh.tolist() == [[1, 2, 3, 4]]
    assert file.compare(["val/7", "val/8", "val/9"]) == (["val/9"], [])
    assert len(file.fingerprint()) == 64


@settings(max_examples=40, deadline=None)
@given(
    images=st.lists(st.sampled_from([7, 8]), max_size=30),
    padding=st.sampled_from(["", " ", "\n", "\t \r\n"]),
    names=st.text(max_size=5),
)
def test_any_layout_of_the_json_is_read(tmp_path_factory, images, padding, names):
    folder = tmp_path_factory.mktemp("results")
    entries = [box(image, score=index / 100, name=names, nested=[{"a": "]},{"}]) for index, image in enumerate(images)]
    text = padding + "[" + ("," + padding).join(padding + json.dumps(entry, ensure_ascii=False) for entry in entries)
    path = folder / "r.json"
    path.write_text(text + padding + "]" + padding, encoding="utf-8")
    index = ResultsIndex(path, lambda entry: None)
    assert len(index) == len(entries)
    for image in (7, 8):
        assert index.read(image) == [entry for entry in entries if entry["image_id"] == image]


def test_entries_longer_than_the_window_are_read(tmp_path):
    path = tmp_path / "r.json"
    entries = [box(score=0.1, blob="x" * 9_000_000), box(8, score=0.2)]
    path.write_text(json.dumps(entries))
    index = ResultsIndex(path, lambda entry: None)
    assert index.read(7) == entries[:1]
    assert index.read(8) == entries[1:]


def test_memory_stays_far_below_the_files_size(tmp_path):
    path = tmp_path / "r.json"
    entry = json.dumps(box(blob="y" * 2000))
    path.write_text("[" + ",".join([entry] * 20_000) + "]")
    tracemalloc.start()
    index = ResultsIndex(path, lambda entry: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(index) == 20_000
    assert path.stat().st_size > 40e6
    assert peak < 25e6


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image_id": 99}, "1 with an unknown image_id (entries 1)"),
        ({"image_id": None}, "an unknown image_id"),
        ({"category_id": 5}, "an unknown category_id"),
        ({"bbox": [1, 2, float("nan"), 4]}, "not four finite numbers"),
        ({"bbox": [1, 2, 3]}, "not four finite numbers"),
        ({"bbox": [1, 2, 0, 4]}, "an empty bbox"),
        ({"bbox": [12, 2, 3, 4]}, "outside its image"),
        ({"bbox": [-5, 2, 5, 4]}, "outside its image"),
        ({"score": None}, "a missing or non-finite score"),
        ({"score": float("inf")}, "a missing or non-finite score"),
    ],
)
def test_entries_that_do_not_fit_are_counted_and_placed(tmp_path, change, told):
    with pytest.raises(PredictionError) as caught:
        opened(tmp_path, [box(), {**box(), **change}])
    assert told in caught.value.what
    assert "results.json" in caught.value.where


@pytest.mark.parametrize(
    ("change", "told", "mend"),
    [
        ({"image_id": "7"}, "1 with an image_id in quotes (entries 1)", "jq 'map(.image_id |= tonumber)'"),
        ({"image_id": 99}, "1 with an unknown image_id (entries 1)", "choose the data it was made for"),
        ({"score": "0.5"}, "1 with a missing or non-finite score (entries 1)", "a finite number, without quotes"),
        ({"bbox": [1, 2, 0, 4]}, "1 with an empty bbox (entries 1)", "write the file again"),
    ],
)
def test_what_mends_an_entry_goes_by_its_fault(tmp_path, change, told, mend):
    with pytest.raises(PredictionError) as caught:
        opened(tmp_path, [box(), {**box(), **change}])
    assert told in caught.value.what
    assert mend in caught.value.mend
    assert caught.value.mend.endswith("; or take these entries out")


def test_text_ids_are_told_of_numbers(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps([box()]))
    with pytest.raises(PredictionError, match="1 with an image_id without quotes") as caught:
        ResultsFile(path, {"7": "seven"}, {"7": (10, 12)}, None)
    assert "tostring" in caught.value.mend


def test_many_faults_of_several_kinds_are_told_at_once(tmp_path):
    with pytest.raises(
        PredictionError, match=r"7 with an unknown image_id \(entries 0, 1, 2, 3, 4\.\.\.\); 1 with an em"
    ):
        opened(tmp_path, [box(99)] * 7 + [box(bbox=[1, 1, 0, 0])])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("{}", "an object, not a list"),
        ("[1]", "an entry"),
        ('[{"image_id": 7', "byte"),
        ("[", "byte 1"),
    ],
)
def test_files_that_are_no_list_are_told_with_the_byte(tmp_path, text, told):
    with pytest.raises(PredictionError, match=told):
        opened(tmp_path, None, text)
    with pytest.raises(PredictionError, match="no results file"):
        ResultsFile(tmp_path / "nowhere.json", KEYS, SIZES, None)


def test_a_boxes_reaching_over_the_border_is_kept(tmp_path):
    assert opened(tmp_path, [box(bbox=[-1, -1, 30, 30])]).read_boxes(sample(7)).boxes_xywh.tolist() == [
        [-1, -1, 30, 30]
    ]


def test_written_masks_read_back_and_have_no_box(tmp_path):
    masks = np.zeros((2, 10, 12), bool)
    masks[0, 2:5, 3:9] = True
    made = Detections(np.array([0.25, 1 / 3]), np.array([1, 2]), rle.encode_masks(masks))
    write_detections(made, 7, tmp_path, "val/7")
    first = (tmp_path / "val" / "7.json.gz").read_bytes()
    write_detections(made, 7, tmp_path, "val/7")
    assert (tmp_path / "val" / "7.json.gz").read_bytes() == first
    folder = ResultsFolder(tmp_path, ["val/7", "val/8"])
    found = folder.read(sample(7))
    assert found.scores.tolist() == made.scores.tolist()
    np.testing.assert_array_equal(rle.decode_masks(found.rles, (10, 12)), masks)
    assert folder.compare(["val/7", "val/8"]) == (["val/8"], [])
    assert len(folder.read(sample(8))) == 0
    assert ResultsFolder(tmp_path, ["val/8"]).compare(["val/8"]) == (["val/8"], ["val/7"])


def test_damaged_and_mixed_predictions_are_told(tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "7.json.gz").write_bytes(b"junk")
    with pytest.raises(PredictionError, match="cannot be read"):
        ResultsFolder(tmp_path, ["val/7"]).read(sample(7))
    mask = rle.to_json(rle.encode_masks(np.ones((1, 10, 12), bool))[0])
    mixed = opened(tmp_path, [box(), box(segmentation=mask)])
    with pytest.raises(PredictionError, match="1 of 2 detections of an image have no segmentation"):
        mixed.read(sample(7))
    with pytest.raises(PredictionError, match=r"1 with a segmentation of another size than its image \(entries 0\)"):
        opened(tmp_path, [box(8, segmentation=mask)])
    wrong = opened(tmp_path, [box(segmentation={**mask, "counts": [5]})])
    with pytest.raises(PredictionError, match="a mask cannot be used"):
        wrong.read(sample(7))


def test_a_single_polygon_without_its_outer_list_is_read_as_with_it(tmp_path):
    polygon = [1, 2, 9, 2, 9, 6, 1, 6]
    flat, nested = box(segmentation=polygon), box(segmentation=[polygon])
    one, other = opened(tmp_path, [flat, nested]).read(sample(7)).rles
    assert one == other
    assert rle.areas([one]).tolist() == [32]
    with pytest.raises(PredictionError, match="three points or more"):
        opened(tmp_path, [box(segmentation=[1, 2, 9, 2])]).read(sample(7))


def test_what_a_generator_says_of_its_masks_comes_back(tmp_path):
    codes = rle.encode_masks(np.ones((2, *SIZES[7]), bool))
    estimates = {"predicted_iou": np.array([0.25, 0.5]), "stability_score": np.array([1 / 3, 1.0])}
    found = Detections(np.array([0.9, 0.8]), np.ones(2, int), codes, estimates=estimates)
    write_detections(found, 7, tmp_path, KEYS[7])
    read = ResultsFolder(tmp_path, [KEYS[7]]).read(sample(7))
    assert {name: own.tolist() for name, own in read.estimates.items()} == {
        "predicted_iou": [0.25, 0.5],
        "stability_score": [0.333333, 1.0],
    }
    assert read[np.array([1])].estimates["stability_score"].tolist() == [1.0]
    assert read.ranked(1).estimates["predicted_iou"].tolist() == [0.25]
    mask = {"segmentation": {"size": list(SIZES[7]), "counts": [0, 120]}}
    half = [box(predicted_iou=0.5, **mask), box(predicted_iou=None, **mask)]
    assert opened(tmp_path, half).read(sample(7)).estimates == {}
    with pytest.raises(PredictionError, match="2 detections have"):
        Detections(np.zeros(2), np.ones(2, int), codes, estimates={"predicted_iou": np.zeros(3)})
