"""The strengths of torch against numba's and against a square worked by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sambench.masks.edges.device import edge_strengths
from sambench.masks.edges.strength import mask_edges


def logits(count=4, size=(23, 31), seed=0):
    generator = torch.Generator().manual_seed(seed)
    low = torch.randn(count, 1, 7, 7, generator=generator) * 12
    return F.interpolate(low, size, mode="bicubic")[:, 0]


def apart(one, other):
    """Return how many single-precision numbers lie between the entries of two arrays that are not negative."""
    return np.abs(one.view(np.int32).astype(np.int64) - other.view(np.int32))


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("border", ["replicate", "reflect", "zero"])
@pytest.mark.parametrize(("side", "width"), [("outer", 1), ("inner", 2), ("thick", 3)])
def test_same_pixels_and_strengths_to_the_last_place_as_on_the_cpu(size, border, side, width):
    given = torch.cat([logits(), torch.full((1, 23, 31), -3.0), torch.full((1, 23, 31), 3.0)])
    found = edge_strengths(given, size, border, side, width).numpy()
    edges = mask_edges(given.numpy(), size, border, side, width)
    assert sum(len(edge.pixels) for edge in edges) > 300
    for own, edge in zip(found, edges, strict=True):
        expected = np.zeros(own.size, np.float32)
        expected[edge.pixels] = edge.strengths
        off = np.ones(own.size, bool)
        off[edge.pixels] = False
        assert not own.ravel()[off].any()
        # Where the gradients of a flat piece cancel, what is left of doubles near 1 is rounding itself.
        cancelled = np.maximum(own.ravel(), expected) < 1e-14
        assert apart(own.ravel(), expected)[~cancelled].max(initial=0) <= 1


def test_an_axis_of_one_pixel():
    given = torch.tensor([[[-4.0, 3.0, 2.0, -1.0]]])
    for border in ("replicate", "reflect", "zero"):
        (edge,) = mask_edges(given.numpy(), 3, border, "thick", 1)
        found = edge_strengths(given, 3, border, "thick", 1).numpy().ravel()
        np.testing.assert_array_max_ulp(found[edge.pixels], edge.strengths, 1)


def test_square_by_hand():
    """Probability 1 in a 3 x 3 square: the ring outside it has magnitudes sqrt 2 (corners), sqrt 10, 4 (middle)."""
    square = torch.full((1, 7, 7), -50.0)
    square[0, 2:5, 2:5] = 50.0
    corner, beside, middle = 2**0.5, 10**0.5, 4.0
    line = torch.tensor([corner, beside, middle, beside, corner])
    ring = torch.zeros(7, 7)
    ring[1, 1:6] = ring[5, 1:6] = ring[1:6, 1] = ring[1:6, 5] = line
    torch.testing.assert_close(edge_strengths(square)[0], ring, rtol=1e-6, atol=0)
