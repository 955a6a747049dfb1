"""The front of models on two axes."""

from hypothesis import given
from hypothesis import strategies as st

from sambench.metrics.latency.pareto import Value, standings


def exact(value):
    return Value(value, value, value)


def around(value, reach):
    return Value(value, value - reach, value + reach)


def test_by_hand():
    points = [(exact(-50), exact(0.7)), (exact(-20), exact(0.6)), (exact(-60), exact(0.6)), (exact(-20), exact(0.6))]
    assert standings(points) == ["on", "on", "off", "on"]  # equals do not beat each other


def test_what_intervals_leave_open_is_said():
    best = (exact(-50), around(0.70, 0.02))
    assert standings([best, (exact(-60), around(0.69, 0.02))]) == ["on", "cannot tell"]
    assert standings([best, (exact(-60), around(0.60, 0.02))]) == ["on", "off"]
    assert standings([best, (exact(-50), around(0.60, 0.02))]) == ["on", "off"]  # an equal count
    assert standings([best, (around(-51, 5), around(0.60, 0.02))]) == ["on", "cannot tell"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8))
def test_exact_values_are_told_by_dominance_alone(pairs):
    found = standings([(exact(x), exact(y)) for x, y in pairs])
    for (x, y), told in zip(pairs, found, strict=True):
        beaten = any(a >= x and b >= y and (a, b) != (x, y) for a, b in pairs)
        assert told == ("off" if beaten else "on")
