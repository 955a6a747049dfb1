from functools import partial

import numpy as np
import pytest

from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.boundary.resampled import boundary_ci95, boundary_replicates

THRESHOLDS = np.array([0.25, 0.5, 0.75])


def images(first):
    """Return counts of 20 images of 1,000 true pixels, `first` (in thousandths) of them found at the top threshold."""
    found = np.stack([np.full(20, 900), 600 + 10 * np.arange(20), np.resize(first, 20)], axis=1)
    predicted = np.round(found / [0.5, 0.75, 0.9]).astype(int)
    return np.stack([found, np.full_like(found, 1000), found, predicted], axis=-1)


def plain(counts):
    """Return the interval of AP as of any other score."""
    return bootstrap_intervals(partial(boundary_replicates, counts, THRESHOLDS), [""] * 20, 400)["ap"]


@pytest.mark.parametrize("first", [[44, 45, 46], [4, 5, 6]])
def test_ap_that_begins_between_two_of_its_recalls_has_the_interval_of_any_score(first):
    counts = images(first)
    assert boundary_ci95(counts, THRESHOLDS, 400)["ap"] == plain(counts)


def test_ap_that_begins_at_one_of_its_recalls_has_a_wider_interval():
    counts = images([38, 39, 40, 41, 42])
    (low, high), (least, most) = boundary_ci95(counts, THRESHOLDS, 400)["ap"], plain(counts)
    between = plain(images([44, 45, 46]))
    assert low <= least < most <= high
    # a recall above .0400 leaves out 1/100 of the precision there, .9, that one below counts
    assert (high - low) - (between[1] - between[0]) > 0.0085
    assert high - low > most - least


def test_ap_of_a_curve_that_begins_below_its_first_recall_or_rises_from_nothing_has_no_step():
    counts = images([8])
    # one image alone has a pixel at the top threshold: resamples that do not hold it rise from nothing to .008
    counts[0, 1:] = [[600, 1000, 600, 800], [1, 1000, 1, 1]]
    top = np.zeros_like(counts[:, :1])
    top[:, 0, 1], top[0, 0] = 1000, [1, 1000, 1, 1]
    counts, thresholds = np.concatenate([counts, top], axis=1), np.array([0.25, 0.5, 0.75, 0.9])
    ends = bootstrap_intervals(partial(boundary_replicates, counts, thresholds), [""] * 20, 400)["ap"]
    assert boundary_ci95(counts, thresholds, 400)["ap"] == ends


def test_too_few_images_give_ap_no_interval():
    assert np.isnan(boundary_ci95(images([38, 39, 40, 41, 42])[:9], THRESHOLDS, 100)["ap"]).all()
