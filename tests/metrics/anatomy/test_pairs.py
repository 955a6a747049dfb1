"""Batches of masks: the same as one by one, contrast and neighbours by hand."""

import math

import numpy as np
import pytest

from sambench.masks.rle import encode_masks
from sambench.masks.windows import empty_runs, runs_of_rles
from sambench.metrics.anatomy.mask_errors import mask_errors
from sambench.metrics.anatomy.pairs import at_border, contrasts, errors_of, neighbours, shapes_of
from sambench.metrics.anatomy.shape import shape_of


def boxes(*corners, size=(20, 30)):
    masks = np.zeros((len(corners), *size), bool)
    for mask, (left, top, right, bottom) in zip(masks, corners, strict=True):
        mask[top:bottom, left:right] = True
    return masks


def runs(masks):
    return runs_of_rles(encode_masks(masks), masks.shape[1:])


def test_a_batch_is_each_mask_in_its_window():
    rng = np.random.default_rng(0)
    masks, truth = rng.random((2, 8, 15, 17)) > 0.6
    masks[0] = truth[1] = False
    found = errors_of(runs(masks), runs(truth), 2)
    whole = [mask_errors(np.pad(one, 1), np.pad(other, 1), 2) for one, other in zip(masks, truth, strict=True)]
    assert np.array_equal(found, whole)
    shapes = shapes_of(runs(truth))
    assert np.isnan(shapes[1]).all()
    assert np.allclose(shapes[2], shape_of(np.pad(truth[2], 1)))
    with pytest.raises(ValueError, match="8 masks"):
        errors_of(runs(masks), runs(truth[:2]), 2)


def test_contrast_is_the_distance_of_mean_colours():
    masks = boxes((5, 5, 9, 9), (0, 0, 30, 20))
    image = np.full((20, 30, 3), 255, np.uint8)
    image[masks[0]] = 0
    assert contrasts(image, runs(masks), 2).tolist() == [1, pytest.approx(np.nan, nan_ok=True)]
    image[:] = 0
    image[masks[0]] = (255, 0, 0)
    assert contrasts(image, runs(masks), 2)[0] == pytest.approx(1 / math.sqrt(3))
    image[:, 20:] = 255  # farther away than the surround
    assert contrasts(image, runs(masks), 2)[0] == pytest.approx(1 / math.sqrt(3))


def test_neighbours_are_boxes_within_reach():
    all_of = runs(boxes((2, 2, 6, 6), (6, 2, 9, 6), (11, 2, 14, 6), (0, 0, 0, 0)))
    assert neighbours(all_of, all_of, 1).tolist() == [1, 1, 0, 0]
    assert neighbours(all_of, all_of, 3).tolist() == [1, 2, 1, 0]


def test_the_border():
    masks = runs(boxes((0, 3, 4, 6), (3, 0, 5, 2), (28, 4, 30, 6), (5, 18, 9, 20), (1, 1, 29, 19)))
    assert at_border(masks).tolist() == [True, True, True, True, False]
    assert at_border(empty_runs(1, (20, 30))).tolist() == [True]  # its box is the corner
