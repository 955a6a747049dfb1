import json

import numpy as np
import pytest
from instance_scenes import pairs, perturbed, plain_coco, write_scenes

from sambench.datasets.coco import Coco
from sambench.errors import UsageError
from sambench.metrics.coco.average_recall import match_proposals
from sambench.metrics.coco.by_pycocotools import (
    official_match_coco,
    official_match_proposals,
    official_precision_coco,
    official_recall,
)
from sambench.metrics.coco.matches import match_instances
from sambench.metrics.coco.official_records import annotation_records, entries_by_category, result_records


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """An annotation file, results, and the two in pairs."""
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "instances.json", seed=31, images=5)
    dataset = json.loads(path.read_text())
    results = perturbed(dataset, seed=32)
    return dataset, results, pairs(Coco(annotations=path, check_images=False), results)


def test_records_are_numbered_from_1_and_keep_the_masks_areas(scenes):
    pair = max(scenes[2], key=lambda pair: len(pair.truth.annotations))
    truth, found = annotation_records(pair, "segm"), result_records(pair.detections, "segm")
    assert [one["id"] for one in truth] == list(range(1, len(truth) + 1))
    assert all("bbox" not in one for one in truth + found)
    assert [one["area"] for one in truth] == pair.areas.tolist()
    boxes = result_records(pair.detections, "bbox")
    assert all("segmentation" not in one and len(one["bbox"]) == 4 for one in boxes)
    assert [one["area"] for one in found] == [one["area"] for one in boxes] == pair.detections.areas.tolist()


def test_restored_entries_hold_what_pycocotools_decided(scenes):
    """Right and wrong detections of each image, category and area range, against a run over the whole file."""
    dataset, results, found = scenes
    plain = plain_coco(dataset, results)
    expected = {}
    for entry in plain.evalImgs:
        if entry is not None:
            expected.setdefault((entry["category_id"], tuple(entry["aRng"])), []).append(judged(entry))
    restored = entries_by_category([official_match_coco(pair) for pair in found])
    for category, areas in restored.items():
        for area, entries in zip(plain.params.areaRng, areas, strict=True):
            wanted = [one for one in expected[category, tuple(area)] if one != ([], [], [], 0)]
            assert [one for one in map(judged, entries) if one != ([], [], [], 0)] == wanted


def judged(entry):
    """Scores of counted detections, whether they are right or wrong by threshold, and the number of objects."""
    right, skipped = np.asarray(entry["dtMatches"]) > 0, np.asarray(entry["dtIgnore"]) > 0
    objects = int((np.asarray(entry["gtIgnore"]) == 0).sum())
    counted = np.flatnonzero(~skipped.all(axis=0))
    if not len(counted):
        return [], [], [], objects
    scores = np.asarray(entry["dtScores"])[counted].tolist()
    return scores, (right & ~skipped)[:, counted].tolist(), (~right & ~skipped)[:, counted].tolist(), objects


def test_own_records_are_pycocotools_records(scenes):
    for pair in scenes[2]:
        own, official = vars(match_instances(pair, max_dets=4)), vars(official_match_coco(pair, max_dets=4))
        assert all(np.array_equal(own[name], official[name]) for name in own)
        own, official = match_proposals(pair, max_dets=7).places, official_match_proposals(pair, max_dets=7).places
        assert all(np.array_equal(own[name], official[name]) for name in own)


def test_what_has_no_object_is_undefined_and_nothing_is_printed(scenes, capsys):
    assert np.isnan(official_precision_coco([])["AP"])
    assert np.isnan(official_recall([])["AR@1000"])
    matches = [official_match_coco(pair) for pair in scenes[2]]
    assert 0 < official_precision_coco(matches)["AP"] < 1
    assert capsys.readouterr().out == ""


def test_unknown_overlaps_are_refused(scenes):
    with pytest.raises(UsageError, match="iou_type"):
        official_match_coco(scenes[2][0], iou_type="keypoints")
