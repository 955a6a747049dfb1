"""What several masks agree on, by hand."""

import numpy as np
import pytest

from sambench.explain.consensus import Alike, agreement, majority, mask_iou, window_of
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles

SIZE = (6, 20)


def row(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[2, start:stop] = True
    return mask


def codes(*ends):
    return encode_masks(np.stack([row(*one) for one in ends]))


def test_agreement_is_the_mean_over_every_two_models():
    models = [runs_of_rles(codes(*ends), SIZE) for ends in ([(0, 10), (0, 5)], [(0, 5), (0, 5)], [(0, 10), (0, 0)])]
    assert agreement(models) == pytest.approx([(0.5 + 1 + 0.5) / 3, (1 + 0 + 0) / 3])


def test_most_models_hold_the_majority():
    window = window_of([runs_of_rles(codes(ends), SIZE) for ends in ((2, 8), (4, 10), (4, 8))], 0)
    assert (window.left, window.top, window.masks.shape) == (2, 2, (3, 1, 8))
    assert majority(window.masks).tolist() == [[False, False, True, True, True, True, False, False]]
    assert majority(window.masks[:2]).sum() == 4  # of two models what both hold
    assert mask_iou(window.masks[0], window.masks[1]) == 4 / 8
    assert mask_iou(window.masks[0] & False, window.masks[1] & False) == 0


def test_a_group_takes_the_most_alike_of_what_is_allowed():
    alike = Alike([codes((0, 10)), codes((0, 9), (0, 10)), codes((15, 20))])
    allowed = [np.array([True]), np.array([True, False]), np.array([True])]
    group = alike.group(0, 0, allowed)
    assert group.members == {0: 0, 1: 0}
    assert group.agreement == pytest.approx(0.9 / 3)
    assert alike.group(1, 1, [np.ones(1, bool), np.ones(2, bool), np.ones(1, bool)]).members == {0: 0, 1: 1}
