"""What clicks change about masks, on a tree of four regions side by side and on hand-made images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.clicking import click_objects
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.models.hierarchy.correct import _around, _wrong, corrected_mask, leaf_depths
from sambench.models.hierarchy.model import HierarchyModel
from sambench.prompts.click_settings import ClickSettings
from tests.models.hierarchy.test_model import nested_squares, two_discs

WIDTHS = (8, 8, 16, 16)
LABELS = np.repeat(np.arange(4, dtype=np.int32), WIDTHS)[None].repeat(16, 0)
PARENTS = np.array([4, 4, 5, 5, 6, 6, 6])
ALTITUDES = np.array([0, 0, 0, 0, 0.3, 0.4, 0.9])
SPANS = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [0, 2], [2, 4], [0, 4]])
AREAS = 16 * np.array([8, 8, 16, 16, 16, 32, 48], np.int32)
DEPTHS = leaf_depths(LABELS, 4)
PRIOR = np.array([1.1, 0.95, 0.0])


def corrected(leaves: list[int], *clicks: tuple[int, int, int]) -> np.ndarray:
    """Return the mask of some leaves as clicks (x, y, label) correct it."""
    points, labels = np.array([click[:2] for click in clicks]), np.array([click[2] for click in clicks])
    mask = np.isin(LABELS, leaves)
    return corrected_mask(mask, points, labels, LABELS, DEPTHS, PARENTS, ALTITUDES, SPANS, AREAS, PRIOR, 0.5, 0.3)


def test_the_depth_of_a_leaf_is_that_of_the_largest_disc_inside():
    assert DEPTHS.tolist() == [16, 16, 64, 64]  # 4 of 8 columns, 8 of 16 rows


def test_a_click_in_the_middle_of_a_missed_region_adds_it():
    assert (corrected([0], (12, 8, 1)) == np.isin(LABELS, [0, 1])).all()
    assert (corrected([0], (24, 8, 1)) == np.isin(LABELS, [0, 2])).all()
    assert (corrected([0], (32, 8, 1)) == np.isin(LABELS, [0, 2, 3])).all()  # the middle of both


def test_a_background_click_in_the_middle_of_a_false_region_takes_it_away():
    assert (corrected([0, 1, 3], (40, 8, 0)) == np.isin(LABELS, [0, 1])).all()


def test_a_background_click_cuts_a_mask_down_to_the_region_of_the_foreground_clicks():
    assert (corrected([0, 1, 2, 3], (4, 8, 1), (32, 8, 0)) == np.isin(LABELS, [0, 1])).all()


def test_a_click_at_the_edge_of_a_region_is_a_sliver_and_changes_the_disc_up_to_the_next_right_pixel():
    for x, radius in ((16, 1), (17, 2), (18, 3)):
        changed = corrected([0, 1], (x, 8, 1)) ^ np.isin(LABELS, [0, 1])
        rows, columns = np.mgrid[:16, :48]
        assert (changed == ((rows - 8) ** 2 + (columns - x) ** 2 < radius**2)).all()


def test_clicks_that_agree_and_padding_change_nothing():
    assert (corrected([0, 1], (4, 8, 1), (24, 8, 0), (40, 8, -1)) == np.isin(LABELS, [0, 1])).all()


def test_a_leaf_with_clicks_of_both_kinds_changes_around_the_contradicted_one_only():
    changed = corrected([3], (34, 8, 0), (40, 8, 1)) ^ (LABELS == 3)
    assert changed[8, 34]
    assert not changed[8, 40]
    assert not changed[:, :32].any()


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 3)), st.integers(0, 47), st.integers(0, 15), st.booleans())
def test_one_click_is_always_followed_and_nothing_changes_the_other_way(leaves, x, y, foreground):
    before, after = np.isin(LABELS, sorted(leaves)), corrected(sorted(leaves), (x, y, int(foreground)))
    assert after[y, x] == foreground
    assert (after[after != before] == foreground).all()


class Answers:
    """The model as a click loop asks it."""

    def __init__(self, model: HierarchyModel) -> None:
        self.model = model

    def decode(self, embedding, prompts, multimask):
        """Answer in one part."""
        yield self.model.decode(embedding, prompts, multimask)


@pytest.mark.parametrize("feedback", [True, False])
def test_more_clicks_never_hurt_and_end_near_the_object(feedback):
    image, outer, inner = nested_squares()
    discs, left, right = two_discs()
    for picture, objects in ((image, [outer, inner, outer & ~inner]), (discs, [left, left | right])):
        model = HierarchyModel()
        truth = runs_of_rles(encode_masks(np.stack(objects)), picture.shape[:2])
        chosen = ClickSettings(clicks=(1, 2, 3, 5, 9), mask_feedback=feedback)
        (embedding,) = model.encode([picture])
        clicked = click_objects(
            Answers(model), embedding, truth, lambda which, _: np.zeros(len(which), np.uint64), chosen
        )
        ious = np.stack([mask_ious(masks, truth) for masks in clicked.masks])
        assert (np.diff(ious, axis=0) >= -1e-9).all(), ious
        assert (ious[-1] > 0.9).all(), ious


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.booleans())
def test_what_lies_around_a_click_is_as_looking_at_every_pixel_tells(height, width, seed, wanted):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 5, (height, width)).astype(np.int32)
    mask = generator.random((height, width)) < 0.3
    column, row = int(generator.integers(width)), int(generator.integers(height))
    mask[row, column] = not wanted
    near, right = _around(np.array([column, row]), mask, wanted, labels, 5)
    rows, columns = np.mgrid[-1 : height + 1, -1 : width + 1]
    squared = (rows - row) ** 2 + (columns - column) ** 2
    outside = np.pad(mask == wanted, 1, constant_values=True)
    assert right == squared[outside].min()
    for leaf in range(5):
        nearest = squared[1:-1, 1:-1][labels == leaf].min(initial=10**6)
        assert min(near[leaf], right) == min(nearest, right)


def test_wrong_pixels_are_counted_by_leaf():
    mask = np.isin(LABELS, [0, 2])
    mask[0, 0] = False
    assert _wrong(mask, True, LABELS, AREAS, 4).tolist() == [1, 128, 0, 256]
    assert _wrong(mask, False, LABELS, AREAS, 4).tolist() == [127, 0, 256, 0]
