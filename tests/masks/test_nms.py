import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.masks import rle
from sambench.masks.nms import box_nms, mask_nms


def defined(boxes, scores, threshold):
    """Greedy suppression straight from its definition, in float32 and one box at a time."""
    left = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept = []
    while left:
        best, *left = left
        kept.append(best)
        left = [other for other in left if not overlap(boxes[best], boxes[other]) > threshold]
    return kept


def overlap(a, b):
    zero = np.float32(0)
    inter = max(zero, min(a[2], b[2]) - max(a[0], b[0])) * max(zero, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.float32(inter) / np.float32(union))


@st.composite
def scored_boxes(draw):
    count = draw(st.integers(0, 14))
    corner = st.integers(0, 12)
    boxes = [sorted(draw(st.tuples(corner, corner))) + sorted(draw(st.tuples(corner, corner))) for _ in range(count)]
    xyxy = np.array([[x0, y0, x1, y1] for x0, x1, y0, y1 in boxes], np.float32).reshape(-1, 4)
    return xyxy, np.array(draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)), np.float32)


@settings(max_examples=300, deadline=None)
@given(scored_boxes(), st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]))
def test_equals_the_definition_with_ties_and_degenerate_boxes(case, threshold):
    boxes, scores = case
    kept = box_nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    assert kept.tolist() == defined(boxes, scores, threshold)


def test_equal_overlap_is_kept_and_more_is_not():
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 6]])
    assert box_nms(boxes, torch.tensor([0.9, 0.8, 0.1]), 0.5).tolist() == [0, 1]


def test_threshold_is_compared_in_float64():
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 7]])
    just_below = 0.69999998  # rounds to the float32 of 7 / 10, so a float32 comparison would keep both
    assert np.float32(just_below) == np.float32(7) / np.float32(10)
    assert box_nms(boxes, torch.tensor([1.0, 0.5]), just_below).tolist() == [0]
    assert box_nms(boxes, torch.tensor([1.0, 0.5]), 0.7).tolist() == [0, 1]


def test_equal_scores_keep_their_order():
    boxes = torch.tensor([[0, 0, 4, 4], [0, 0, 4, 4], [9, 9, 12, 12]])
    assert box_nms(boxes, torch.ones(3), 0.7).tolist() == [0, 2]


def test_boxes_without_area_never_suppress():
    boxes = torch.zeros(3, 4, dtype=torch.int64)
    assert box_nms(boxes, torch.tensor([0.1, 0.3, 0.2]), 0.0).tolist() == [1, 2, 0]


def test_nan_scores_come_first():
    boxes = torch.tensor([[0, 0, 4, 4], [9, 9, 12, 12]])
    assert box_nms(boxes, torch.tensor([1.0, float("nan")]), 0.7).tolist() == [1, 0]


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        box_nms(torch.zeros(3, 4), torch.zeros(2), 0.5)


def test_masks_that_share_a_box_alone_are_distinct():
    """A frame and what it encloses have nearly one box; as masks they are disjoint."""
    drawn = np.zeros((4, 10, 10), bool)
    drawn[0, 1:9, 1:9] = True
    drawn[0, 2:8, 2:8] = False
    drawn[1, 2:8, 2:8] = True
    drawn[2, 2:8, 2:7] = True
    drawn[3, 1:9, 1:9] = True
    rles = rle.encode_masks(drawn)
    scores = np.array([0.5, 0.9, 0.9, 0.1], np.float32)
    # Overlaps by hand: 1 and 2 have 30 of 36 pixels in common, 1 and 3 have 36 of 64, 0 and 3 have 28 of 64.
    assert mask_nms(rles, scores, 0.7).tolist() == [1, 0, 3]
    assert mask_nms(rles, scores, 30 / 36).tolist() == [1, 2, 0, 3], "only more than the threshold suppresses"
    assert mask_nms(rles, scores, 0.5).tolist() == [1, 0]
    assert mask_nms([], np.zeros(0), 0.5).tolist() == []
    assert len(box_nms(torch.tensor(rle.boxes_xyxy(rles)), torch.from_numpy(scores), 0.4)) == 1
