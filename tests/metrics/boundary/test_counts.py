import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.morphology import thin as skimage_thin

from sambench.errors import PredictionError, UsageError
from sambench.metrics.boundary.counts import boundary_counts, counts_of_maps, match_maps

REACH = 0.11  # of a 10 x 10 map's diagonal: 1.56 pixels, so a pixel reaches its eight neighbours


def rows_at(*rows):
    mask = np.zeros((10, 10), bool)
    mask[list(rows)] = True
    return mask


def test_counts_by_hand():
    strength = 0.8 * rows_at(2) + 0.4 * rows_at(7)
    truths = [rows_at(2), rows_at(3, 8)]
    # At .5 only row 2 is predicted: paired with row 2 for the first annotator, with row 3 for the second, row 8 missed.
    # At .25 row 7 comes in and takes row 8.
    expected = [[30, 30, 20, 20], [20, 30, 10, 10]]
    np.testing.assert_array_equal(boundary_counts(strength, truths, [0.25, 0.5], REACH), expected)


def test_a_predicted_pixel_counts_once_however_many_annotators_agree():
    counts = boundary_counts(rows_at(2).astype(float), [rows_at(2)] * 3, [0.5], REACH)
    np.testing.assert_array_equal(counts, [[30, 30, 10, 10]])


def test_a_double_line_answers_a_single_one_once():
    counts = boundary_counts(rows_at(2, 4).astype(float), [rows_at(3)], [0.5], REACH)
    np.testing.assert_array_equal(counts, [[10, 10, 10, 20]])


def test_thick_lines_are_thinned_unless_told_otherwise():
    strength = rows_at(4, 5, 6).astype(float)
    n_thin = skimage_thin(strength > 0).sum()
    assert boundary_counts(strength, [rows_at(5)], [0.5], REACH)[0].tolist() == [n_thin, 10, n_thin, n_thin]
    assert boundary_counts(strength, [rows_at(5)], [0.5], REACH, thin=False)[0].tolist() == [10, 10, 10, 30]


def test_empty_maps_count_nothing():
    assert boundary_counts(np.zeros((10, 10)), [rows_at(1)], [0.5]).tolist() == [[0, 10, 0, 0]]
    assert boundary_counts(np.ones((10, 10)), [rows_at()], [0.5], thin=False).tolist() == [[0, 0, 0, 100]]


def test_zeros_are_never_predicted():
    assert boundary_counts(rows_at(1) * 0.1, [rows_at(1)], [0.0]).tolist() == [[10, 10, 10, 10]]


def test_distance_grows_with_the_diagonal():
    strength, truths = rows_at(2).astype(float), [rows_at(4)]
    assert boundary_counts(strength, truths, [0.5], 0.14)[0, 0] == 0  # 1.98 pixels
    assert boundary_counts(strength, truths, [0.5], 0.15)[0, 0] == 10  # 2.12 pixels


def soft_map(seed, shape=(40, 50)):
    smooth = gaussian_filter(np.random.default_rng(seed).random(shape), 1.2)
    return (smooth - smooth.min()) / np.ptp(smooth)


def contours(seed, shape=(40, 50)):
    return skimage_thin(soft_map(seed, shape) > 0.6)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), n_annotators=st.integers(1, 4), thin=st.booleans())
def test_carrying_over_changes_nothing(seed, n_annotators, thin):
    strength, truths = soft_map(seed), [contours(seed + k + 1) for k in range(n_annotators)]
    levels = np.linspace(0.1, 0.9, 9)
    counts = boundary_counts(strength, truths, levels, 0.03, thin)
    alone = [boundary_counts(strength, truths, [level], 0.03, thin)[0] for level in levels]
    np.testing.assert_array_equal(counts, alone)
    np.testing.assert_array_equal(boundary_counts(strength, truths[::-1], levels[::-1], 0.03, thin)[::-1], counts)


def test_match_maps_are_what_is_counted():
    strength, truths = soft_map(1), [contours(2), contours(3)]
    prediction = skimage_thin(strength >= 0.5)
    matches = [match_maps(prediction, truth, 0.03) for truth in truths]
    for matched_prediction, matched_truth in matches:
        assert matched_prediction.sum() == matched_truth.sum()
        assert not (matched_prediction & ~prediction).any()
    for (_, matched_truth), truth in zip(matches, truths, strict=True):
        assert not (matched_truth & ~truth).any()
    expected = [
        sum(matched_truth.sum() for _, matched_truth in matches),
        sum(truth.sum() for truth in truths),
        (matches[0][0] | matches[1][0]).sum(),
        prediction.sum(),
    ]
    np.testing.assert_array_equal(boundary_counts(strength, truths, [0.5], 0.03)[0], expected)


def test_binary_maps_count_as_levels_do():
    strength, truths = soft_map(4), [contours(5)]
    maps = [strength >= level for level in (0.3, 0.6)]
    np.testing.assert_array_equal(counts_of_maps(maps, truths), boundary_counts(strength, truths, [0.3, 0.6]))
    assert counts_of_maps([], truths).shape == (0, 4)


@pytest.mark.parametrize(
    ("strength", "truths", "options", "error", "match"),
    [
        (np.zeros((9, 10)), [rows_at(1)], {}, PredictionError, "9 x 10.*10 x 10"),
        (np.zeros((10, 10, 3)), [rows_at(1)], {}, PredictionError, "height, width"),
        (np.full((10, 10), 255.0), [rows_at(1)], {}, PredictionError, "255 to 255"),
        (np.full((10, 10), np.nan), [rows_at(1)], {}, PredictionError, "nan"),
        (np.zeros((10, 10)), [rows_at(1), rows_at(1)[:5]], {}, PredictionError, "differ in size"),
        (np.zeros((0, 10)), [rows_at(1)[:0]], {}, PredictionError, "no pixels"),
        (np.zeros((10, 10)), [], {}, UsageError, "no annotator"),
        (np.zeros((10, 10)), [rows_at(1)], {"max_dist": -1.0}, UsageError, "max_dist is -1"),
        (np.zeros((10, 10)), [rows_at(1)], {"max_dist": np.nan}, UsageError, "max_dist is nan"),
        (np.zeros((10, 10)), [rows_at(1)], {"thresholds": [[0.5]]}, UsageError, "thresholds"),
        (np.zeros((10, 10)), [rows_at(1)], {"thresholds": [np.nan]}, UsageError, "thresholds"),
    ],
)
def test_bad_input_is_refused_with_its_reason(strength, truths, options, error, match):
    with pytest.raises(error, match=match):
        boundary_counts(strength, truths, **options)
