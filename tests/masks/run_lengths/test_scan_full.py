"""Masks at the size of their image in one pass: the same as through pycocotools and through the pass that resizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.run_lengths.scan import axis_taps, scan_masks
from sambench.masks.run_lengths.scan_full import is_identity, scan_full_masks
from sambench.types import MaskFrame


def scanned(logits, corner_xy=(0, 0), image_size=None, offset=1.0):
    size = image_size or logits.shape[1:]
    return scan_full_masks(np.ascontiguousarray(logits, np.float32), np.float32(offset), corner_xy, size)


@settings(max_examples=60)
@given(
    st.integers(0, 10_000), st.integers(3, 19), st.integers(3, 19), st.sampled_from([(0, 0), (2, 0), (0, 3), (4, 5)])
)
def test_equals_pycocotools_and_the_pass_that_resizes(seed, height, width, corner_xy):
    rng = np.random.default_rng(seed)
    logits = np.round(rng.normal(rng.uniform(-2, 2), 1.5, (3, height, width)), 1).astype(np.float32)
    image_size = (height + 2 * corner_xy[1], width + corner_xy[0])
    counts, lengths, areas = scanned(logits, corner_xy, image_size)
    frame = MaskFrame((height, width))
    columns, rows = axis_taps(width, frame, 1), axis_taps(height, frame, 0)
    for own, other in zip(
        (counts, lengths, areas), scan_masks(logits, columns, rows, np.float32(1), corner_xy, image_size), strict=True
    ):
        np.testing.assert_array_equal(own, other)
    decoded = coco_mask.decode(RunLengths(counts, lengths, image_size).compressed(np.arange(3))).transpose(2, 0, 1)
    x, y = corner_xy
    np.testing.assert_array_equal(decoded[:, y : y + height, x : x + width], logits > 0)
    assert decoded.sum() == (logits > 0).sum()


def test_a_mask_worked_by_hand():
    logits = np.array([[[2.0, -1.0, 0.5], [2.0, 0.0, -0.5]]])
    counts, lengths, areas = scanned(logits)
    assert counts.tolist() == [0, 2, 2, 1, 1]  # down the columns: in in, out out, in out
    assert lengths.tolist() == [5]
    assert areas.tolist() == [[2, 5]]  # above 1: 2, 2; above -1: all but the -1 itself


def test_no_number_is_outside():
    counts, _, areas = scanned(np.full((1, 4, 4), np.nan))
    assert counts.tolist() == [16]
    assert areas.tolist() == [[0, 0]]


@pytest.mark.parametrize(("low", "image", "own"), [(9, 9, True), (9, 12, False), (12, 9, False)])
def test_only_an_axis_that_is_not_resized_is_its_own(low, image, own):
    taps = axis_taps(low, MaskFrame((image, image)), 0)
    assert taps is not None
    assert is_identity(taps, low) is own
