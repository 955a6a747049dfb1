"""Masks matched one to one, and shares of pairs, against numbers worked out by hand."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from sambench.masks.rle import encode_masks, iou
from sambench.metrics.mask_sets import FIGURES, MaskSetFigures, match_masks

SIZE = (30, 40)


def bars(*spans):
    """Return codes of bars in row 5, each from a column up to another."""
    masks = np.zeros((len(spans), *SIZE), bool)
    for mask, (left, right) in zip(masks, spans, strict=True):
        mask[5, left:right] = True
    return encode_masks(masks)


def test_the_sum_of_overlaps_decides_and_not_the_first_come():
    # a0 overlaps b0 by 6/8 and b1 by 4/10, a1 overlaps b0 by 6/10 alone: together a0-b1 and a1-b0 are 1.0 > .75.
    one = match_masks(bars((4, 11), (0, 9)), bars((3, 10), (7, 12)), SIZE)
    direct = iou(bars((4, 11), (0, 9)), bars((3, 10), (7, 12)))
    assert direct == pytest.approx(np.array([[6 / 8, 4 / 8], [6 / 10, 2 / 12]]))
    assert one.pairs.tolist() == [[0, 1], [1, 0]]
    assert one.ious == pytest.approx([4 / 8, 6 / 10])
    assert one.boundary_ious == pytest.approx(one.ious)  # a bar of one row is all boundary


def test_masks_that_overlap_nothing_that_is_free_have_no_partner():
    one = match_masks(bars((0, 10), (20, 30), (0, 0)), bars((1, 10), (0, 8), (33, 36)), SIZE)
    assert one.pairs.tolist() == [[0, 0]]
    assert one.ious == pytest.approx([0.9])
    assert one.only_a.tolist() == [1, 2]
    assert one.only_b.tolist() == [1, 2]
    none = match_masks([], bars((0, 3)), SIZE)
    assert none.pairs.shape == (0, 2)
    assert none.only_b.tolist() == [0]


def test_the_boundary_of_a_thick_mask_is_what_is_compared():
    # Width round(.02 * 50) = 1: the rims of 10 x 10 and 10 x 12 pixels are 36 and 40.
    masks = np.zeros((2, *SIZE), bool)
    masks[0, 5:15, 5:15] = True
    masks[1, 5:15, 5:17] = True
    one = match_masks(encode_masks(masks[:1]), encode_masks(masks[1:]), SIZE)
    shared = 10 + 2 * 9  # the left column, and the other nine pixels of the top and bottom rows
    assert one.ious == pytest.approx([100 / 120])
    assert one.boundary_ious == pytest.approx([shared / (36 + 40 - shared)])


def test_shares_are_of_pairs_of_a_and_of_b():
    images = [
        match_masks(bars((0, 10), (20, 40)), bars((0, 10), (20, 39)), SIZE),  # 1.0 and .95
        match_masks(bars((0, 10), (20, 30)), bars((0, 9), (12, 13)), SIZE),  # exactly .9 is not above; one each alone
        match_masks(bars((0, 10)), bars((0, 5)), SIZE),  # .5
        match_masks([], bars((0, 5)), SIZE),
    ]
    figures = MaskSetFigures(images)
    found = {name: values[0] for name, values in figures.replicates(np.ones((1, 4))).items()}
    assert list(found) == list(FIGURES)
    assert found == pytest.approx(
        {
            "pairs above .9": 2 / 4,
            "pairs above .75": 3 / 4,
            "a above .9": 2 / 5,
            "a above .75": 3 / 5,
            "b above .9": 2 / 6,
            "b above .75": 3 / 6,
            "mean IoU": (1 + 0.95 + 0.9 + 0.5) / 4,
            "mean boundary IoU": (1 + 0.95 + 0.9 + 0.5) / 4,
        }
    )
    twice = figures.replicates(np.array([[0, 2, 0, 0], [0, 0, 0, 1]]))
    assert twice["pairs above .75"][0] == 1.0
    assert np.isnan(twice["pairs above .9"][1])
    assert twice["b above .9"][1] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_no_other_assignment_has_a_larger_sum(seed):
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 25, (2, 5))
    a, b = (bars(*((left, left + rng.integers(3, 15)) for left in own)) for own in starts)
    one, ious = match_masks(a, b, SIZE), iou(a, b)
    rows, columns = linear_sum_assignment(-ious)
    assert one.ious.sum() == pytest.approx(ious[rows, columns].sum())
    assert len(one.pairs) + len(one.only_a) == 5
    assert len(set(one.pairs[:, 1])) == len(one.pairs)
