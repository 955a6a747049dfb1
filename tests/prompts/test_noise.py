"""Rules of noise on prompts: by hand where they can be, else by their limits, and always by their independence."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.prompts.noise import BOX_RULES, CLICK_RULES, box_overlaps, generator_of, noisy_boxes, noisy_clicks

SIZE = (1024, 2048)
BOX = np.array([400.0, 300.0, 500.0, 700.0])
"""100 wide and 400 high, far from the borders of `SIZE`."""


def moved(rule, strength=1.0, draws=4000, box=BOX, size=SIZE, name="1"):
    return noisy_boxes(rule, [generator_of(0, "image", name)], box[None], size, draws, strength)[0]


def test_overlaps_by_hand():
    found = box_overlaps(np.array([[0, 0, 10, 10]]), np.array([[[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]]]))
    np.testing.assert_allclose(found, [[1, 50 / 150, 0]])


def test_sam_is_a_normal_of_a_tenth_up_to_20_pixels_of_1024():
    """A tenth is 10 and 40 pixels; 20 pixels of the longer side's 1024 are 40 of this image."""
    steps = moved("sam") - BOX
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1.5)
    np.testing.assert_allclose(steps[:, [0, 2]].std(axis=0), 10, rtol=0.05)
    assert np.abs(steps).max() == 40
    share = (np.abs(steps[:, 1]) == 40).mean()
    assert share == pytest.approx(0.317, abs=0.03)  # beyond one standard deviation


def test_sam2_is_uniform_up_to_the_lesser_of_a_tenth_and_20_pixels():
    """Widths move by at most 10 pixels (20 of the frame are 40), heights by 20 (a tenth is 40, the frame's are 20)."""
    steps = moved("sam2") - BOX
    limits = np.array([10, 20, 10, 20])
    assert (np.abs(steps).max(axis=0) <= limits).all()
    np.testing.assert_allclose(steps.std(axis=0), limits / np.sqrt(3), rtol=0.05)
    edge = moved("sam2", box=np.array([0.0, 0.0, 2048.0, 1024.0]))
    assert edge.max(axis=0).tolist()[2:] == [2047, 1023]


def test_medsam_moves_outwards_by_whole_pixels_of_the_frame():
    steps = (moved("medsam") - BOX) / [-2, -1, 2, 1]
    assert sorted(set(steps.ravel().tolist())) == list(range(21))
    assert moved("medsam", box=np.array([1.0, 1, 2047, 1023])).min() == 0


def test_hq_sam_moves_centre_and_sides_by_the_scale():
    boxes = moved("hq_sam")
    sides, centres = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    assert np.abs(sides / [100, 400] - 1).max() <= 0.1
    assert np.abs((centres - [450, 500]) / [50, 200]).max() <= 0.1
    assert np.abs(sides / [100, 400] - 1).max() > 0.09


def test_smoothing_shifts_or_scales():
    shifted = moved("smoothing_shift")
    np.testing.assert_allclose(shifted[:, 2:] - shifted[:, :2], np.tile([100.0, 400], (4000, 1)))
    np.testing.assert_allclose((shifted - BOX)[:, :2].std(axis=0), [5, 20], rtol=0.05)
    far = moved("smoothing_shift", strength=10)  # a half of the sides: many candidates overlap too little
    assert box_overlaps(BOX[None], far[None]).min() > 0.5
    assert (moved("smoothing_shift", strength=100, draws=50) == BOX).all(axis=1).any()  # none of 16 did
    boxes = moved("smoothing_size")
    np.testing.assert_allclose((boxes[:, 2:] - boxes[:, :2]).std(axis=0), [5, 20], rtol=0.05)
    np.testing.assert_allclose(((boxes[:, :2] + boxes[:, 2:]) / 2).std(axis=0), [3, 12], rtol=0.05)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(BOX_RULES)),
    st.lists(st.floats(0, 60, allow_subnormal=False), min_size=4, max_size=4),
    st.sampled_from([0.01, 1.0, 30.0]),
)
def test_boxes_stay_in_order_and_in_the_image(rule, numbers, strength):
    x, y, width, height = numbers
    box = np.array([x, min(y, 40), x + width, min(y, 40) + height])
    found = moved(rule, strength, 5, box, (40, 60))
    assert (found[:, 2:] - found[:, :2] >= 1 - 1e-9).all()
    assert (found >= -1e-9).all()
    assert (found[:, [2, 3]] <= np.array([60, 40]) + 1e-9).all()


@pytest.mark.parametrize("rule", BOX_RULES)
def test_an_objects_draws_depend_on_it_alone(rule):
    boxes = np.stack([BOX, BOX + 50, BOX / 2])
    together = noisy_boxes(rule, [generator_of(0, "image", name) for name in "abc"], boxes, SIZE, 3, 1.0)
    alone = noisy_boxes(rule, [generator_of(0, "image", "b")], boxes[1:2], SIZE, 3, 1.0)
    np.testing.assert_array_equal(together[1], alone[0])
    assert len({generator_of(*key).random() for key in [(0, "i", 1), (1, "i", 1), (0, "j", 1), (0, "i", 2)]}) == 4


@pytest.mark.parametrize("rule", sorted(set(BOX_RULES) - {"smoothing_shift"}))
def test_strengths_share_their_draws(rule):
    """Far from borders an object's boxes move along one line."""
    once, twice = moved(rule, 0.25, 20) - BOX, moved(rule, 0.5, 20) - BOX
    np.testing.assert_allclose(twice, 2 * once, atol=1e-9)


RING = np.hypot(*(np.mgrid[:41, :41] - 20)) <= 20
RING &= np.hypot(*(np.mgrid[:41, :41] - 20)) >= 8


@pytest.mark.parametrize("rule", CLICK_RULES)
@pytest.mark.parametrize("strength", [0.1, 1.0, 50.0])
def test_clicks_are_on_the_object(rule, strength):
    clicks = noisy_clicks(rule, generator_of(0, "image", 1), RING, (20, 6), 300, strength)
    assert RING[clicks[:, 1], clicks[:, 0]].all()
    assert clicks.dtype == np.int64
    speck = np.ones((1, 1), bool)
    assert noisy_clicks(rule, generator_of(0, "i", 1), speck, (0, 0), 2, strength).tolist() == [[0, 0], [0, 0]]


def test_jitter_is_a_normal_of_a_tenth_of_the_sides():
    mask = np.ones((100, 400), bool)
    steps = noisy_clicks("jitter", generator_of(0, "image", 1), mask, (200, 50), 4000, 1.0) - [200, 50]
    np.testing.assert_allclose(steps.std(axis=0), [40, 10], rtol=0.05)


def test_distance_draws_by_the_distance_to_the_boundary():
    clicks = noisy_clicks("distance", generator_of(0, "image", 1), RING, (20, 6), 40_000, 1.0)
    wanted = scipy.ndimage.distance_transform_edt(np.pad(RING, 1))[1:-1, 1:-1]
    depths = wanted[clicks[:, 1], clicks[:, 0]]
    assert depths.mean() == pytest.approx((wanted**2).sum() / wanted.sum(), rel=0.01)
    deeper = noisy_clicks("distance", generator_of(0, "image", 1), RING, (20, 6), 4000, 0.05)
    assert wanted[deeper[:, 1], deeper[:, 0]].mean() > 0.9 * wanted.max()
