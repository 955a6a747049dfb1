import numpy as np
import pytest

from sambench.metrics.uncertainty.jackknife import GROUPS, jackknife


def mean_of(values):
    """Return the mean of the values that are defined, over weighted images."""
    kept, numbers = ~np.isnan(values), np.nan_to_num(values)

    def means(weights):
        with np.errstate(invalid="ignore"):
            return {"mean": weights @ numbers / (weights @ kept)}

    return means


def test_images_are_left_out_one_by_one():
    found = jackknife(mean_of(np.array([0.2, 0.4, 0.9, np.nan])), [""] * 4)
    assert found.whole["mean"] == pytest.approx(0.5)
    # without the first: .65, the second: .55, the third: .3; the last has no value
    assert found.falls["mean"] == pytest.approx([-0.15, -0.05, 0.2, 0])
    assert found.carrying["mean"].tolist() == [True, True, True, False]


def test_an_image_whose_value_is_the_mean_carries_it():
    assert jackknife(mean_of(np.array([0.5, 0.5, np.nan])), [""] * 3).carrying["mean"].tolist() == [True, True, False]
    assert jackknife(mean_of(np.array([0.5])), [""]).carrying["mean"].tolist() == [True]
    assert not jackknife(mean_of(np.full(3, np.nan)), [""] * 3).carrying["mean"].any()


def test_many_images_are_left_out_in_groups_of_one_stratum_each():
    strata = ["a"] * 3 + ["b"] * 1997
    found = jackknife(mean_of(np.arange(2000) / 2000), strata)
    assert sorted(np.concatenate(found.groups).tolist()) == list(range(2000))
    assert len(found.groups) <= GROUPS + 3
    assert found.strata.tolist() == [0] * 3 + [1] * (len(found.groups) - 3)
    assert [len(group) for group in found.groups[:3]] == [1, 1, 1]


def test_few_carriers_among_many_are_found_one_by_one():
    values = np.full(1000, np.nan)
    values[[7, 500, 999]] = 0.1, 0.2, 0.6
    found = jackknife(mean_of(values), [""] * 1000)
    carriers = [found.groups[place].tolist() for place in np.flatnonzero(found.carrying["mean"])]
    assert sorted(carriers) == [[7], [500], [999]]
