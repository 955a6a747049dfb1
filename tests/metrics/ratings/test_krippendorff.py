from itertools import permutations

import numpy as np
import pytest

from sambench.metrics.ratings.krippendorff import krippendorff_alpha

NAN = np.nan
# Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: four observers, twelve units.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)


def by_pairs(ratings, distance):
    """Alpha from its definition: mean distance within units against mean distance over all pairs."""
    units = [[value for value in column if not np.isnan(value)] for column in ratings.T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [value for unit in units for value in unit]
    within = sum(sum(distance(a, b) for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    overall = sum(distance(a, b) for a, b in permutations(pooled, 2)) / (len(pooled) - 1)
    return 1 - within / overall


def test_the_example_of_the_literature():
    assert krippendorff_alpha(OBSERVERS, "interval") == pytest.approx(0.849, abs=5e-4)
    assert krippendorff_alpha(OBSERVERS, "ordinal") == pytest.approx(0.815, abs=5e-4)


def test_the_hand_example():
    assert krippendorff_alpha(np.array([[1.0, 2, 3], [1, 2, 4]])) == pytest.approx(36 / 41)


def test_it_equals_the_definition_over_pairs():
    generator = np.random.default_rng(3)
    ratings = generator.integers(1, 11, (5, 30)).astype(float)
    ratings[generator.random((5, 30)) < 0.4] = np.nan
    assert krippendorff_alpha(ratings) == pytest.approx(by_pairs(ratings, lambda a, b: (a - b) ** 2))
    units = ratings[:, (~np.isnan(ratings)).sum(axis=0) > 1]
    pooled = units[~np.isnan(units)]

    def ordinal(a, b):
        low, high = min(a, b), max(a, b)
        between = ((pooled >= low) & (pooled <= high)).sum()
        return (between - ((pooled == a).sum() + (pooled == b).sum()) / 2) ** 2

    assert krippendorff_alpha(ratings, "ordinal") == pytest.approx(by_pairs(ratings, ordinal))


def test_without_disagreement_or_pairs_there_is_no_answer():
    assert np.isnan(krippendorff_alpha(np.full((2, 4), 7.0)))
    assert np.isnan(krippendorff_alpha(np.array([[1, NAN], [NAN, 2]])))
