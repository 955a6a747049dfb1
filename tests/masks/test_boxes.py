import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from sambench.masks.boxes import masks_to_boxes_xyxy, rles_to_boxes_xyxy


@st.composite
def mask_batches(draw):
    count, height, width = (draw(st.integers(low, high)) for low, high in ((0, 4), (1, 7), (1, 9)))
    bits = draw(st.lists(st.booleans(), min_size=count * height * width, max_size=count * height * width))
    return np.array(bits, bool).reshape(count, height, width)


def expected_box(mask):
    rows, columns = np.nonzero(mask)
    return [0, 0, 0, 0] if len(rows) == 0 else [columns.min(), rows.min(), columns.max(), rows.max()]


def test_last_row_and_column_are_inclusive():
    mask = torch.zeros(5, 6, dtype=torch.bool)
    mask[1:3, 2:6] = True
    assert masks_to_boxes_xyxy(mask).tolist() == [2, 1, 5, 2]


def test_any_leading_shape():
    masks = torch.zeros(2, 3, 4, 5, dtype=torch.bool)
    masks[1, 2, 3, 0] = True
    boxes = masks_to_boxes_xyxy(masks)
    assert boxes.shape == (2, 3, 4)
    assert boxes[1, 2].tolist() == [0, 3, 0, 3]
    assert boxes.abs().sum() == 6


@settings(max_examples=60, deadline=None)
@given(mask_batches())
def test_boxes_equal_numpy_and_those_of_the_rles(masks):
    expected = np.array([expected_box(mask) for mask in masks], np.int64).reshape(-1, 4)
    np.testing.assert_array_equal(masks_to_boxes_xyxy(torch.from_numpy(masks)).numpy(), expected)
    rles = [coco_mask.encode(np.asfortranarray(mask, np.uint8)) for mask in masks]
    np.testing.assert_array_equal(rles_to_boxes_xyxy(rles), expected)
