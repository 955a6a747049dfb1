from threading import Event, current_thread

import numpy as np
import pytest
import torch

from sambench.masks.transfers import Arrival, beside, in_turn, to_device


def test_the_hosts_part_comes_when_the_next_item_is_under_way():
    def run(device, by_threads=False):
        told = []
        done = in_turn(
            range(3),
            lambda item: told.append(f"start {item}") or item,
            lambda item: told.append(f"finish {item}") or item * item,
            lambda _: torch.device(device),
            by_threads,
        )
        assert list(done) == [0, 1, 4]
        return told

    assert run("cpu") == ["start 0", "finish 0", "start 1", "finish 1", "start 2", "finish 2"]
    assert run("cpu", by_threads=True) == run("cuda")
    assert run("cuda") == ["start 0", "start 1", "finish 0", "start 2", "finish 1", "finish 2"]
    assert list(in_turn([], str, str, lambda _: torch.device("cpu"))) == []


def test_work_goes_on_beside_and_its_error_is_raised_where_it_is_waited_for():
    begun, go_on = Event(), Event()

    def work():
        begun.set()
        assert go_on.wait(60)
        return current_thread()

    waiting = beside(work)
    assert begun.wait(60)
    go_on.set()
    assert waiting() is not current_thread()
    waiting = beside(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        waiting()


def test_what_arrives_is_what_was_sent():
    one, other = torch.arange(6).view(2, 3), torch.tensor([True, False])
    values, flags = Arrival(one, other).arrays()
    np.testing.assert_array_equal(values, [[0, 1, 2], [3, 4, 5]])
    assert flags.tolist() == [True, False]


def test_a_number_is_rounded_where_it_arrives():
    moved = to_device(torch.tensor([1.0, 2.003]), torch.device("meta"), torch.bfloat16)
    assert (moved.device.type, moved.dtype) == ("meta", torch.bfloat16)
    assert to_device(torch.tensor([2.003]), torch.device("cpu"), torch.bfloat16).tolist() == [2.0]
