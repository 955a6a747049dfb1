"""Detections of stored runs told apart, by the rules of COCO and LVIS."""

import numpy as np
import pytest
from sambench.tasks.instances import InstancesTask
from sambench.tasks.proposals import ProposalsTask
from sambench.tasks.vocabulary import VocabularyTask

from sambench.explain.detections import classify_detections, detection_kinds
from sambench.masks.rle import encode_masks
from sambench.metrics.anatomy.tide import KINDS
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.evaluators import instance_figures
from sambench.metrics.coco.matches import match_instances
from sambench.types import Annotation, InstanceTruth


def squares(*corners):
    masks = np.zeros((len(corners), 30, 30), bool)
    for mask, (x, y) in zip(masks, corners, strict=True):
        mask[y : y + 10, x : x + 10] = True
    return encode_masks(masks)


def truth(objects, crowds=(), **rules):
    codes = squares(*(corner for corner, _ in (*objects, *crowds)))
    return InstanceTruth(
        [
            Annotation(place, category, codes[place], 100.0, place >= len(objects))
            for place, (_, category) in enumerate((*objects, *crowds))
        ],
        1,
        **rules,
    )


def found(*detections):
    scores, categories = 1 - 0.1 * np.arange(len(detections)), [category for _, category in detections]
    return Detections(scores, np.array(categories), squares(*(corner for corner, _ in detections)))


def kinds(task, objects, detections):
    one = classify_detections(task, objects, detections, 100)
    names = ["right" if kind < 0 else KINDS[kind] for kind in one.kinds]
    return list(zip(names, one.counted.tolist(), strict=True))


def test_categories_count_but_for_proposals():
    objects, detections = truth([((0, 0), 1)]), found(((0, 0), 2))
    assert kinds(InstancesTask(), objects, detections) == [("cls", True)]
    assert kinds(VocabularyTask(), objects, detections) == [("cls", True)]
    assert kinds(ProposalsTask(), objects, detections) == [("right", True)]


def test_crowds_and_unjudged_categories_do_not_count():
    objects = truth([((0, 0), 1)], [((15, 15), 1)], neg_category_ids=[2], not_exhaustive_category_ids=[])
    detections = found(((15, 15), 1), ((15, 15), 2), ((15, 15), 3))
    assert [flag for _, flag in kinds(InstancesTask(), objects, detections)] == [False, True, True]
    for task in (InstancesTask(rules="lvis"), VocabularyTask(rules="lvis_fixed")):
        assert [flag for _, flag in kinds(task, objects, detections)] == [False, True, False]


def test_ap_is_the_evaluators():
    rng = np.random.default_rng(0)
    images, matches = [], []
    for _ in range(12):
        objects = truth([(tuple(rng.integers(0, 20, 2)), int(category)) for category in (1, 2, 2)])
        detections = found(*((tuple(rng.integers(0, 20, 2)), int(rng.integers(1, 3))) for _ in range(20)))
        images.append(classify_detections(InstancesTask(), objects, detections, 100))
        matches.append(match_instances(ImagePair(objects, detections)))
    told = detection_kinds(images)
    figures = instance_figures(matches, None, kind="coco", max_dets=(1, 10, 100), evaluator="fast")
    assert told.ap50.value == pytest.approx(figures["AP50"])
    assert told.ap50.ci95[0] < told.ap50.value < told.ap50.ci95[1]
    assert told.detections == 240
    assert set(told.costs) == set(told.counts) == set(KINDS)
