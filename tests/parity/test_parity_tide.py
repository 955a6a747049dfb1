"""Kinds of wrong detections and what they cost, against tidecv 1.0.1, on random boxes."""

import numpy as np
import pytest

from sambench.masks.rle import iou
from sambench.metrics.anatomy.tide import KINDS, TideCosts, tide_counts, tide_image

tidecv = pytest.importorskip("tidecv")
quantify = pytest.importorskip("tidecv.quantify")

NAMES = {"Cls": "cls", "Loc": "loc", "Both": "both", "Dupe": "dup", "Bkg": "bkg", "Miss": "miss"}


def boxes(rng, count, near=None):
    """Return (count, 4) boxes xywh, some of them near others."""
    found = np.concatenate([rng.uniform(0, 60, (count, 2)), rng.uniform(10, 40, (count, 2))], axis=1)
    if near is not None and len(near):
        chosen = rng.random(count) < 0.8
        found[chosen] = near[rng.integers(0, len(near), chosen.sum())] + rng.normal(0, 4, (chosen.sum(), 4))
    found[:, 2:] = np.maximum(found[:, 2:], 3)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_kinds_and_costs_are_tidecvs(seed):
    rng = np.random.default_rng(seed)
    truth, found, images = tidecv.Data("truth"), tidecv.Data("found"), []
    for image in range(12):
        objects, crowds = boxes(rng, rng.integers(0, 6)), boxes(rng, rng.integers(0, 2))
        categories, crowd_categories = rng.integers(1, 4, len(objects)), rng.integers(1, 4, len(crowds))
        truth.add_image(image, str(image))
        for box, category in zip(objects, categories, strict=True):
            truth.add_ground_truth(image, int(category), box=list(box))
        for box, category in zip(crowds, crowd_categories, strict=True):
            truth.add_ignore_region(image, int(category), box=list(box))
        detections = boxes(rng, rng.integers(0, 15), np.concatenate([objects, crowds]))
        own = rng.integers(1, 4, len(detections))
        scores = np.sort(rng.random(len(detections)))[::-1]
        for box, category, score in zip(detections, own, scores, strict=True):
            found.add_detection(image, int(category), float(score), box=list(box))
        overlaps = iou(detections, objects)
        inside = iou(detections, crowds, np.ones(len(crowds), bool)) > 0.5
        ignored = (inside & (own[:, None] == crowd_categories)).any(axis=1)
        images.append(tide_image(scores, own, categories, overlaps, ignored))
    theirs = quantify.TIDE().evaluate(truth, found, mode=quantify.TIDE.BOX)
    counted = {NAMES[kind.short_name]: count for kind, count in theirs.count_errors().items()}
    assert dict(zip(KINDS, tide_counts(images).sum(axis=0).tolist(), strict=True)) == counted
    costs = {NAMES[kind.short_name]: cost / 100 for kind, cost in theirs.fix_main_errors().items()}
    ours = {name: float(own[0]) for name, own in TideCosts(images).replicates(np.ones((1, 12))).items()}
    assert ours.pop("AP50") == pytest.approx(theirs.ap / 100, abs=1e-12)
    assert ours == pytest.approx(costs, abs=1e-12)
    assert sum(count > 0 for count in counted.values()) >= 5
