"""Ways to get a wrong number out of right tools: each test shows the naive number, and that ours is the right one."""

import copy
import json
import logging

import lvis.eval
import numpy as np
import pytest
from instance_scenes import (
    decoded,
    pairs,
    perturbed,
    plain_coco,
    plain_hotcoco,
    quiet,
    read_figures,
    relabelled,
    with_category,
    write_scenes,
)
from lvis import LVIS, LVISEval, LVISResults

from sambench.datasets.coco import Coco
from sambench.datasets.lvis import Lvis
from sambench.errors import PredictionError
from sambench.masks import rle
from sambench.metrics.coco.average_recall import match_proposals, recall_figures
from sambench.metrics.coco.by_lvis import RepairedEval
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.evaluators import evaluate_instances, proposal_recall
from sambench.types import Annotation, InstanceTruth

LIMITS = (1, 10, 100, 1000)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A file in LVIS's format (no `iscrowd`, as downloaded) and 40 or more proposals an image."""
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "lvis.json", seed=21, images=8, crowds=False)
    dataset = json.loads(path.read_text())
    for one in dataset["annotations"]:
        del one["iscrowd"]
    path.write_text(json.dumps(dataset))
    return path, dataset, Lvis(annotations=path, check_images=False), perturbed(dataset, seed=22, per_object=12)


def plain_lvis(path, results, max_dets=300, kind=LVISEval, use_cats=1):
    """Run lvis as its own README does; `RepairedEval` in place of `LVISEval` to get past `np.float`."""
    logging.disable(logging.WARNING)
    truth = LVIS(str(path))
    evaluator = kind(truth, LVISResults(truth, copy.deepcopy(results), max_dets=max_dets), "segm")
    evaluator.params.use_cats = use_cats
    evaluator.run()
    logging.disable(logging.NOTSET)
    return dict(evaluator.results)


def test_trap_1_lvis_drops_proposals_of_a_dummy_category(scenes, tmp_path):
    _, dataset, data, results = scenes
    dataset = copy.deepcopy(dataset)
    right = proposal_recall(pairs(data, results), data.categories, evaluator="both")["AR@1000"]
    dummy = dataset["annotations"][0]["category_id"]
    for image in dataset["images"]:
        image["neg_category_ids"] = [k for k in image["neg_category_ids"] if k != dummy]
    (tmp_path / "few.json").write_text(json.dumps(dataset))
    naive = plain_lvis(tmp_path / "few.json", with_category(results, dummy), 1000, RepairedEval, use_cats=0)["AR@300"]
    assert 0 < naive < 0.8 * right
    (tmp_path / "one.json").write_text(json.dumps(relabelled(dataset)))
    in_one_category = plain_lvis(tmp_path / "one.json", with_category(results), 1000, RepairedEval)["AR@300"]
    # lvis leaves out masks without pixels, which take no object anyway.
    assert in_one_category == pytest.approx(right, abs=1e-9)


class OnlyNumpyMended(LVISEval):
    accumulate = RepairedEval.accumulate


class OnlySummaryMended(RepairedEval):
    _get_gt_dt = LVISEval._get_gt_dt


def test_trap_2_lvis_fails_on_current_numpy_and_without_categories(scenes, tmp_path):
    path, dataset, data, results = scenes
    with pytest.raises(AttributeError, match="float"):
        plain_lvis(path, results)
    with pytest.raises(IndexError):
        plain_lvis(path, results, 1000, OnlyNumpyMended, use_cats=0)
    (tmp_path / "one.json").write_text(json.dumps(relabelled(dataset)))
    one_category = with_category(results)
    assert plain_lvis(tmp_path / "one.json", one_category, 1000, OnlySummaryMended, use_cats=0)["AR@300"] == -1
    mended = plain_lvis(tmp_path / "one.json", one_category, 1000, RepairedEval, use_cats=0)
    right = proposal_recall(pairs(data, results), data.categories, evaluator="both")
    for area in ("", "s", "m", "l"):
        assert mended[f"AR{area}@300"] == pytest.approx(right[f"AR{area}@1000"], abs=1e-9)
    assert not hasattr(np, "float"), "numpy is left as it is"
    assert "_NumpyWithFloat" not in repr(type(lvis.eval.np)), "lvis is left as it is"


def test_trap_3_lvis_keeps_300_unless_the_results_are_told(scenes):
    """With 20 for 300 and all for 1000: `params.max_dets` changes the label and nothing else."""
    path, _, data, results = scenes
    truth = LVIS(str(path))
    logging.disable(logging.WARNING)
    naive = RepairedEval(truth, LVISResults(truth, copy.deepcopy(results), max_dets=20), "segm")
    logging.disable(logging.NOTSET)
    naive.params.max_dets = 1000
    naive.run()
    found = pairs(data, results)
    right = evaluate_instances(found, data.categories, kind="lvis", max_dets=1000, evaluator="both")
    capped = evaluate_instances(found, data.categories, kind="lvis", max_dets=20, evaluator="both")
    assert naive.results["AR@1000"] < right["AR@1000"] - 0.05
    assert naive.results["AR@1000"] == pytest.approx(capped["AR@20"], abs=1e-9)
    assert naive.results["AP"] == pytest.approx(capped["AP"], abs=1e-9)


def test_trap_4_a_box_beside_a_mask_changes_the_area_groups(scenes):
    _, dataset, data, results = scenes
    dataset = {**dataset, "annotations": [{**one, "iscrowd": 0} for one in dataset["annotations"]]}
    boxes = [{**one, "bbox": rle.boxes_xywh([one["segmentation"]])[0].tolist()} for one in results]
    naive = read_figures(plain_coco(dataset, boxes))
    plain = read_figures(plain_coco(dataset, results))
    right = evaluate_instances(pairs(data, boxes, boxes=True), data.categories, evaluator="both")
    assert naive["AP"] == pytest.approx(right["AP"], abs=1e-9)
    assert max(abs(naive[name] - right[name]) for name in ("APs", "APm", "APl")) > 1e-3
    for name in ("APs", "APm", "APl"):
        assert right[name] == pytest.approx(plain[name], abs=1e-9)


def test_trap_5_ground_truth_without_iscrowd_and_limits_without_100(scenes):
    _, dataset, data, results = scenes
    with pytest.raises(KeyError, match="iscrowd"):
        plain_coco(dataset, results, add_crowds=False)
    naive = plain_coco(dataset, results, max_dets=(1, 10, 1000))
    with quiet():
        naive.summarize()
    right = evaluate_instances(pairs(data, results), data.categories, max_dets=(1, 10, 1000), evaluator="both")
    assert naive.stats[0] == -1
    assert 0 < right["AP"] < 1
    assert naive.stats[8] == pytest.approx(right["AR@1000"], abs=1e-9)


def test_the_limits_trap_ap_at_100_under_the_name_of_ap():
    """One object is the best-scored mask, the other the last of 110: AP at 100 and at 1000 differ."""
    truth, found = many_masks()
    dataset, results = as_files(truth, found)
    limits = (10, 100, 1000)
    naive = plain_coco(dataset, results, max_dets=limits)
    with quiet():
        naive.summarize()
    right = evaluate_instances([ImagePair(truth, found)], dataset["categories"], max_dets=limits, evaluator="both")
    assert right["AP"] == pytest.approx((51 + 50 * 2 / 110) / 101)
    assert naive.stats[0] == pytest.approx(51 / 101), "AP at 100 under the name of AP"
    assert naive.stats[8] == right["AR@1000"] == pytest.approx(1.0), "in one table with recall at 1000"
    fast = plain_hotcoco(dataset, results, max_dets=limits)
    with pytest.warns(UserWarning, match="max_dets"), quiet():
        fast.summarize()
    assert fast.stats[0] == pytest.approx(right["AP"]), "hotcoco's summary takes the last limit"


def many_masks():
    masks = np.zeros((110, 30, 160), bool)
    for n, mask in enumerate(masks):
        mask[n % 15 : n % 15 + 12, n : n + 8] = True
    masks[1:-1, 20:] = True  # all but the first and last lie on neither object
    codes = rle.encode_masks(masks)
    truth = InstanceTruth([Annotation(1, 1, codes[0], 96.0), Annotation(2, 1, codes[-1], 96.0)], 1)
    return truth, Detections(np.linspace(0.9, 0.1, 110), np.ones(110), codes)


def as_files(truth, found):
    size = truth.annotations[0].rle["size"]
    dataset = {
        "images": [{"id": 1, "height": size[0], "width": size[1]}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": one.id, "image_id": 1, "category_id": 1, "segmentation": one.rle, "area": one.area, "iscrowd": 0,
             "bbox": [0, 0, 1, 1]}
            for one in truth.annotations
        ],
    }  # fmt: skip
    results = [
        {"image_id": 1, "category_id": 1, "segmentation": code, "score": float(score)}
        for code, score in zip(found.rles, found.scores, strict=True)
    ]
    return dataset, results


def test_trap_6_scores_matter_for_recall_too():
    """A better-scored mask that overlaps two objects may take the one that another mask needs."""
    masks = np.zeros((4, 10, 40), bool)
    masks[0, :, 0:10], masks[1, :, 8:18] = True, True  # objects
    masks[2, :, 2:14], masks[3, :, 0:10] = True, True  # overlaps both (8/14 and 6/16), and the first alone
    codes = rle.encode_masks(masks)
    truth = InstanceTruth([Annotation(n + 1, 1, code, 100.0) for n, code in enumerate(codes[:2])], 1)
    recall = {
        scores: recall_figures([match_proposals(ImagePair(truth, Detections(scores, [1, 1], codes[2:])))], (2,))["AR@2"]
        for scores in ((0.9, 0.1), (0.1, 0.9))
    }
    best_overlaps = rle.iou(codes[2:], codes[:2]).max(axis=0)  # no scores, no one-to-one: the naive recall
    naive = np.mean([(best_overlaps >= threshold).mean() for threshold in np.linspace(0.5, 0.95, 10)])
    assert recall[(0.9, 0.1)] == pytest.approx(naive) == pytest.approx(0.5)
    limited = {
        scores: recall_figures([match_proposals(ImagePair(truth, Detections(scores, [1, 1], codes[2:])))], (1,))["AR@1"]
        for scores in recall
    }
    assert limited[(0.9, 0.1)] == pytest.approx(0.1)
    assert limited[(0.1, 0.9)] == pytest.approx(0.5)


def test_trap_7_nan_scores_of_empty_masks_are_refused_not_ranked():
    """AMG's mean of predicted IoU and stability (0 / 0 = NaN for an empty mask), with its filters off."""
    masks = np.zeros((3, 10, 40), bool)
    masks[1:, :, :10] = True
    codes = rle.encode_masks(masks)
    with np.errstate(invalid="ignore"):
        stability = np.array([0.0, 95.0, 90.0]) / np.array([0.0, 100.0, 100.0])
    scores = (np.array([0.3, 0.9, 0.8]) + stability) / 2
    assert np.argmax(scores) == 0, "the naive best proposal is the empty mask"
    with pytest.raises(PredictionError, match="1 of 3 detections have a score that is not finite"):
        Detections(scores, np.ones(3), codes)
    truth = InstanceTruth([Annotation(1, 1, codes[1], 100.0)], 1)
    kept = np.flatnonzero(rle.areas(codes) > 0)
    found = Detections(scores[kept], np.ones(2), [codes[i] for i in kept])
    assert recall_figures([match_proposals(ImagePair(truth, found))], (1,))["AR@1"] == 1.0
    naive = Detections(np.where(np.isnan(scores), np.inf, scores).clip(max=1), np.ones(3), codes)
    assert recall_figures([match_proposals(ImagePair(truth, naive))], (1,))["AR@1"] == 0.0


def test_trap_8_lvis_v1_images_lie_in_two_folders(tmp_path):
    path = write_scenes(tmp_path / "lvis_v1_val.json", images=4)
    dataset = json.loads(path.read_text())
    for image, folder in zip(dataset["images"], ("train2017", "val2017"), strict=False):
        del image["file_name"]  # v1 has none
        image["coco_url"] = f"http://images.cocodataset.org/{folder}/{image['id']:012d}.jpg"
    path.write_text(json.dumps({**dataset, "images": [{**i, "file_name": None} for i in dataset["images"]]}))
    data = Lvis(annotations=path, images=tmp_path, check_images=False)
    naive = {f"val2017/{image['id']:012d}" for image in dataset["images"]}
    assert {key.split("/")[0] for key in data.keys} == {"train2017", "val2017"}
    assert set(data.keys) != naive


def test_an_annotation_with_id_0_counts(tmp_path):
    """pycocotools and lvis mark what a detection took by its id, and 0 there means nothing."""
    path = write_scenes(tmp_path / "first.json", seed=5, images=1, crowds=False, first_id=0)
    dataset = json.loads(path.read_text())
    dataset["annotations"] = dataset["annotations"][:1]
    path.write_text(json.dumps(dataset))
    data = Coco(annotations=path, check_images=False)
    only = dataset["annotations"][0]
    assert decoded(only["segmentation"], (140, 180)).any()
    kept = ("image_id", "category_id", "segmentation")
    results = [{**{name: only[name] for name in kept}, "score": 0.5}]
    assert read_figures(plain_coco(dataset, results))["AP"] == 0.0
    for kind in ("coco", "lvis"):
        right = evaluate_instances(pairs(data, results), data.categories, kind=kind, evaluator="both")
        assert right["AP"] == pytest.approx(1.0)
