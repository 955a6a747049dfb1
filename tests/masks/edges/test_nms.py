import numpy as np
import pytest

from sambench.masks.edges import nms as edge_nms


def ridge(angle, size=41, sigma=1.5):
    """A straight soft edge through the middle whose normal has the given angle."""
    y, x = np.mgrid[:size, :size] - size // 2
    return np.exp(-((x * np.cos(angle) + y * np.sin(angle)) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_triangle_filter_by_hand():
    spike = np.zeros((1, 5))
    spike[0, 2] = 1
    # along the single row reflection folds the column kernel onto itself, so its weights sum to one
    np.testing.assert_allclose(edge_nms.triangle_filter(spike, 1), [[0, 0.25, 0.5, 0.25, 0]])
    np.testing.assert_allclose(edge_nms.triangle_filter(spike, 2), [[1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9]])
    np.testing.assert_allclose(edge_nms.triangle_filter(np.ones((6, 7)), 4), np.ones((6, 7)))


@pytest.mark.parametrize("derivative", ["central", "sobel"])
@pytest.mark.parametrize("angle", [0.3, 0.8, 1.2, 2.0, 2.7])
def test_orientation_is_the_coarse_normal_of_the_edge(angle, derivative):
    """Second derivatives along x and y of a ridge go with the squares of its normal's cosine and sine."""
    found = edge_nms.ridge_orientation(ridge(angle, sigma=3), 2, derivative)[20, 20]
    coarse = np.arctan(np.sign(np.tan(angle)) * np.tan(angle) ** 2)
    assert abs((found - coarse + np.pi / 2) % np.pi - np.pi / 2) < 0.03


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.8, 1.2, 2.0, 2.7])
@pytest.mark.parametrize("kind", ["toolbox", "canny"])
def test_thins_a_ridge_to_its_crest(angle, kind):
    soft = ridge(angle)
    if kind == "toolbox":
        thin = edge_nms.suppress_toolbox(soft, np.full(soft.shape, angle), fade=0, multiplier=1.0)
    else:
        thin = edge_nms.suppress_canny(soft)
    y, x = np.mgrid[:41, :41] - 20
    distance = np.abs(x * np.cos(angle) + y * np.sin(angle))
    inner = (slice(5, -5),) * 2
    assert distance[inner][thin[inner] > 0.1].max() <= 1.0
    assert (thin[inner] > 0).sum() >= 25


def test_multiplier_keeps_near_ties():
    strength = np.float32([[0, 0.5, 0.503, 0]] * 5)
    across = np.zeros(strength.shape)
    strict = edge_nms.suppress_toolbox(strength, across, fade=0, multiplier=1.0)
    lenient = edge_nms.suppress_toolbox(strength, across, fade=0, multiplier=1.01)
    assert strict[2].tolist() == [0, 0, np.float32(0.503), 0]
    assert lenient[2, 1] == np.float32(0.5)


def test_fade_is_linear_from_the_border():
    faded = edge_nms.fade_border(np.ones((9, 11), np.float32), 4)
    np.testing.assert_allclose(faded[4], [0, 0.25, 0.5, 0.75, 1, 1, 1, 0.75, 0.5, 0.25, 0])
    assert faded[1, 1] == np.float32(0.25) ** 2
    assert (edge_nms.fade_border(np.ones((1, 1), np.float32), 5) == 1).all()


def test_blur_keeps_a_constant_and_spreads_a_spike():
    assert (edge_nms.binomial_blur(np.ones((4, 5), np.float32), 5) == 1).all()
    spike = np.zeros((5, 5), np.float32)
    spike[2, 2] = 16
    assert edge_nms.binomial_blur(spike, 3)[1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_small_maps_pass(shape):
    soft = np.ones(shape, np.float32)
    if min(shape) > 1:
        edge_nms.suppress_toolbox(soft, edge_nms.ridge_orientation(soft))
    assert edge_nms.suppress_toolbox(soft, np.zeros(shape), fade=0).shape == shape
