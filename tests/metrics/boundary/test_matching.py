import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from sambench.metrics.boundary import graph
from sambench.metrics.boundary.graph import build_graph, disc, row_and_step
from sambench.metrics.boundary.matching import change_columns, empty_state

RADII = [0.0, 1.0, 1.5, 2.9, 4.34]


class Tracker:
    """A matching of one truth with predictions that come and go; every pixel may be a column."""

    def __init__(self, truth, radius, rank=None):
        n = truth.size
        self.columns = np.arange(n, dtype=np.int32).reshape(truth.shape)
        self.graph = build_graph(truth, self.columns, np.arange(n) if rank is None else rank, radius)
        self.state, self.uses = empty_state(self.graph), np.zeros(n, np.int32)
        self.present, self.n_pairs = np.zeros(truth.shape, bool), 0

    def show(self, prediction):
        leaving, entering = self.columns[self.present & ~prediction], self.columns[prediction & ~self.present]
        self.n_pairs += change_columns(self.graph, self.state, leaving, entering, self.uses)
        self.present = prediction
        return self

    @property
    def matched(self):
        return (self.state.column_match >= 0).reshape(self.present.shape)

    def pairs_and_distance(self):
        """Count pairs and add up their distances from the pixels' places, and check that they are one to one."""
        rows, columns = np.nonzero(self.state.row_match >= 0)[0], self.state.row_match[self.state.row_match >= 0]
        assert len(set(columns.tolist())) == len(columns)
        assert (self.state.column_match[columns] == rows).all()
        assert self.present.ravel()[columns].all()
        return len(rows), self._distance(rows, columns)

    def _distance(self, rows, columns):
        built, total = self.graph, 0
        for i, j in zip(rows, columns, strict=True):
            near, steps = row_and_step(built.column_edges[slice(*built.column_starts[j : j + 2])], built.step_bits)
            [step] = steps[near == i]
            assert built.column_at[built.row_pixels[i] + built.steps[step]] == j
            total += built.costs[step] // (len(built.rank) + 1)
        return total


def optimum(prediction, truth, radius, rank=None):
    """Solve the dense problem: pairs, total distance in hundredths, and the matched predicted pixels.

    Pairs out of reach cost more than all pairs within reach together, so they mean "no pair"; the rank of a predicted
    pixel is a cost below one hundredth of a pixel.
    """
    predicted, true = np.argwhere(prediction), np.argwhere(truth)
    matched = np.zeros(prediction.shape, bool)
    if not len(predicted) or not len(true):
        return 0, 0, matched
    squared = ((predicted[None] - true[:, None]) ** 2).sum(axis=-1)
    near, distance = squared <= radius**2, np.rint(100 * np.sqrt(squared))
    rank = np.arange(prediction.size) if rank is None else rank
    cost = distance * (prediction.size + 1) + rank.reshape(prediction.shape)[prediction]
    rows, columns = linear_sum_assignment(np.where(near, cost, 1e11))
    paired = near[rows, columns]
    matched[tuple(predicted[columns[paired]].T)] = True
    return int(paired.sum()), int(distance[rows, columns][paired].sum()), matched


def check(tracker, truth, radius, rank=None):
    pairs, distance, matched = optimum(tracker.present, truth, radius, rank)
    assert tracker.pairs_and_distance() == (pairs, distance)
    assert tracker.n_pairs == pairs
    np.testing.assert_array_equal(tracker.matched, matched)
    np.testing.assert_array_equal(tracker.uses.reshape(matched.shape), matched)


def test_disc_holds_all_offsets_within_the_radius_nearest_first():
    offsets, distances = disc(1.5)
    assert sorted(map(tuple, offsets.tolist())) == [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    assert distances.tolist() == [0, 100, 100, 100, 100, 141, 141, 141, 141]
    # 0.0075 of a 481 x 321 image's diagonal is 4.337 pixels: the lattice points of the disc d**2 <= 18.
    assert len(disc(0.0075 * np.hypot(481, 321))[0]) == 61


def test_more_pairs_come_before_shorter_ones():
    truth = np.array([[1, 1, 0, 0]], bool)
    prediction = np.array([[0, 1, 1, 0]], bool)
    # By hand: true 1 with predicted 1 costs nothing and leaves one pair; two pairs at distance 1 each are better.
    assert Tracker(truth, 1.0).show(prediction).pairs_and_distance() == (2, 200)


def test_a_pixel_serves_one_partner_only():
    truth = np.array([[1, 0, 1]], bool)
    prediction = np.array([[0, 1, 0]], bool)
    assert Tracker(truth, 1.0).show(prediction).pairs_and_distance() == (1, 100)


def test_of_equal_optima_the_low_ranks_are_matched():
    truth = np.array([[0, 1, 0]], bool)
    prediction = np.array([[1, 0, 1]], bool)
    assert Tracker(truth, 1.0).show(prediction).matched.tolist() == [[True, False, False]]
    assert Tracker(truth, 1.0, np.array([2, 1, 0])).show(prediction).matched.tolist() == [[False, False, True]]


def test_a_pixel_that_leaves_frees_its_partner():
    truth = np.array([[1, 1]], bool)
    tracker = Tracker(truth, 1.0).show(np.array([[True, True]]))
    assert tracker.pairs_and_distance() == (2, 0)
    assert tracker.show(np.array([[True, False]])).pairs_and_distance() == (1, 0)
    assert tracker.show(np.array([[False, False]])).pairs_and_distance() == (0, 0)


def test_problems_beyond_64_bits_are_refused():
    truth, columns = np.ones((1, 2), bool), np.array([[0, -1]], np.int32)
    with pytest.raises(ValueError, match="beyond 64 bits"):
        build_graph(truth, columns, np.broadcast_to(np.int64(0), (2**57,)), 1.0)


def test_neighbours_of_very_many_true_pixels_take_64_bits_and_are_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    truth, columns = rng.random((9, 12)) < 0.4, np.arange(108, dtype=np.int32).reshape(9, 12)
    short = build_graph(truth, columns, np.arange(108), 2.9)
    monkeypatch.setattr(graph, "SHORT", 0)
    long = build_graph(truth, columns, np.arange(108), 2.9)
    assert (short.column_edges.dtype, long.column_edges.dtype) == (np.int32, np.int64)
    np.testing.assert_array_equal(short.column_edges, long.column_edges)
    rows, steps = row_and_step(short.column_edges, short.step_bits)
    assert rows.max() == truth.sum() - 1
    assert steps.max() == len(short.steps) - 1


@pytest.mark.slow  # compiles the searches a second time
def test_neighbours_in_64_bits_are_matched_alike(monkeypatch):
    monkeypatch.setattr(graph, "SHORT", 0)
    rng = np.random.default_rng(1)
    truth = rng.random((14, 14)) < 0.4
    tracker = Tracker(truth, 2.9)
    for density in (0.3, 0.7, 0.1):
        check(tracker.show(rng.random(truth.shape) < density), truth, 2.9)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    density=st.floats(0.02, 0.9),
    radius=st.sampled_from(RADII),
)
def test_stays_the_dense_optimum_while_pixels_come_and_go(seed, shape, density, radius):
    rng = np.random.default_rng(seed)
    truth, strength = rng.random(shape) < density, rng.random(shape)
    rank = rng.permutation(truth.size)
    tracker = Tracker(truth, radius, rank)
    for level in rng.random(6):
        # Nested but for a tenth of the pixels, as thinned maps are.
        check(tracker.show((strength >= level) & (rng.random(shape) < 0.9)), truth, radius, rank)


def line(row, shape=(24, 24)):
    mask = np.zeros(shape, bool)
    mask[row] = True
    return mask


CHECKERBOARD = np.indices((18, 18)).sum(axis=0) % 2 == 0
ADVERSARIAL = {
    "empty and full": [np.zeros((14, 14), bool), np.ones((14, 14), bool)],
    "full and empty": [np.ones((14, 14), bool), np.zeros((14, 14), bool)],
    "full and full": [np.ones((14, 14), bool)] * 2,
    "single pixels": [np.eye(20, dtype=bool)[:1], np.eye(20, dtype=bool)[2:3]],
    "parallel lines": [line([3, 9, 15]), line([5, 11, 17])],
    "between two lines": [line([6]), line([3, 9])],
    "two lines for one": [line([3, 9]), line([6])],
    "shifted line": [line(8)[:, 3:], line(8)[:, :-3]],
    "checkerboard and its complement": [CHECKERBOARD, ~CHECKERBOARD],
    "every second pixel": [line(5) & (np.arange(24) % 2 == 0), line(6)],
}


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("radius", RADII)
def test_adversarial_maps_are_solved_exactly_with_and_without_carrying_over(name, radius):
    truth, prediction = ADVERSARIAL[name]
    check(Tracker(truth, radius).show(prediction), truth, radius)
    carried = Tracker(truth, radius)
    for step in (np.ones_like(truth), ~prediction, prediction & (np.indices(truth.shape)[1] % 3 > 0), prediction):
        check(carried.show(step), truth, radius)


def test_long_lines_shift_as_a_whole_for_one_more_pair():
    length = 3000
    truth, prediction = np.ones((1, length), bool), np.ones((1, length), bool)
    truth[0, 0], prediction[0, -1] = False, False
    # One to one at distance 0 leaves an end over on either side; shifting all by one pairs them all.
    tracker = Tracker(truth, 1.0).show(prediction)
    assert tracker.pairs_and_distance() == (length - 1, 100 * (length - 1))
