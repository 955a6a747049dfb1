"""Every figure of three evaluators against pycocotools, lvis and hotcoco run plainly on whole files, to 1e-9.

1e-9 leaves room for nothing but the order in which means are added up.
"""

import copy
import json
import logging
from functools import cached_property

import hotcoco
import numpy as np
import pytest
from instance_scenes import (
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
from lvis import LVIS, LVISResults

from sambench.datasets.coco import Coco
from sambench.datasets.lvis import Lvis
from sambench.masks import rle
from sambench.metrics.coco import evaluators
from sambench.metrics.coco.agreement import DisagreementError, agreed_figures, check_records
from sambench.metrics.coco.by_lvis import RepairedEval
from sambench.metrics.coco.evaluators import (
    EVALUATORS,
    evaluate_instances,
    frequencies_of,
    instance_figures,
    match_instances_by,
    match_proposals_by,
    proposal_figures,
    proposal_recall,
)

LIMITS = (1, 10, 100, 1000)


class Case:
    """An annotation file with perturbed copies of its objects as results; references are computed once."""

    def __init__(self, path, data, seed, per_object):
        self.path, self.data, self.categories = path, data, data.categories
        self.dataset = json.loads(path.read_text())
        self.results = perturbed(self.dataset, seed=seed, per_object=per_object)
        self.scenes = pairs(data, self.results)

    @cached_property
    def coco(self):
        return read_figures(plain_coco(self.dataset, self.results))

    @cached_property
    def fast_coco(self):
        return read_figures(plain_hotcoco(self.dataset, self.results))

    @cached_property
    def lvis(self):
        return {max_dets: plain_lvis(self.path, self.results, max_dets) for max_dets in (300, 12)}

    @cached_property
    def recall(self):
        """By group of objects ("" for all), read with pycocotools and hotcoco; None for a group without any."""
        found = {}
        for group in ("", "r", "c", "f"):
            cut, results = relabelled(self.dataset, keep=group or None), with_category(self.results)
            found[group] = [
                read_figures(plain_coco(cut, results, max_dets=LIMITS, use_cats=0), LIMITS),
                read_figures(plain_hotcoco(cut, results, max_dets=LIMITS, use_cats=False), LIMITS),
            ]  # fmt: skip
        return found


@pytest.fixture(scope="module", params=["generated", "real", pytest.param("all real", marks=pytest.mark.slow)])
def case(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    if request.param == "generated":
        path = write_scenes(folder / "instances.json", seed=9, images=12)
        return Case(path, Coco(annotations=path, check_images=False), seed=1, per_object=5)
    whole = json.loads((request.getfixturevalue("real_data") / "lvis_val_100.json").read_text())
    path = folder / "lvis.json"
    path.write_text(json.dumps(first_images(whole, 10) if request.param == "real" else whole))
    return Case(path, Lvis(annotations=path, version="v0.5", check_images=False), seed=2, per_object=3)


def first_images(dataset, count):
    """Cut an LVIS file down to a few images and the categories that play a part in them."""
    images = dataset["images"][:count]
    kept = {image["id"] for image in images}
    annotations = [one for one in dataset["annotations"] if one["image_id"] in kept]
    used = {one["category_id"] for one in annotations} | {k for image in images for k in image["neg_category_ids"]}
    categories = [one for one in dataset["categories"] if one["id"] in used]
    return {**dataset, "images": images, "annotations": annotations, "categories": categories}


def close(found, expected):
    """Compare figures both sides have; -1 is how the references write NaN."""
    names = found.keys() & expected.keys()
    assert len(names) >= 4
    for name in names:
        mine, wanted = (np.nan if side[name] == -1 else side[name] for side in (found, expected))
        assert mine == pytest.approx(wanted, abs=1e-9, nan_ok=True), name


def plain_lvis(path, results, max_dets, iou_type="segm"):
    logging.disable(logging.WARNING)
    truth = LVIS(str(path))
    evaluator = RepairedEval(truth, LVISResults(truth, copy.deepcopy(results), max_dets=max_dets), iou_type)
    evaluator.params.max_dets = max_dets
    evaluator.run()
    logging.disable(logging.NOTSET)
    return dict(evaluator.results)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_coco_rules(case, evaluator):
    found = evaluate_instances(case.scenes, case.categories, evaluator=evaluator)
    close(found, case.coco)
    close(found, case.fast_coco)
    assert len(found) == 12


@pytest.mark.parametrize("max_dets", [300, 12])
@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_lvis_rules(case, evaluator, max_dets):
    found = evaluate_instances(case.scenes, case.categories, kind="lvis", max_dets=max_dets, evaluator=evaluator)
    close(found, case.lvis[max_dets])
    assert found.keys() == case.lvis[max_dets].keys()


def test_hotcoco_follows_lvis_but_for_masks_without_pixels(case):
    """lvis-api leaves them out, plain hotcoco counts them as wrong: half a point of AP on real objects."""
    seen = [one for one in case.results if rle.areas([one["segmentation"]])[0] > 0]
    assert len(seen) < len(case.results)
    assert plain_fast_lvis(case, case.results)["AP"] < case.lvis[300]["AP"] - 1e-3
    close(plain_fast_lvis(case, seen), plain_lvis(case.path, seen, 300))


def plain_fast_lvis(case, results):
    """Run hotcoco by the rules of LVIS, which has no crowds."""
    annotations = [{**one, "iscrowd": 0} for one in case.dataset["annotations"]]
    truth = hotcoco.COCO({**case.dataset, "annotations": annotations})
    found = hotcoco.LVISResults(truth, copy.deepcopy(results), max_dets=300)
    evaluator = hotcoco.LVISeval(truth, found, "segm")
    with quiet():
        evaluator.run()
    return evaluator.get_results()


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_proposals(case, evaluator):
    found = proposal_recall(case.scenes, case.categories, evaluator=evaluator)
    assert len(found) == 7 * len(LIMITS)
    for expected in case.recall[""]:
        close(found, expected)
    for group in "rcf":
        for expected in case.recall[group]:
            close({f"AR@{limit}": found[f"AR{group}@{limit}"] for limit in LIMITS}, expected)


@pytest.mark.parametrize("kind", ["coco", "lvis"])
def test_boxes_alone(case, kind):
    """Boxes have their own area then, as detectors' box AP is published."""
    results = [{**one, "bbox": rle.boxes_xywh([one["segmentation"]])[0].tolist()} for one in case.results]
    for one in results:
        del one["segmentation"]
    results = [one for one in results if one["bbox"][2] * one["bbox"][3] > 0]
    scenes = pairs(case.data, results, boxes=True, masks=False, file_boxes=True)
    found = evaluate_instances(scenes, case.categories, kind=kind, iou_type="bbox", evaluator="both")
    if kind == "coco":
        close(found, read_figures(plain_coco(case.dataset, results, "bbox")))
    else:
        close(found, plain_lvis(case.path, results, 300, "bbox"))
    recall = proposal_recall(scenes, iou_type="bbox", evaluator="both")
    expected = plain_coco(relabelled(case.dataset), with_category(results), "bbox", LIMITS)
    close(recall, read_figures(expected, LIMITS))


def test_boxes_of_masks_keep_the_masks_areas(case):
    scenes = pairs(case.data, case.results, file_boxes=True)
    boxes = evaluate_instances(scenes, case.categories, iou_type="bbox", evaluator="both")
    official = evaluate_instances(scenes, case.categories, iou_type="bbox", evaluator="official")
    assert agreed_figures({"both": boxes, "official": official}) == boxes
    masks = evaluate_instances(scenes, case.categories)
    assert boxes["AP"] != masks["AP"]


def test_records_of_the_official_evaluators_are_the_same(case):
    frequencies = frequencies_of(case.categories)
    for kind, limit in (("coco", 100), ("lvis", 300)):
        matches = [match_instances_by(p, "both", kind=kind, max_dets=limit) for p in case.scenes]
        assert instance_figures(matches, frequencies, kind=kind, evaluator="both")["AP"] > 0
    found = [match_proposals_by(p, "both", frequencies=frequencies) for p in case.scenes]
    assert proposal_figures(found, evaluator="both")["AR@1000"] > 0


def test_nothing_detected_anywhere(case):
    scenes = pairs(case.data, [])
    for kind in ("coco", "lvis"):
        assert evaluate_instances(scenes, case.categories, kind=kind, evaluator="both")["AP"] == 0.0
    assert proposal_recall(scenes, case.categories, evaluator="both")["AR@1000"] == 0.0


def test_a_disagreement_stops_the_run(case, monkeypatch):
    honest = evaluators.precision_figures

    def half_a_point_off(*args, **kwargs):
        return {**honest(*args, **kwargs), "AP": honest(*args, **kwargs)["AP"] + 0.005}

    monkeypatch.setattr(evaluators, "precision_figures", half_a_point_off)
    with pytest.raises(DisagreementError, match=r"disagree on AP: sambench has 0\.\d+, pycocotools 0\.\d+"):
        evaluate_instances(case.scenes, case.categories, evaluator="both")
    honest_match = evaluators.match_proposals
    monkeypatch.setattr(
        evaluators, "match_proposals", lambda pair, **rest: honest_match(pair, **{**rest, "max_dets": 2})
    )
    with pytest.raises(DisagreementError, match=r"disagree on all: at \[") as caught:
        proposal_recall(case.scenes, case.categories, evaluator="both")
    assert "image" in str(caught.value)


def test_what_counts_as_a_disagreement():
    assert agreed_figures({"a": {"AP": 0.5, "APr": np.nan}, "b": {"AP": 0.5 + 5e-10, "APr": np.nan}})["AP"] == 0.5
    with pytest.raises(DisagreementError, match=r"b 0\.50000001"):
        agreed_figures({"a": {"AP": 0.5}, "b": {"AP": 0.50000001}})
    with pytest.raises(DisagreementError, match="a has nan"):
        agreed_figures({"a": {"AP": np.nan}, "b": {"AP": 0.5}})
    with pytest.raises(DisagreementError, match="a has 2 entries, b 1"):
        check_records({"a": {"hits": np.zeros(2)}, "b": {"hits": np.zeros(1)}}, 7)
