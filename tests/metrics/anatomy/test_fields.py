"""Pieces and holes against scipy, distances against its exact transform."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from sambench.metrics.anatomy.fields import holes, is_near, pieces, steps_to


def noise(seed):
    rng = np.random.default_rng(seed)
    return rng.random((rng.integers(1, 24), rng.integers(1, 24))) > rng.random()


def painted(runs, region):
    """Write the number of each run into its pixels."""
    numbers = np.zeros(region.shape, np.int32)
    for row, start, stop, number in runs:
        assert not numbers[row, start:stop].any()
        numbers[row, start:stop] = number
    return numbers


@pytest.mark.parametrize("diagonal", [True, False])
def test_pieces_are_scipys(diagonal):
    for seed in range(60):
        region = noise(seed)
        runs, count = pieces(region, diagonal)
        numbers = painted(runs, region)
        assert [[row, start] for row, start, *_ in runs] == sorted([row, start] for row, start, *_ in runs)
        theirs, expected = label(region, np.ones((3, 3)) if diagonal else None)
        pairs = set(zip(numbers.ravel().tolist(), theirs.ravel().tolist(), strict=True))
        assert count == expected
        assert len(pairs) == count + (not region.all())
        assert numbers.max(initial=0) == count


def test_holes_do_not_reach_the_border():
    region = np.zeros((7, 9), bool)
    region[1:4, 1:4] = region[1:6, 5:8] = True
    region[2, 2] = region[3, 6] = False
    region[5, 6] = region[4, 6] = False  # opens the second one
    assert np.argwhere(painted(holes(region)[0], region)).tolist() == [[2, 2]]


def test_near_is_the_exact_distance():
    for seed in range(60):
        region = noise(seed)
        steps = steps_to(region)
        for distance in (1, 2, 5):
            found = [[is_near(steps, y, x, distance) for x in range(region.shape[1])] for y in range(region.shape[0])]
            exact = distance_transform_edt(~region) <= distance if region.any() else np.zeros(region.shape, bool)
            assert np.array_equal(np.array(found), exact)
