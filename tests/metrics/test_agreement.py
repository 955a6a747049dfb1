"""Errors of tensors, masks and sets of masks, against values worked out by hand."""

import numpy as np
import pytest
import torch

from sambench.metrics.agreement import mask_error, set_error, tensor_error


def test_tensors():
    found = tensor_error(torch.tensor([3.0, -4.0]), torch.tensor([3.0, -3.0]))
    assert (found.largest, found.relative, found.rms) == (1.0, 0.25, 0.2)
    assert found.cosine == pytest.approx(21 / (5 * 18**0.5))
    same = tensor_error(torch.zeros(3), torch.zeros(3))
    assert (same.largest, same.relative, same.rms, same.cosine) == (0, 0, 0, 1)
    assert tensor_error(torch.zeros(2), torch.ones(2)).relative == 1
    with pytest.raises(ValueError, match="tensors of"):
        tensor_error(torch.zeros(2), torch.zeros(3))


def test_masks_leave_out_pixels_that_are_as_good_as_on_the_line():
    reference = torch.tensor([[[5.0, 5.0, -5.0, 5e-4]], [[-1.0, -1.0, -1.0, -1.0]]])
    other = torch.tensor([[[5.0, -1.0, -5.0, -5e-4]], [[-1.0, -1.0, -1.0, -1.0]]])
    found = mask_error(reference, other)
    assert found.iou.tolist() == pytest.approx([1 / 3, 1.0])
    assert found.flipped.tolist() == [2, 0]
    assert found.flipped_sure.tolist() == [1, 0]
    assert found.pixels == 4


def test_sets_count_a_mask_once():
    found = set_error(np.array([[0.99, 0.97, 0.0], [0.96, 0.98, 0.0], [0.2, 0.94, 0.3]]))
    assert (found.reference, found.other, found.same) == (3, 3, 2)
    assert found.best_iou == pytest.approx((0.99 + 0.98 + 0.94) / 3)
    twice = set_error(np.array([[0.99], [0.98]]))
    assert twice.same == 1
    assert np.isnan(set_error(np.zeros((0, 2))).best_iou)
    assert set_error(np.zeros((2, 0))).best_iou == 0
