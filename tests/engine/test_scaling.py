import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sambench.engine.scaling import AHEAD, BACKLOG, Costs, simulate


def test_one_process_takes_the_sum_of_its_work():
    costs = Costs.constant(10, read=0.0, device=2.0, score=3.0, driver=0.0)
    found = simulate(costs, devices=1, scorers=0)
    assert found.wall == pytest.approx(50.0)
    assert found.busy["device"] == pytest.approx(1.0)


def test_many_scorers_leave_the_device_and_the_last_score():
    costs = Costs.constant(10, read=1.0, device=2.0, score=7.0, driver=0.0)
    found = simulate(costs, devices=1, scorers=1000)
    assert found.wall == pytest.approx(1.0 + 10 * 2.0 + 7.0)  # the first read, the device, the last image's score
    assert found.bottleneck == "device"


def test_few_scorers_hold_the_devices_up():
    costs = Costs.constant(400, read=0.0, device=1.0, score=4.0, driver=0.0)
    found = simulate(costs, devices=4, scorers=2)
    assert found.wall == pytest.approx(1.0 + 400 * 4.0 / 2)
    assert found.bottleneck == "score"


def test_backlog_is_bounded():
    # One scorer: a device may go on while BACKLOG predictions are under way, and then once for each that is scored.
    costs = Costs(np.zeros(5), np.array([1.0, 1.0, 1.0, 1.0, 100.0]), np.full(5, 10.0), np.zeros(5))
    assert BACKLOG == 2
    # made at 1, 2, 3; the third waits for the first score (11); the fourth is made at 12 and waits until 21
    assert simulate(costs, devices=1, scorers=1).wall == pytest.approx(21 + 100 + 10)


def test_a_driver_that_is_slower_than_all_devices_sets_the_pace():
    costs = Costs.constant(100, read=0.5, device=1.0, score=1.0, driver=0.25)
    found = simulate(costs, devices=64, scorers=64)
    assert found.wall == pytest.approx(2.5 + 100 * 0.25)
    assert found.bottleneck == "driver"


def test_readers_share_storage_and_read_only_so_far_ahead():
    costs = Costs.constant(8, read=3.0, device=1.0, score=0.0, driver=0.0)
    assert simulate(costs, devices=2, scorers=1).wall == pytest.approx(4 * 3.0 + 1.0)
    assert simulate(costs, devices=2, scorers=1, storage=1).wall == pytest.approx(8 * 3.0 + 1.0)
    # a long device step: the reader may not run further ahead than AHEAD images, so late reads are slow ones
    costs = Costs(np.array([0.0] * (AHEAD + 1) + [5.0]), np.array([9.0, *[0.0] * AHEAD, 0.0]), np.zeros(4), np.zeros(4))
    assert simulate(costs, devices=1, scorers=1).wall == pytest.approx(9.0 + 5.0)


@given(st.lists(st.tuples(*[st.floats(0.01, 5)] * 4), min_size=1, max_size=30), st.integers(1, 6), st.integers(0, 6))
def test_no_projection_beats_its_busiest_resource_or_loses_to_doing_one_thing_at_a_time(rows, devices, scorers):
    costs = Costs(*np.array(rows).T)
    found = simulate(costs, devices, scorers)
    assert max(found.busy.values()) <= 1 + 1e-9
    assert found.wall <= sum(map(sum, rows)) + 1e-9
    assert simulate(costs, devices, scorers).wall == found.wall


def test_nothing_to_simulate_is_refused():
    with pytest.raises(ValueError, match="needs images"):
        simulate(Costs.constant(0, 1, 1, 1, 1), 1, 1)
