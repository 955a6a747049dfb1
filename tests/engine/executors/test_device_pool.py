"""How a cluster's actors are handed work, with actors that only note what they are asked for."""

from collections import deque
from types import SimpleNamespace

import pytest

from sambench.engine.executors.base import Group, Ledger
from sambench.engine.executors.deaths import DEATHS
from sambench.engine.executors.device_pool import DevicePool
from sambench.engine.executors.nodes import Share
from sambench.errors import RunError


class Asked:
    """An actor's handle whose answers are the numbers of the groups it was asked for."""

    def __init__(self):
        self.predict, self.calls = self, []

    def options(self, num_returns):
        self.returns = num_returns
        return self

    def remote(self, keys, todo, own, ahead):
        self.calls.append((keys, own, ahead))
        return [f"{key} predicted" for key in todo] + [f"{keys[0]} answer"]


def groups(count):
    return deque(Group((f"g{number}",), (f"g{number}",)) for number in range(count))


def pool(devices):
    made = DevicePool({}, Share("cpu", devices, 1, 1.0, 0.0), Ledger())
    made.nodes = SimpleNamespace(lost=lambda node: False, count=lambda: 1)
    for device in made.all:
        device.handle, device.ready = Asked(), True
    return made


def given(made):
    return [[group.keys[0] for group in device.given] for device in made.all]


def test_idle_actors_are_asked_first_and_each_for_two_groups():
    made, waiting = pool(2), groups(6)
    made.hand_out(waiting, drawn={"g1"})
    assert given(made) == [["g0", "g1"], ["g2", "g3"]]
    assert [group.keys[0] for group in waiting] == ["g5"]
    assert made.all[0].handle.calls == [(["g0"], [], ["g1"]), (["g1"], ["g1"], ["g4"])]
    assert set(made.asked) == {f"g{number} answer" for number in range(4)}


def test_the_last_groups_go_to_whoever_is_idle():
    made, waiting = pool(3), groups(2)
    made.hand_out(waiting, drawn=set())
    assert given(made) == [["g0"], ["g1"], []]
    assert not waiting


def test_all_that_a_lost_actor_had_comes_back_once():
    made, waiting = pool(2), groups(6)
    made.hand_out(waiting, drawn=set())
    back = made._lost(made.all[0], RuntimeError("died"))
    assert [group.keys[0] for group in back] == ["g0", "g1", "g4"]
    assert set(made.asked) == {"g2 answer", "g3 answer"}
    assert given(made) == [[], ["g2", "g3"]]
    assert (made.all[0].handle, made.all[0].ready, made.all[0].restarts) == (None, False, 1)


def test_the_group_at_hand_is_named_when_its_actors_die_too_often():
    made = pool(1)
    for _ in range(DEATHS - 1):
        made.all[0].handle, made.all[0].ready = Asked(), True
        made.hand_out(groups(3), drawn=set())
        made._lost(made.all[0], RuntimeError("died"))
    made.all[0].handle, made.all[0].ready = Asked(), True
    made.hand_out(groups(3), drawn=set())
    with pytest.raises(RunError, match=f"died {DEATHS} times") as caught:
        made._lost(made.all[0], RuntimeError("died"))
    assert caught.value.where == "g0"
