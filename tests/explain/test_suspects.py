"""Which objects are suspected, and of what, on small images by hand."""

import numpy as np
import pytest

from sambench.explain.suspects import of_detections
from sambench.masks.rle import encode_masks
from sambench.metrics.coco.detections import Detections
from sambench.types import Annotation, InstanceTruth, without_pixels

SIZE = (12, 60)
NAMES = {1: "cat", 2: "dog"}


def code(left, right):
    mask = np.zeros((1, *SIZE), bool)
    mask[0, 1:11, left:right] = True
    return encode_masks(mask)[0]


def truth(*objects, crowds=()):
    found = [
        Annotation(at, category, code(*ends), 1.0, at >= len(objects))
        for at, (category, *ends) in enumerate((*objects, *crowds))
    ]
    return without_pixels("a", SIZE, InstanceTruth(found, 1))


def model(*found):
    """Take (category, left, right), all with a score of .5."""
    return Detections(np.full(len(found), 0.5), np.array([one[0] for one in found]), [code(*one[1:]) for one in found])


def told(image, *models, categories=NAMES, judged=None):
    return [(one.object, one.kind) for one in of_detections(image, models, categories, judged)]


def test_models_that_agree_with_the_truth_or_with_nobody_suspect_nothing():
    image = truth((1, 0, 10))
    assert told(image, *[model((1, 0, 10))] * 3) == []
    assert told(image, model((1, 0, 4)), model((1, 6, 10)), model((1, 2, 7))) == []
    assert told(image, model((1, 20, 30)), model((1, 40, 50))) == []


def test_a_shift_a_merge_and_another_name_are_told():
    image = truth((1, 3, 13), (1, 20, 40), (1, 45, 55))
    sure = model((1, 0, 10), (1, 20, 30), (1, 30, 40), (2, 45, 55))
    found = of_detections(image, [sure, sure], NAMES, None)
    assert [(one.object, one.kind) for one in found] == [("0", "shifted"), ("1", "merged"), ("2", "category")]
    assert [one.score for one in found] == pytest.approx([1 - 7 / 13, 1 - 10 / 20, 1])
    assert (found[0].dx, found[0].dy) == (3, 0)
    assert found[2].description == "the models say dog, truth says cat"
    assert told(image, sure, sure, categories=None)[2:] == []


def test_what_nobody_annotated_is_told_once_a_place():
    image = truth((1, 0, 10), crowds=[(1, 40, 60)])
    marks = model((1, 0, 10), (2, 20, 30), (1, 20, 30), (1, 21, 30), (1, 45, 50))
    (one,) = of_detections(image, [marks, marks], NAMES, None)
    assert (one.object, one.kind, one.score, one.description) == ("", "missing", 0.5, "not annotated: dog")
    assert told(image, marks, marks, judged={1}) == [("", "missing")]
    assert told(image, model((2, 20, 30)), model((2, 20, 30)), judged={1}) == []
    assert told(image, model((2, 20, 30)), model((1, 0, 10))) == []
