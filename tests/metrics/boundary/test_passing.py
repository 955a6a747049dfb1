import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.metrics.boundary.graph import build_graph
from sambench.metrics.boundary.matching import change_columns, empty_state
from sambench.metrics.boundary.passing import pass_maps

SHAPE = (9, 11)


def joined(parts):
    return np.concatenate(parts), np.cumsum([0, *map(len, parts)])


def changes(maps):
    """Return the columns that leave and those that enter for each map; every pixel is a column."""
    before = [np.zeros(SHAPE, bool), *maps[:-1]]
    gone = [np.flatnonzero(old & ~new) for old, new in zip(before, maps, strict=True)]
    return gone, [np.flatnonzero(new & ~old) for old, new in zip(before, maps, strict=True)]


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31), density=st.floats(0.02, 0.6))
def test_every_map_is_matched_as_if_it_were_alone(seed, density):
    rng = np.random.default_rng(seed)
    truth, maps = rng.random(SHAPE) < density, [rng.random(SHAPE) < density for _ in range(5)]
    columns = np.arange(truth.size, dtype=np.int32).reshape(SHAPE)
    graph = build_graph(truth, columns, np.arange(truth.size), 1.5)
    gone, new = changes(maps)
    matched = np.zeros((len(maps), truth.size), bool)
    pairs = pass_maps(graph, empty_state(graph), *joined(gone), *joined(new), matched)
    for t, shown in enumerate(maps):
        state, uses = empty_state(graph), np.zeros(truth.size, np.int32)
        near = np.flatnonzero(shown.ravel() & (np.diff(graph.column_starts) > 0))
        assert pairs[t] == change_columns(graph, state, near[:0], near, uses)
        np.testing.assert_array_equal(matched[t], uses != 0)


def test_what_was_matched_before_stays_noted():
    truth = np.zeros(SHAPE, bool)
    truth[4, 4] = True
    graph = build_graph(truth, np.arange(truth.size, dtype=np.int32).reshape(SHAPE), np.arange(truth.size), 1.5)
    here, far = np.array([4 * SHAPE[1] + 5]), np.array([0])
    matched = np.zeros((3, truth.size), bool)
    matched[:, far] = True
    # The first map has the pixel beside the true one, the second one out of reach as well, the third none near.
    gone, new = joined([here[:0], here[:0], here]), joined([here, far, here[:0]])
    assert pass_maps(graph, empty_state(graph), *gone, *new, matched).tolist() == [1, 1, 0]
    assert matched[:, here[0]].tolist() == [True, True, False]
    assert matched.sum() == 5
