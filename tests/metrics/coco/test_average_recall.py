import json

import numpy as np
import pytest
from instance_scenes import decoded, pairs, perturbed, plain_coco, read_figures, write_scenes

from sambench.datasets.coco import Coco
from sambench.errors import DatasetError, PredictionError, UsageError
from sambench.masks import rle
from sambench.metrics.coco.average_recall import (
    match_proposals,
    recall_counts,
    recall_curve,
    recall_figures,
    recall_replicates,
)
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.evaluators import frequencies_of, proposal_recall
from sambench.metrics.coco.greedy import greedy_places
from sambench.metrics.coco.params import IOU_THRESHOLDS
from sambench.metrics.coco.rows import columns_of_proposals, proposals_of_rows
from sambench.types import Annotation, InstanceTruth

LIMITS = (1, 10, 100, 1000)


def columns(height, width, *spans):
    """Masks that fill the columns of each span (first, end)."""
    masks = np.zeros((len(spans), height, width), bool)
    for mask, (first, end) in zip(masks, spans, strict=True):
        mask[:, first:end] = True
    return rle.encode_masks(masks)


def truth_of(codes, areas=None, categories=None, crowds=None, image_id=1):
    areas = rle.areas(codes).tolist() if areas is None else areas
    categories = [1] * len(codes) if categories is None else categories
    crowds = [False] * len(codes) if crowds is None else crowds
    return InstanceTruth(
        [
            Annotation(i, k, c, a, crowd)
            for i, (c, a, k, crowd) in enumerate(zip(codes, areas, categories, crowds, strict=True))
        ],
        image_id,
    )


def pair_of(objects, found, scores, **truth):
    return ImagePair(truth_of(objects, **truth), Detections(scores, np.ones(len(found)), found))


def test_counts_by_hand():
    objects = columns(10, 40, (0, 10), (20, 30))
    # Overlaps with the first object: 1, 9/10 and 6/10; the last proposal covers half of the second.
    found = columns(10, 40, (0, 10), (0, 9), (0, 6), (20, 25))
    pair = pair_of(objects, found, [0.1, 0.9, 0.5, 0.3])
    match = match_proposals(pair)
    # The best-scored one (.9 overlap) takes the first object up to .90; the exact copy, last in order, at .95.
    assert match.places["all"].tolist() == [[0] * 9 + [3], [2] + [-1] * 9]
    figures = recall_figures([match], (1, 3, 4))
    assert figures["AR@1"] == pytest.approx(9 / 20)
    assert figures["AR@3"] == pytest.approx(10 / 20)
    assert figures["AR@4"] == pytest.approx(11 / 20)
    curve = recall_curve([match], (1, 3, 4))
    assert curve.shape == (10, 3)
    assert curve[0].tolist() == [0.5, 1.0, 1.0]
    assert curve[-1].tolist() == [0.0, 0.0, 0.5]
    assert np.isnan(recall_curve([match], (1,), "large")).all()


def test_an_overlap_at_the_threshold_counts_and_the_larger_one_is_taken():
    ious = np.array([[0.5, 0.75, 0.75], [0.5, 0.0, 0.8]])
    places = greedy_places(ious, np.ones((1, 3), bool), np.array([0.5, 0.75]))[0]
    # Of the two at .75 the later one is taken, as pycocotools does; the second detection then falls back to .5.
    assert places.tolist() == [[1, -1], [-1, -1], [0, 0]]


def test_groups_are_measured_against_their_own_objects_alone():
    objects = columns(40, 40, (0, 20), (0, 16))  # 800 and 640 pixels; areas as the annotations state them count
    found = columns(40, 40, (0, 18))
    frequencies = {1: "r", 2: "f"}
    pair = pair_of(objects, found, [1.0], areas=[2000.0, 640.0], categories=[1, 2])
    match = match_proposals(pair, frequencies=frequencies)
    assert {name: len(places) for name, places in match.places.items()} == {
        "all": 2, "small": 1, "medium": 1, "large": 0, "rare": 1, "common": 0, "frequent": 1,
    }  # fmt: skip
    figures = recall_figures([match], (10,))
    # Both overlap by 9/10 and 16/18 at most: 9 and 8 thresholds; over all objects only one of them can be taken.
    assert figures["ARm@10"] == figures["ARr@10"] == pytest.approx(0.9)
    assert figures["ARs@10"] == figures["ARf@10"] == pytest.approx(0.8)
    assert figures["AR@10"] == pytest.approx(0.45)
    assert np.isnan(figures["ARl@10"])
    assert np.isnan(figures["ARc@10"])


def test_an_area_on_the_border_is_in_both_groups():
    pair = pair_of(columns(32, 40, (0, 32)), columns(32, 40, (0, 32)), [1.0])
    figures = recall_figures([match_proposals(pair)], (1,))
    assert figures["ARs@1"] == figures["ARm@1"] == 1.0


def test_crowds_are_no_objects():
    objects = columns(10, 40, (0, 10), (20, 30))
    pair = pair_of(objects, objects, [0.5, 0.4], crowds=[True, False])
    figures = recall_figures([match_proposals(pair)], (1, 2))
    assert figures["AR@1"] == 0.0
    assert figures["AR@2"] == 1.0


def test_empty_masks_find_nothing_and_take_a_place():
    objects = columns(10, 40, (0, 10))
    found = columns(10, 40, (0, 0), (0, 10))
    figures = recall_figures([match_proposals(pair_of(objects, found, [0.9, 0.8]))], (1, 2))
    assert (figures["AR@1"], figures["AR@2"]) == (0.0, 1.0)


def test_equal_scores_keep_their_order():
    objects = columns(10, 40, (0, 10))
    found = columns(10, 40, (20, 30), (0, 10))
    assert recall_figures([match_proposals(pair_of(objects, found, [0.5, 0.5]))], (1,))["AR@1"] == 0.0
    assert recall_figures([match_proposals(pair_of(objects, found[::-1], [0.5, 0.5]))], (1,))["AR@1"] == 1.0


def test_images_without_objects_or_proposals():
    objects = columns(10, 40, (0, 10))
    matches = [
        match_proposals(pair_of(objects, [], [])),
        match_proposals(pair_of([], objects, [1.0], image_id=2)),
        match_proposals(pair_of(objects, objects, [1.0], image_id=3)),
    ]
    assert recall_figures(matches, (5,))["AR@5"] == 0.5
    assert np.isnan(recall_figures(matches[1:2], (5,))["AR@5"])
    assert np.isnan(recall_figures([], (5,))["AR@5"])


def test_boxes_may_stand_in_for_masks_and_the_files_own_boxes_count():
    truth = truth_of(columns(10, 40, (0, 10)))
    boxes = Detections([1.0], [1], None, [[0.0, 0.0, 10.0, 10.0]])
    with pytest.raises(PredictionError, match="boxes and no masks"):
        match_proposals(ImagePair(truth, boxes))
    assert recall_figures([match_proposals(ImagePair(truth, boxes), iou_type="bbox")], (1,))["AR@1"] == 1.0
    wider = ImagePair(truth, boxes, np.array([[0.0, 0.0, 12.5, 10.0]]))
    assert recall_figures([match_proposals(wider, iou_type="bbox")], (1,))["AR@1"] == pytest.approx(0.7)


def test_bad_input_is_refused():
    code = columns(10, 40, (0, 10))
    with pytest.raises(PredictionError, match="1 of 1 detections have a score that is not finite"):
        Detections([np.nan], [1], code)
    with pytest.raises(PredictionError, match="a score, a category and a mask or box each"):
        Detections([0.5, 0.4], [1, 1], code)
    with pytest.raises(PredictionError, match="box is not finite"):
        Detections([0.5], [1], None, [[0, 0, np.nan, 1]])
    with pytest.raises(PredictionError, match="10 x 41") as caught:
        pair_of(code, columns(10, 41, (0, 10)), [1.0], image_id=77)
    assert "image 77" in str(caught.value)
    with pytest.raises(DatasetError, match="category 1 has frequency None"):
        match_proposals(pair_of(code, code, [1.0]), frequencies={2: "r"})
    with pytest.raises(UsageError, match="iou_type"):
        match_proposals(pair_of(code, code, [1.0]), iou_type="masks")
    with pytest.raises(UsageError, match="max_dets"):
        proposal_recall([], max_dets=[0, 10])


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "instances.json", seed=3, images=8)
    dataset = json.loads(path.read_text())
    data = Coco(annotations=path, check_images=False)
    return dataset, data, perturbed(dataset, seed=4)


def test_an_independent_computation_from_the_overlaps_agrees(scenes):
    dataset, data, results = scenes
    found = proposal_recall(pairs(data, results), data.categories, max_dets=LIMITS)
    for group, wanted in (("", "rcf"), ("r", "r"), ("c", "c"), ("f", "f")):
        for limit in (10, 1000):
            assert found[f"AR{group}@{limit}"] == pytest.approx(ten_lines(dataset, results, wanted, limit), abs=1e-12)


def ten_lines(dataset, results, wanted, limit):
    """AR from the matrix of overlaps of decoded masks: greedy in order of score, the largest free overlap first."""
    frequency = {k["id"]: k["frequency"] for k in dataset["categories"]}
    found, total = np.zeros(len(IOU_THRESHOLDS)), 0
    for image in dataset["images"]:
        size = image["height"], image["width"]
        own = [o for o in dataset["annotations"] if o["image_id"] == image["id"] and not o.get("iscrowd")]
        truth = np.array(
            [decoded(o["segmentation"], size).ravel() for o in own if frequency[o["category_id"]] in wanted], float
        )
        ranked = sorted(
            (r for r in results if r["image_id"] == image["id"]), key=lambda r: (-r["score"], r["category_id"])
        )
        ranked = ranked[:limit]
        masks = np.array([decoded(r["segmentation"], size).ravel() for r in ranked], float)
        total += len(truth)
        if not len(truth):
            continue
        common = masks @ truth.T
        ious = common / np.maximum(masks.sum(1)[:, None] + truth.sum(1) - common, 1)
        for t, threshold in enumerate(IOU_THRESHOLDS):
            free = ious.copy()
            for row in free:
                if row.max() >= threshold:
                    found[t] += 1
                    free[:, row.argmax()] = -1
    return (found / total).mean()


def test_resamples_count_images_as_often_as_they_are_drawn(scenes):
    dataset, data, results = scenes
    matches = [match_proposals(pair, frequencies=frequencies_of(data.categories)) for pair in pairs(data, results)]
    weights = np.array([[0, 2, 1, 0, 3, 1, 0, 1], [1, 1, 1, 1, 1, 1, 1, 1]])
    drawn = recall_replicates(matches, weights, LIMITS)
    repeated = [match for match, times in zip(matches, weights[0], strict=True) for _ in range(times)]
    for name, values in drawn.items():
        assert values[0] == pytest.approx(recall_figures(repeated, LIMITS)[name], abs=1e-12, nan_ok=True)
    plain = read_figures(plain_coco(dataset, results, max_dets=LIMITS, use_cats=0), LIMITS)
    for name in plain.keys() & drawn.keys():
        assert drawn[name][1] == pytest.approx(plain[name], abs=1e-12, nan_ok=True)


def test_recall_grows_with_the_limit_and_falls_with_the_threshold(scenes):
    _, data, results = scenes
    matches = [match_proposals(pair) for pair in pairs(data, results)]
    found, totals = recall_counts(matches, "all", np.arange(1, 60))
    assert (np.diff(found.sum(axis=0), axis=1) >= 0).all()
    assert (np.diff(found.sum(axis=0), axis=0) <= 0).all()
    assert found.max() <= totals.max()


def test_rows_give_the_records_back(scenes):
    _, data, results = scenes
    matches = [match_proposals(pair, frequencies=frequencies_of(data.categories)) for pair in pairs(data, results)]
    rows = json.loads(json.dumps([columns_of_proposals(match) for match in matches]))
    for match, restored in zip(matches, proposals_of_rows(rows), strict=True):
        assert restored.image_id == match.image_id
        assert restored.places.keys() == match.places.keys()
        assert all(np.array_equal(restored.places[name], match.places[name]) for name in match.places)
