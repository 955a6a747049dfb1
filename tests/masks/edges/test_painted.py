import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sambench.masks.edges import painted as module
from sambench.masks.edges.painted import EdgeRules, normalise, paint, painted_edges
from sambench.masks.edges.strength import MaskEdge
from sambench.masks.nms import box_nms
from sambench.types import MaskFrame, Masks

SIZE = (30, 44)


def answers():
    """Return two batches of blobs, at the model's own resolution."""
    generator = torch.Generator().manual_seed(3)
    for count in (5, 4):
        low = F.interpolate(torch.randn(count, 3, 6, 6, generator=generator) * 9 - 15, (16, 16), mode="bicubic")
        yield Masks(low, torch.rand(count, 3, generator=generator), MaskFrame(SIZE))


@pytest.mark.parametrize("pixels", [1 << 25, 4 * SIZE[0] * SIZE[1]])
def test_boxes_first_and_all_at_once_give_the_same_map(monkeypatch, pixels):
    monkeypatch.setattr(module, "_CHUNK_PIXELS", pixels)
    seen = []

    def chosen(boxes, scores):
        seen.append((boxes, scores))
        return box_nms(boxes, scores, 0.1)

    by = {how: painted_edges(answers(), SIZE, EdgeRules(5), chosen, how) for how in ("auto", "numba", "torch")}
    (boxes, scores), *others = seen
    assert all(torch.equal(boxes, one[0]) and torch.equal(scores, one[1]) for one in others)
    assert 3 < len(box_nms(boxes, scores, 0.1)) < len(boxes) == 27
    np.testing.assert_array_equal(by["auto"], by["numba"])
    np.testing.assert_array_max_ulp(by["torch"], by["numba"], 1)
    assert (by["numba"] > 0).sum() > 100


def test_nothing_that_stays_is_an_empty_map():
    for how in ("numba", "torch"):
        found = painted_edges(answers(), SIZE, EdgeRules(), lambda *_: torch.zeros(0, dtype=torch.int64), how)
        assert found.shape == SIZE
        assert not found.any()


def test_maximum_over_masks_and_stretch():
    box = (0, 0, 1, 0)
    pair = [MaskEdge(np.int32([0, 1]), np.float32([0.2, 0.9]), box), MaskEdge(np.int32([1]), np.float32([0.5]), box)]
    canvas = paint(pair, (1, 3))
    assert canvas.tolist() == [[np.float32(0.2), np.float32(0.9), 0.0]]
    assert normalise(np.float32([[2, 3, 4]])).tolist() == [[0, 0.5, 1]]
    assert normalise(np.float32([[2, 2]])).tolist() == [[0, 0]]
    assert paint([], (2, 2)).tolist() == [[0, 0], [0, 0]]
