import dataclasses

import numpy as np
import pytest

from sambench.metrics.boundary.scores import (
    average_precision,
    best_point,
    first_step,
    recall_at_half_precision,
    recall_precision_f,
    summarize_counts,
)
from sambench.tables.bsds_boundary import ev1_text, eval_bdry_img_text, eval_bdry_text, eval_bdry_thr_text

THRESHOLDS = np.array([0.25, 0.75])


def test_recall_precision_f_by_hand():
    recall, precision, f = recall_precision_f(np.array([[3, 4, 1, 2], [0, 4, 0, 0], [0, 0, 0, 5]]))
    np.testing.assert_allclose(recall, [0.75, 0, 0])
    np.testing.assert_allclose(precision, [0.5, 0, 0])
    np.testing.assert_allclose(f, [0.6, 0, 0])


def test_ods_lies_between_thresholds():
    threshold, recall, precision, f = best_point(THRESHOLDS, np.array([1.0, 0.5]), np.array([0.5, 1.0]))
    # F is 2/3 at both ends; on the way recall + precision stays 1.5, so it is largest in the middle. Of the 100 points
    # between, numbers 49 and 50 (from 0) are nearest to it and equal; the first counts, up to rounding.
    off_middle = 0.5 * (0.5 - 49 / 99)
    assert f == pytest.approx(2 * (0.75 + off_middle) * (0.75 - off_middle) / 1.5, abs=1e-12)
    assert abs(recall - 0.75) == pytest.approx(off_middle, abs=1e-12)
    assert precision == pytest.approx(1.5 - recall, abs=1e-12)
    assert threshold == pytest.approx(0.25 + (1 - recall), abs=1e-12)


def test_best_point_of_equals_is_the_first():
    flat = np.full(3, 0.5)
    assert best_point(np.array([1.0, 2.0, 3.0]), flat, flat) == (1.0, 0.5, 0.5, 0.5)
    assert best_point(np.array([0.3]), np.array([1.0]), np.array([0.5])) == (0.3, 1.0, 0.5, pytest.approx(2 / 3))


def test_average_precision_by_hand():
    # Recalls .50, .51, ..., 1.00 lie on the curve: 51 precisions from 1 down to .5, .75 on average; over 100, not 101.
    assert average_precision(np.array([1.0, 0.5]), np.array([0.5, 1.0])) == pytest.approx(51 * 0.75 / 100)
    # All recalls to .5: a threshold without any pixel gives the point (0, 0), and the curve rises from there.
    ramp = np.arange(51) / 50
    assert average_precision(np.array([0.5, 0.0]), np.array([1.0, 0.0])) == pytest.approx(ramp.sum() / 100)
    assert average_precision(np.array([0.5, 0.5]), np.array([1.0, 0.2])) == 0


def test_average_precision_takes_the_first_of_equal_recalls():
    curve = average_precision(np.array([1.0, 1.0, 0.5]), np.array([0.5, 0.9, 1.0]))
    assert curve == pytest.approx(51 * 0.75 / 100)


def test_the_first_step_of_average_precision_by_hand():
    flat = np.array([0.9, 0.9])
    # .0045 of the recall .05 less .9 * .0097 before it; .0045 of .04 less .9 * .0001
    assert first_step(np.array([1.0, 0.0403]), flat) == (5, pytest.approx(0.0045 - 0.00873))
    assert first_step(np.array([1.0, 0.0399]), flat) == (4, pytest.approx(0.0045 - 0.00009))
    late, early = (average_precision(np.array([1.0, start]), flat) for start in (0.0403, 0.0399))
    assert early - late == pytest.approx(0.009)
    # what is left is the area, and 1/200 of .9 at recall 1
    assert late - first_step(np.array([1.0, 0.0403]), flat)[1] == pytest.approx(0.9 * 0.9597 + 0.0045)


def test_a_curve_that_rises_from_nothing_has_no_first_step():
    line, step = first_step(np.array([0.5, 0.0]), np.array([1.0, 0.0]))
    assert (line, step) == (1, pytest.approx(0))
    assert first_step(np.array([0.5, 0.5]), np.array([1.0, 0.2])) == (0, 0)


def test_r50_by_hand():
    assert recall_at_half_precision(np.array([0.9, 0.5]), np.array([0.25, 0.75])) == pytest.approx(0.7)
    assert recall_at_half_precision(np.array([0.9, 0.5]), np.array([0.6, 0.75])) == pytest.approx(0.9)
    assert np.isnan(recall_at_half_precision(np.array([0.9, 0.5]), np.array([0.1, 0.2])))
    assert np.isnan(recall_at_half_precision(np.array([0.9]), np.array([0.5])))


COUNTS = np.array([[[8, 10, 8, 10], [2, 10, 2, 2]], [[5, 10, 5, 50], [4, 10, 4, 5]]])


def test_ois_takes_each_image_at_its_own_threshold():
    scores = summarize_counts(COUNTS, THRESHOLDS)
    # F by threshold: .8 and 1/3 for the first image, 1/6 and .533 for the second: 8 + 4 of 20 true, 10 + 5 predicted.
    assert (scores.ois_recall, scores.ois_precision) == (0.6, 0.8)
    assert scores.ois == pytest.approx(0.96 / 1.4)
    np.testing.assert_allclose(scores.recall, [13 / 20, 6 / 20])
    np.testing.assert_allclose(scores.precision, [13 / 60, 6 / 7])
    np.testing.assert_allclose(scores.f, [2 * 13 / 80, 2 * 6 / 27])
    assert scores.ods >= scores.f.max()
    assert scores.images[0].tolist() == [0.25, 0.8, 0.8, pytest.approx(0.8)]


@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 2, 4), (2, 4), (2, 2, 3)])
def test_counts_of_another_shape_are_an_error(shape):
    with pytest.raises(ValueError, match="counts of shape"):
        summarize_counts(np.zeros(shape, int), THRESHOLDS)


def test_texts_have_the_benchmarks_format():
    scores = summarize_counts(COUNTS[:1], THRESHOLDS)
    assert eval_bdry_img_text(scores) == "         1       0.25        0.8        0.8        0.8\n"
    assert eval_bdry_thr_text(scores).splitlines()[1] == "      0.75        0.2          1   0.333333"
    assert eval_bdry_text(scores).startswith(
        "      0.25        0.8        0.8        0.8        0.8        0.8        0.8 "
    )
    assert ev1_text(COUNTS[0], THRESHOLDS).splitlines()[0] == "      0.25          8         10          8         10"


@pytest.mark.parametrize("test", ["test_1", "test_2", "test_3", "test_4"])
def test_official_files_are_rewritten_byte_for_byte(real_data, test):
    folder = real_data / "bsds_bench" / test
    texts = {name: (folder / f"eval_bdry{name}.txt").read_text() for name in ("", "_thr", "_img")}
    line, curve, images = (np.loadtxt(text.splitlines(), ndmin=1) for text in texts.values())
    names = ["ods_threshold", "ods_recall", "ods_precision", "ods", "ois_recall", "ois_precision", "ois", "ap"]
    scores = dataclasses.replace(
        summarize_counts(COUNTS, THRESHOLDS),
        **dict(zip(names, line, strict=True)),
        **dict(zip(["thresholds", "recall", "precision", "f"], curve.T, strict=True)),
        images=images[:, 1:],
    )
    assert eval_bdry_text(scores) == texts[""]
    assert eval_bdry_thr_text(scores) == texts["_thr"]
    assert eval_bdry_img_text(scores) == texts["_img"]
