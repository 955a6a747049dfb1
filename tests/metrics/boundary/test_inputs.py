import numpy as np
import pytest

from sambench.errors import PredictionError
from sambench.metrics.boundary.counts import boundaries_from_segs, pb_from_ucm2, strength_from_image


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (bool, 1), (np.float32, 1)])
def test_stored_maps_scale_to_one(dtype, top):
    strength = strength_from_image(np.array([[0, top]]).astype(dtype))
    assert strength.dtype == np.float64
    assert strength.tolist() == [[0.0, 1.0]]


def test_grey_saved_in_colour_is_read_and_colours_are_refused():
    grey = np.array([[0, 51]], np.uint8)
    assert strength_from_image(np.dstack([grey] * 3)).tolist() == [[0, 0.2]]
    assert strength_from_image(np.dstack([grey] * 3 + [grey + 7])).tolist() == [[0, 0.2]]
    with pytest.raises(PredictionError, match="colours"):
        strength_from_image(np.dstack([grey, grey, grey + 1]))
    with pytest.raises(PredictionError, match="shape"):
        strength_from_image(grey[0])
    with pytest.raises(PredictionError, match="int32"):
        strength_from_image(grey.astype(np.int32))


def test_ucm2_is_read_at_the_pixels_lower_right_corners():
    ucm2 = np.arange(35.0).reshape(5, 7) / 35
    assert (pb_from_ucm2(ucm2) * 35).round().tolist() == [[16, 18, 20], [30, 32, 34]]
    with pytest.raises(PredictionError, match="odd"):
        pb_from_ucm2(ucm2[:4])


def test_boundaries_of_a_segmentation_by_hand():
    seg = np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]])
    # A pixel is marked where its block of four (going right and down) is not of one label.
    assert boundaries_from_segs([seg])[0].astype(int).tolist() == [[0, 1, 0], [1, 1, 1], [0, 0, 0]]
    assert not boundaries_from_segs([np.ones((3, 3), int)])[0].any()
    # The last row and column still show the border between neighbours along them.
    assert boundaries_from_segs([np.array([[1, 2], [1, 2]])])[0].tolist() == [[True, False], [True, False]]


def test_segmentations_that_are_none_are_refused():
    with pytest.raises(PredictionError, match="none"):
        boundaries_from_segs([])
    with pytest.raises(PredictionError, match="segmentation 2"):
        boundaries_from_segs([np.ones((2, 2)), np.ones(2)])
