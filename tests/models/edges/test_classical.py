"""Sobel, Canny and Felzenszwalb-Huttenlocher on images whose edges are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import canny

from sambench.config.resolve import build
from sambench.errors import UsageError
from sambench.models.edges.classical import Canny, FelzHutt, Sobel, borders, survived


def steps():
    """Grey bars with steps of 40 at column 16 and of 120 at column 32, (40, 48, 3) uint8."""
    image = np.full((40, 48, 3), 20, np.uint8)
    image[:, 16:] = 60
    image[:, 32:] = 180
    return image


def noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (32, 40, 3), np.uint8)


def test_sobel_of_a_step_is_proportional_to_its_height():
    found = Sobel().detect(steps())
    assert found.max() == 1
    np.testing.assert_allclose(found[20, [15, 16, 31, 32]], [1 / 3, 1 / 3, 1, 1])
    assert np.count_nonzero(found[20] > 1e-9) == 4


def test_canny_draws_each_step_once_at_the_highest_threshold_it_survives():
    row = Canny(sigma=1.0).detect(steps())[20]
    assert np.count_nonzero(row[24:]) == np.count_nonzero(row[:24]) == 1
    assert row[24:].max() == 1
    assert row[:24].max() == pytest.approx(0.33)


@pytest.mark.parametrize("level", [0.1, 0.25, 0.6])
def test_canny_at_one_threshold_is_scikit_images_own(level):
    from scipy import ndimage
    from skimage.color import rgb2gray
    from skimage.filters import gaussian

    image = noise()
    smooth = gaussian(rgb2gray(image), 2.0, mode="nearest")
    top = np.hypot(*(ndimage.sobel(smooth, axis=axis) for axis in (0, 1))).max()
    wanted = canny(rgb2gray(image), 2.0, low_threshold=0.4 * level * top, high_threshold=level * top, mode="nearest")
    found = Canny(low=0.4, thresholds=100).detect(image) >= level - 1e-9
    np.testing.assert_array_equal(found, wanted)


def test_hysteresis_by_hand():
    strength = np.array([[0.9, 0.4, 0.2, 0.0, 0.4], [0.0, 0.0, 0.0, 0.3, 0.0]])
    wanted = [[0.9, 0.8, 0.4, 0.0, 0.4], [0.0, 0.0, 0.0, 0.4, 0.0]]
    np.testing.assert_allclose(survived(strength, 0.5, 10), wanted)
    np.testing.assert_allclose(survived(strength, 1.0, 10), strength)


@given(st.integers(0, 99), st.floats(0.05, 1), st.integers(1, 30))
def test_hysteresis_only_lifts_and_its_levels_are_nested(seed, low, thresholds):
    strength = np.random.default_rng(seed).random((6, 7))
    found = survived(strength, low, thresholds)
    alone = np.floor(strength * thresholds + 1e-9) / thresholds
    assert (found >= alone - 1e-9).all()
    assert (found <= strength.max() + 1e-9).all()
    assert (survived(strength, 1.0, thresholds) <= found + 1e-9).all()


def test_felz_hutt_finds_the_steps_at_every_scale():
    row = FelzHutt(scales=[10, 50, 400], sigma=0.5, min_size=50).detect(steps())[20]
    assert np.flatnonzero(row).tolist() == [15, 31]
    assert row.max() == 1


def test_borders_lie_on_the_side_before_the_change():
    labels = np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]])
    np.testing.assert_array_equal(borders(labels), [[0, 1, 0], [1, 1, 1], [0, 0, 0]])


@pytest.mark.parametrize("name", ["sobel", "canny", "felz_hutt"])
def test_an_image_of_one_colour_has_no_edges_and_constants_name_the_model(name):
    model = build("models", "model", {"name": name})
    found = model.detect(np.full((12, 15, 3), 90, np.uint8))
    assert found.shape == (12, 15)
    assert not found.any()
    other = build("models", "model", {"name": name, "sigma": 3.5})
    assert other.fingerprint != model.fingerprint == build("models", "model", {"name": name}).fingerprint
    with pytest.raises(UsageError, match="sigma"):
        build("models", "model", {"name": name, "sigma": -1})


def test_the_files_of_constants_hold_the_defaults():
    from sambench.api.calls import compose

    for name, kind in (("sobel", Sobel), ("canny", Canny), ("felz_hutt", FelzHutt)):
        settings = compose(["task=edges", f"model={name}"])["model"]
        assert build("models", "model", settings).fingerprint == kind().fingerprint
