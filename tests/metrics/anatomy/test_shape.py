"""Shapes by hand, and the skeleton against the algorithm as it was published."""

import math

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull

from sambench.metrics.anatomy.shape import shape_of, skeleton


def published_skeleton(region):
    """Zhang and Suen's two passes, each over the whole image."""
    left, before = region.copy(), None
    while before is None or (left != before).any():
        before = left.copy()
        for first in (True, False):
            gone = []
            for y, x in np.argwhere(left):
                p = [
                    left[y + v, x + u]
                    for v, u in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
                ]
                turns = sum(not p[k] and p[(k + 1) % 8] for k in range(8))
                north, east, south, west = p[0], p[2], p[4], p[6]
                one = not (north and east and (south if first else west))
                two = not ((east if first else north) and south and west)
                if 2 <= sum(p) <= 6 and turns == 1 and one and two:
                    gone.append((y, x))
            for place in gone:
                left[place] = False
    return left


def blob(seed):
    rng = np.random.default_rng(seed)
    return np.pad(gaussian_filter(rng.normal(size=(20, 26)), rng.uniform(0.6, 3)) > 0, 1)


def test_the_skeleton_is_as_published():
    for seed in range(12):
        assert np.array_equal(skeleton(blob(seed)), published_skeleton(blob(seed)))


def test_shapes_by_hand():
    radius, length, thinness, concavity, pieces = shape_of(np.pad(np.ones((3, 11), bool), 1))
    assert (radius, length, concavity, pieces) == (2, 8, 0, 1)
    assert math.isclose(thinness, math.sqrt(33 / math.pi) / 2)
    corner = np.pad(np.array([[True, False], [True, True]]), 1)
    assert math.isclose(shape_of(corner)[3], 1 - 3 / 3.5)
    assert shape_of(np.pad(np.ones((2, 2), bool), 1))[:2].tolist() == [1, 4]
    two = np.pad(np.array([[True, False, True]]), 1)
    assert shape_of(two)[4] == 2
    assert math.isclose(shape_of(two)[3], 1 / 3)


def test_the_hull_is_scipys():
    for seed in range(20):
        region = blob(seed)
        y, x = np.nonzero(region)
        corners = np.concatenate([np.stack([y + v, x + u], 1) for v in (0, 1) for u in (0, 1)])
        assert math.isclose(shape_of(region)[3], 1 - len(y) / ConvexHull(corners).volume, abs_tol=1e-9)


def test_a_disc_is_not_thin_and_a_wire_is():
    rows, columns = np.indices((63, 63)) - 31
    assert 0.9 < shape_of(np.hypot(rows, columns) < 29)[2] < 1.3
    assert shape_of(np.pad(np.ones((2, 200), bool), 1))[2] > 8
