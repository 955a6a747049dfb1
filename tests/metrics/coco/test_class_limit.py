"""The limit on classes by hand: one class in three images."""

import numpy as np
import pytest

from sambench.masks import rle
from sambench.metrics.coco.class_limit import NO_LIMIT, columns_of_ranks, limited_matches
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.matches import match_instances
from sambench.types import Annotation, InstanceTruth

MASK = np.zeros((4, 6), bool)
MASK[:2, :3] = True
FULL, EMPTY = rle.encode_masks(np.stack([MASK, np.zeros_like(MASK)]))


def image(number, scores, codes=None, category=1):
    """The match and the row of an image with an object of the category, and detections of it."""
    truth = InstanceTruth([Annotation(1, category, FULL, 6.0, False, None)], number, neg_category_ids=[])
    found = Detections(np.array(scores), np.full(len(scores), 1), codes or [FULL] * len(scores))
    match = match_instances(ImagePair(truth, found), kind="lvis", max_dets=NO_LIMIT)
    return match, columns_of_ranks(match, found)


def limited(images, limit):
    matches, rows = zip(*images, strict=True)
    return [one.scores.tolist() for one in limited_matches(matches, rows, limit)]


def test_the_best_of_a_class_over_all_images_are_kept():
    images = [image(1, [0.9, 0.2]), image(2, [0.3, 0.8, 0.1]), image(3, [0.7])]
    assert limited(images, 6) == [[0.9, 0.2], [0.8, 0.3, 0.1], [0.7]]
    assert limited(images, 3) == [[0.9], [0.8], [0.7]]
    assert limited(images, 4) == [[0.9], [0.8, 0.3], [0.7]]


def test_of_equal_scores_the_first_image_by_number_is_kept_whatever_the_order_given():
    images = [image(3, [0.5]), image(1, [0.5]), image(2, [0.5, 0.9])]
    assert limited(images, 2) == [[], [0.5], [0.9]]
    assert limited(images, 3) == [[], [0.5], [0.9, 0.5]]


def test_masks_without_pixels_and_detections_that_nobody_judges_take_places():
    empty = image(1, [0.9, 0.4, 0.6], [EMPTY, FULL, FULL])
    unjudged = image(2, [0.95, 0.94], category=2)
    assert unjudged[0].scores.tolist() == []
    assert limited([empty], 2) == [[0.6]]
    assert limited([empty, unjudged], 4) == [[0.6], []]
    assert limited([empty, unjudged], 5) == [[0.6, 0.4], []]


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_images_without_detections_pass(limit):
    assert limited([image(1, []), image(2, [0.5])], limit) == [[], [0.5]]
