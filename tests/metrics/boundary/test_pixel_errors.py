"""Misses and false alarms by group, by hand, and the benchmark's counts in all of them together."""

import numpy as np
import pytest

from sambench.metrics.boundary.counts import counts_of_maps
from sambench.metrics.boundary.pixel_errors import GROUPS, pixel_errors


def line(column, size=(40, 60)):
    found = np.zeros(size, bool)
    found[10:15, column] = True
    return found


def test_the_example_of_the_docstring():
    counts = pixel_errors(line(30), [line(20)], 3 / np.hypot(40, 60))
    assert counts["all"].tolist() == [[0, 5, 0, 5]]
    assert counts["distance"].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 5, 0, 5]]
    assert "contrast" not in counts


def test_orientation():
    upright = np.zeros((60, 60), bool)
    upright[10:50, 30] = True
    slanted = np.zeros((60, 60), bool)
    slanted[np.arange(10, 50), np.arange(10, 50)] = True
    for place, edge in enumerate((upright, slanted, upright.T)):
        (counts,) = (pixel_errors(edge, [edge], 0.02)["orientation"],)
        assert counts[place, 1] >= 34  # but for the ends of the line
        assert counts.sum(axis=0).tolist() == [40] * 4


def test_agreement_and_contrast():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, 20:] = 100
    counts = pixel_errors(line(20), [line(20), line(21), line(50)], 3 / np.hypot(40, 60), image)
    assert counts["agreement"][:, :2].tolist() == [[0, 5], [10, 10], [0, 0]]  # the third annotator is alone
    assert counts["agreement"][:, 2:].tolist() == [[0, 0], [5, 5], [0, 0]]
    assert counts["contrast"].tolist() == [[0, 5, 0, 0], [0, 0, 0, 0], [10, 10, 5, 5]]


def test_groups_add_up_to_the_benchmarks_counts():
    rng = np.random.default_rng(0)
    prediction, image = rng.random((30, 40)) > 0.9, rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
    truths = [rng.random((30, 40)) > 0.9 for _ in range(3)]
    counts = pixel_errors(prediction, truths, 0.03, image)
    expected = counts_of_maps([prediction], truths, 0.03, False)[0]
    assert set(counts) == {"all", *GROUPS}
    for own in counts.values():
        assert own.sum(axis=0) == pytest.approx(expected)
