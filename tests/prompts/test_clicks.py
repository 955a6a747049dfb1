import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt, gaussian_filter

from sambench.errors import UsageError
from sambench.masks.prompted.click_batch import next_clicks
from sambench.masks.rle import encode_masks
from sambench.masks.windows import chosen_runs, empty_runs, runs_of_rles
from sambench.prompts.clicks import (
    NONE_TAKEN,
    Click,
    centre_click,
    checked_counts,
    error_click,
    random_click,
    random_draws,
)
from sambench.prompts.deepest import deepest_pixel, nth_pixel


def drawn(text):
    return np.array([[sign == "#" for sign in line] for line in text.split()])


def blob(rng, height, width):
    """A random mask: noise, smooth islands, rectangles with holes, a disc; often over the border."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.random((height, width)) < rng.random()
    if kind == 1:
        return gaussian_filter(rng.normal(size=(height, width)), rng.uniform(1, 10)) > rng.normal() * 0.02
    y, x = np.mgrid[:height, :width]
    if kind == 2:
        mask = np.zeros((height, width), bool)
        for _ in range(rng.integers(1, 5)):
            top, left, tall, wide = rng.integers(0, [height, width, height, width])
            mask[top : top + tall + 1, left : left + wide + 1] ^= True
        return mask
    return np.hypot(y - rng.uniform(0, height), x - rng.uniform(0, width)) < rng.uniform(1, height)


# hand-worked


def test_centre_is_the_pixel_farthest_from_the_boundary():
    mask = np.zeros((9, 12), bool)
    mask[2:7, 3:8] = True
    assert centre_click(mask) == Click(5, 4, True, 3.0)


def test_of_equally_far_pixels_the_first_row_by_row_is_taken():
    mask = np.zeros((9, 12), bool)
    mask[2:6, 3:11] = True  # rows 3 and 4, columns 4 to 9 are 2 pixels from the outside
    assert centre_click(mask) == Click(4, 3, True, 2.0)


def test_beyond_the_image_is_outside():
    """Without the border of one pixel the centre of a full image would be its corner."""
    assert centre_click(np.ones((5, 7), bool)) == Click(2, 2, True, 3.0)
    half = np.zeros((5, 8), bool)
    half[:, :4] = True
    assert centre_click(half) == Click(1, 1, True, 2.0)


def test_distances_are_euclidean():
    plus = drawn("..... ..#.. .###. ..#.. .....")
    click = centre_click(plus)
    assert (click.x, click.y) == (2, 2)
    assert click.distance == pytest.approx(2**0.5)


def test_the_farther_error_is_clicked_and_ties_are_background():
    truth, predicted = np.zeros((8, 16), bool), np.zeros((8, 16), bool)
    truth[1:6, 1:6] = True  # missed: 5 x 5, distance 3
    predicted[1:4, 9:12] = True  # false: 3 x 3, distance 2
    assert error_click(truth, predicted) == Click(3, 3, True, 3.0)
    predicted[1:6, 9:14] = True  # false: 5 x 5 too
    assert error_click(truth, predicted) == Click(11, 3, False, 3.0)
    assert error_click(truth, truth | predicted) == Click(11, 3, False, 3.0)


def test_a_mask_without_error_gets_the_references_background_corner():
    truth = np.ones((4, 4), bool)
    assert error_click(truth, truth) == Click(0, 0, False, 0.0)
    assert random_click(truth, truth, 7) == Click(0, 0, False, 0.0)


def test_taken_pixels_are_not_clicked_but_stay_part_of_the_region():
    mask = np.zeros((9, 12), bool)
    mask[2:7, 3:8] = True
    nothing = np.zeros_like(mask)
    assert error_click(mask, nothing, [[5, 4]]) == Click(4, 3, True, 2.0)
    assert error_click(mask, nothing, [[5, 4], [4, 3]]) == Click(5, 3, True, 2.0)
    alone = np.zeros_like(mask)
    alone[3, 3] = True
    assert error_click(alone, nothing, [[3, 3]]) == Click(0, 0, False, 0.0)


SQUARES = [(5, 5, 1, 16), (11, 5, 1, 16), (2, 2, 1, 1), (1, 1, 0, 2), (4, 0, 0, 1)]
"""Five clicks on rows 2 to 8, columns 2 to 14, where a click adds or takes away the 5 x 5 pixels around it: x, y, label
and squared distance. 1: of columns 5 to 11 of the middle row, all 4 from the outside, the first. 2: the middle of what
is left of columns 8 to 14. 3: what is missing now is one pixel wide; its first pixel. 4: the square around that reached
over the corner; its false pixel (1, 1) is the root of 2 from (2, 2), the missing ones are 1 away. 5: both kinds are one
pixel wide now, and a tie goes to the background; the first false pixel."""


def test_five_clicks_worked_by_hand():
    truth = np.zeros((12, 20), bool)
    truth[2:9, 2:15] = True
    added, removed = np.zeros_like(truth), np.zeros_like(truth)
    for x, y, label, squared in SQUARES:
        click = error_click(truth, added & ~removed)
        assert (click.x, click.y, int(click.positive)) == (x, y, label)
        assert click.distance == pytest.approx(squared**0.5)
        around = slice(max(0, y - 2), y + 3), slice(max(0, x - 2), x + 3)
        (added if label else removed)[around] = True


# against other implementations


def reference_click(truth, predicted, cv2, exact, taken=()):
    """SAM 2's and RITM's rule by OpenCV on the whole padded image.

    With `exact`, its float32 distances are squared and rounded to the whole numbers they stand for.
    """
    maps = []
    for error in (truth & ~predicted, predicted & ~truth):
        distances = cv2.distanceTransform(np.pad(error, 1).astype(np.uint8), cv2.DIST_L2, 0)[1:-1, 1:-1]
        distances = np.rint(distances.astype(np.float64) ** 2) if exact else distances
        for x, y in taken:
            distances[y, x] = 0
        maps.append(distances)
    missed, false = (distances.argmax() for distances in maps)
    positive = bool(maps[0].flat[missed] > maps[1].flat[false])
    place = missed if positive else false
    y, x = divmod(int(place), truth.shape[1])
    return (x, y, positive), maps, float(maps[not positive].flat[place])


def test_a_thousand_random_masks_are_clicked_as_by_opencv():
    """Position, label and distance are OpenCV's.

    Its float32 roots are off by a unit in the last place here and there (4.10 and 5.0 in different pixels), which now
    and then decides between pixels that are equally far. So its distances are compared within 1e-6 relatively, the
    click exactly on the whole squared distances they stand for, and where the raw arg-max differs the two pixels must
    be equally far. It must differ in less than two of a hundred masks.
    """
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    by_rounding = 0
    for number in range(1000):
        height, width = rng.integers(1, 160, 2)
        truth, predicted = blob(rng, height, width), blob(rng, height, width)
        if number % 3 == 0:
            predicted[:] = False
        taken = rng.integers(0, [width, height], (3, 2)) if number % 4 == 0 else np.zeros((0, 2), int)
        click = error_click(truth, predicted, taken)
        own = click.x, click.y, click.positive
        exact, squares, squared = reference_click(truth, predicted, cv2, True, taken)
        assert own == exact
        assert round(click.distance**2) == squared
        raw, _, distance = reference_click(truth, predicted, cv2, False, taken)
        assert click.distance == pytest.approx(distance, rel=1e-6)
        if raw != own:
            by_rounding += 1
            assert squares[not raw[2]][raw[1], raw[0]] == squared
    assert by_rounding < 20


@settings(max_examples=150, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.booleans()))
def test_deepest_pixel_is_scipys(region):
    squares = np.rint(distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1] ** 2).astype(int)
    x, y, squared = deepest_pixel(np.ascontiguousarray(region), NONE_TAKEN, 0)
    assert squared == squares.max()
    assert y * region.shape[1] + x == squares.argmax()
    assert deepest_pixel(region, NONE_TAKEN, int(squares.max())) == (0, 0, 0)


def test_boxes_and_batches_change_nothing():
    """Working in each mask's box gives what the whole image gives, for every rule, with and without taken pixels."""
    rng = np.random.default_rng(1)
    for number in range(60):
        size = tuple(rng.integers(1, 120, 2))
        truth, predicted = (np.array([blob(rng, *size) for _ in range(5)]) for _ in range(2))
        predicted[0], predicted[1], truth[2] = truth[0], False, False
        runs = [runs_of_rles(encode_masks(masks), size) for masks in (truth, predicted)]
        taken = rng.integers(0, [size[1], size[0]], (5, 3, 2))
        drawn = random_draws(number, "image", range(5), 1)
        for spots in (None, taken):
            centre = next_clicks(*runs, "centre", taken_xy=spots)
            random = next_clicks(*runs, "random", drawn, spots)
            for i in range(5):
                own = NONE_TAKEN if spots is None else spots[i]
                one = error_click(truth[i], predicted[i], own)
                other = random_click(truth[i], predicted[i], int(drawn[i]), own)
                for found, wanted in ((centre, one), (random, other)):
                    assert found.points_xy[i].tolist() == [wanted.x, wanted.y]
                    assert (found.labels[i], found.squared[i] ** 0.5) == (wanted.positive, wanted.distance)


def test_batches_must_fit_together():
    with pytest.raises(ValueError, match="2 objects"):
        next_clicks(empty_runs(2, (4, 4)), empty_runs(3, (4, 4)), "centre")
    with pytest.raises(ValueError, match="draws"):
        next_clicks(empty_runs(2, (4, 4)), empty_runs(2, (4, 4)), "random")
    with pytest.raises(ValueError, match="size"):
        runs_of_rles(encode_masks(np.ones((1, 3, 3), bool)), (4, 4))


def test_runs_can_be_chosen_and_repeated():
    masks = np.random.default_rng(0).random((3, 6, 7)) < 0.5
    runs = runs_of_rles(encode_masks(masks), (6, 7))
    again = chosen_runs(runs, np.array([2, 0, 0]))
    assert again.compressed(np.arange(3)) == [encode_masks(masks)[i] for i in (2, 0, 0)]
    assert len(chosen_runs(runs, np.zeros(0, int)).lengths) == 0


# chance


def test_lots_depend_on_all_that_names_a_click_and_on_nothing_else():
    together = random_draws(3, "image", [7, "8", 9], 2)
    assert together.tolist() == [int(random_draws(3, "image", [name], 2)[0]) for name in (7, 8, 9)]
    others = {int(random_draws(*key)[0]) for key in ((3, "image", [7], 1), (4, "image", [7], 2), (3, "other", [7], 2))}
    assert len(others | {int(together[0])}) == 4


def test_random_clicks_are_uniform_over_the_object():
    mask = drawn("#.#.. .##.. ....#")
    nothing = np.zeros_like(mask)
    counts = np.zeros(mask.shape)
    for draw in random_draws(0, "image", range(5000), 1):
        click = random_click(mask, nothing, int(draw))
        assert click.positive
        counts[click.y, click.x] += 1
    assert (counts > 0).tolist() == mask.tolist()
    expected = 5000 / mask.sum()
    assert ((counts[mask] - expected) ** 2 / expected).sum() < 18.5  # chi squared, 4 degrees of freedom, p = 0.001


def test_random_errors_are_missed_and_false_pixels_alike():
    truth, predicted = drawn("##... ##..."), drawn("#...# #....")
    clicks = [random_click(truth, predicted, draw) for draw in range(4)]
    assert clicks == [Click(1, 0, True, 1.0), Click(1, 1, True, 1.0), Click(4, 0, False, 1.0), Click(1, 0, True, 1.0)]
    assert random_click(truth, predicted, 0, [[1, 0], [4, 0]]) == Click(1, 1, True, 1.0)


def test_there_is_no_pixel_after_the_last():
    with pytest.raises(ValueError, match="fewer"):
        nth_pixel(np.ones((2, 2), bool), 4)


def test_counts_are_checked():
    assert checked_counts([5, 1, 5]) == (1, 5)
    for wrong in ([], [0], [1, -2]):
        with pytest.raises(UsageError, match="clicks is"):
            checked_counts(wrong)
