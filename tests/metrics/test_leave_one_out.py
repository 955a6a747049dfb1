"""Annotators against each other: by hand, against an independent reference, and resampled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sambench.metrics.boundary.counts import boundary_counts
from sambench.metrics.leave_one_out import (
    COLUMNS,
    AgreementResampling,
    agreement_figures,
    agreement_replicates,
    boundary_columns,
    region_columns,
)
from sambench.metrics.regions.segments import best_fits

HALVES = np.repeat([[1, 1, 2, 2]], 4, axis=0)
"""(4, 4) two segments of 8 pixels."""
QUARTER = np.repeat([[1, 2, 2, 2]], 4, axis=0)
"""(4, 4) segments of 4 and 12 pixels."""


def line(column, size=(40, 40)):
    found = np.zeros(size, bool)
    found[:, column] = True
    return found


def test_best_fit_by_hand():
    """8 pixels against 4 inside them (4 / 8), and against 12 of which 8 are shared (8 / 12)."""
    np.testing.assert_allclose(best_fits(HALVES, QUARTER), [4 / 8, 8 / 12])
    np.testing.assert_allclose(best_fits(QUARTER, HALVES), [4 / 8, 8 / 12])
    np.testing.assert_allclose(best_fits(HALVES, np.zeros((4, 4), int)), [0, 0])
    half = np.where(HALVES == 1, 0, 5)
    np.testing.assert_allclose(best_fits(half, QUARTER), [8 / 12])  # 0 is no segment, in either map
    np.testing.assert_allclose(best_fits(QUARTER, half), [0, 8 / 12])


@settings(deadline=None, max_examples=50)
@given(arrays(np.int64, (5, 6), elements=st.integers(0, 3)), arrays(np.int64, (5, 6), elements=st.integers(0, 3)))
def test_best_fit_is_its_definition(labels, other):
    wanted = []
    for name in np.unique(labels[labels > 0]):
        own = labels == name
        ious = [(own & (other == one)).sum() / (own | (other == one)).sum() for one in np.unique(other[other > 0])]
        wanted.append(max(ious, default=0.0))
    np.testing.assert_allclose(best_fits(labels, other), wanted)


def test_lines_by_hand():
    """Two annotators draw one line, a third another 10 pixels off, beyond the tolerance of .0075 diagonals."""
    drawn = [line(10), line(10), line(20)]
    row = boundary_columns(drawn, 0.0075, thin=True)
    assert row == {"cnt_r": [40, 40, 0], "sum_r": [80, 80, 80], "cnt_p": [40, 40, 0], "sum_p": [40, 40, 40]}
    found = agreement_replicates([{**row, **region_columns([])}], np.ones((1, 1), int))
    assert found["boundary_recall"][0] == pytest.approx(80 / 240)
    assert found["boundary_precision"][0] == pytest.approx(80 / 120)
    assert found["boundary_f"][0] == pytest.approx(2 * (1 / 3) * (2 / 3))
    assert list(found) == ["boundary_f", "boundary_recall", "boundary_precision"]  # no segmentation, no region figure


def test_lines_are_the_benchmarks_counts_of_a_strength_of_one():
    drawn = [line(10) | line(25), line(11), line(26)]
    row = boundary_columns(drawn, 0.03, thin=False)
    for place, one in enumerate(drawn):
        others = [other for index, other in enumerate(drawn) if index != place]
        (counts,) = boundary_counts(one.astype(float), others, [0.5], 0.03, thin=False)
        assert [row[name][place] for name in ("cnt_r", "sum_r", "cnt_p", "sum_p")] == counts.tolist()


def test_regions_by_hand():
    """Halves against a quarter and halves: entropies 1 and H(1/4) bits, 4 + 4 + 8 shared pixels."""
    row = region_columns([HALVES, QUARTER, HALVES])
    fit = 4 / 8 + 8 / 12
    assert row["segments"] == [2, 2, 2]
    np.testing.assert_allclose(row["segment_iou"], [(fit + 2) / 2, fit, (fit + 2) / 2])
    np.testing.assert_allclose(row["segment_best"], [2, fit, 2])
    # Against the quarter's regions: 4 pixels at 4 / 8 and 12 at 8 / 12; against the other's halves all 16.
    np.testing.assert_allclose(row["covered"], [4 / 2 + 12 * 2 / 3 + 16, 2 * (8 / 2 + 8 * 2 / 3), 2 + 8 + 16])
    assert row["pixels"] == [32, 32, 32]
    # Pixel pairs of 120 on which both agree: 6 + 28 together (4 of 4, 8 of 8, 4 of 4), see below for the rest.
    together_both = 6 + 6 + 28
    apart = (120 - 56) - 4 * 8  # apart in halves, less those that the quarter puts together
    np.testing.assert_allclose(row["rand_index"][1], (together_both + apart) / 120)
    entropies = 1.0, -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    joint = -(2 * 0.25 * np.log2(0.25) + 0.5 * np.log2(0.5))
    np.testing.assert_allclose(row["voi"][1], 2 * joint - sum(entropies))
    np.testing.assert_allclose(row["voi"][0], row["voi"][1] / 2)  # mean with one that is equal


def test_a_single_annotator_agrees_with_nobody():
    assert boundary_columns([line(10)], 0.0075, True) == {"cnt_r": [], "sum_r": [], "cnt_p": [], "sum_p": []}
    assert all(not values for values in region_columns([HALVES]).values())


def rows():
    found = []
    for image, drawn in enumerate([[line(10), line(10)], [line(10), line(20)], [line(5), line(5) | line(30)]] * 4):
        columns = {**boundary_columns(drawn, 0.0075, True), **region_columns([HALVES, QUARTER] if image % 2 else [])}
        found.append({"sample_id": str(image), "image_sha256": "", "annotators": 2, **columns})
    return found


def test_resamples_add_up_anew():
    made, ids = rows(), [str(image) for image in range(12)]
    task = AgreementResampling()
    weights = np.zeros((2, 12), int)
    weights[0, :3], weights[1, [1, 3]] = 1, 2
    found = task.replicates(made[::-1], ids, weights)
    assert found["boundary_recall"][0] == pytest.approx((80 + 0 + 40 + 40) / (80 + 80 + 120))
    np.testing.assert_allclose(found["segment_iou"], [7 / 12, 7 / 12])
    assert np.isnan(task.replicates(made, ids, np.eye(12, dtype=int)[:1])["pri"]).all()
    assert task.image_quality(made[:1]) == 1.0
    assert set(COLUMNS) < set(task.compact(made)[0])


def test_figures_have_their_intervals():
    figures = agreement_figures(rows(), seed=0)
    value, (low, high) = figures["boundary_f"]
    assert 0 < low < value < high < 1
    assert agreement_figures(rows(), seed=0) == figures
