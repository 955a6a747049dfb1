import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sambench.masks.edges.painted import paint
from sambench.masks.edges.strength import mask_edges, sobel_kernels

SQUARE = np.full((7, 7), -50.0, np.float32)
SQUARE[2:5, 2:5] = 50.0


def dense(logits, **options):
    return paint(mask_edges(logits[None], **options), logits.shape)


def test_sobel_kernels_are_the_textbook_ones():
    along_x, along_y = sobel_kernels(3)
    assert along_x.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert along_y.tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    assert sobel_kernels(5)[0][2].tolist() == [-6, -12, 0, 12, 6]
    with pytest.raises(ValueError, match="3, 5 or 7"):
        sobel_kernels(4)


def test_square_by_hand():
    """Probability 1 in a 3 x 3 square: the ring outside it has magnitudes sqrt 2 (corners), sqrt 10, 4 (middle)."""
    strength = dense(SQUARE)
    ring = np.zeros((7, 7))
    corner, beside, middle = np.sqrt(2), np.sqrt(3**2 + 1), 4
    ring[1, 1:6] = ring[5, 1:6] = ring[1:6, 1] = ring[1:6, 5] = [corner, beside, middle, beside, corner]
    np.testing.assert_allclose(strength, ring, rtol=1e-6)


def test_boxes_are_tight_and_inclusive():
    logits = np.full((2, 6, 8), -1.0, np.float32)
    logits[0, 2:4, 3:7] = 1
    assert [edge.box_xyxy for edge in mask_edges(logits)] == [(3, 2, 6, 3), (0, 0, 0, 0)]


def test_sides_and_width():
    inside = SQUARE > 0
    for width in (1, 2):
        block = np.ones((2 * width + 1,) * 2)
        outer = ndimage.binary_dilation(inside, block) & ~inside
        inner = inside & ~ndimage.binary_erosion(inside, block)
        found = {
            side: np.isin(np.arange(49), mask_edges(SQUARE[None], side=side, width=width)[0][0]).reshape(7, 7)
            for side in ("outer", "inner", "thick")
        }
        assert (found["outer"] == outer).all()
        assert (found["inner"] == inner).all()
        assert (found["thick"] == (outer | inner)).all()


def test_a_mask_that_meets_the_border_has_an_edge_there_only_with_zeros_beyond():
    logits = np.full((6, 6), -50.0, np.float32)
    logits[:, :3] = 50.0
    for border in ("replicate", "reflect"):
        edge = dense(logits, border=border, side="thick")
        assert (np.flatnonzero(edge.any(axis=0)) == [2, 3]).all()
        assert (edge[:, 2] == 4).all()
    edge = dense(logits, border="zero", side="thick")
    assert edge[0, 0] > 0
    assert edge[5, 1] > 0


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    size=st.sampled_from([3, 5]),
    border=st.sampled_from([("replicate", "nearest"), ("reflect", "mirror"), ("zero", "constant")]),
)
def test_equals_scipy_on_the_boundary(seed, height, width, size, border):
    logits = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32) * 3
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    gradients = [ndimage.correlate(probability, kernel.astype(float), mode=border[1]) for kernel in sobel_kernels(size)]
    pixels, values, _ = mask_edges(logits[None], kernel_size=size, border=border[0], side="thick")[0]
    # float32 rounding of the magnitude is all that differs
    np.testing.assert_allclose(values, np.hypot(*gradients).ravel()[pixels], rtol=2e-6, atol=1e-6)
