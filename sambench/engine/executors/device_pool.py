"""The actors of a cluster that hold a model each: as many as there is room for, whatever nodes come and go."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sambench.config.run_config import RunConfig
from sambench.engine.executors.base import Group, Ledger, next_groups
from sambench.engine.executors.nodes import Nodes, Share
from sambench.engine.executors.ray_workers import RayDevice, node_context
from sambench.engine.executors.workers import FAILED
from sambench.errors import RunError

log = logging.getLogger("sambench.executor")


IN_HAND = 2
"""Groups an actor is asked for at once: while the answer to one travels, it works on the next."""


@dataclass
class Device:
    """An actor with a model; it has no handle while it waits for room.

    Attributes:
        name: Shown to people.
        handle: The actor.
        ready: Whether it has said that it is set up.
        given: Groups it was asked for, in order, at most `IN_HAND`.
        ahead: The group it is asked for next, which it reads meanwhile.
        node: Where it is.
        host: That machine's name.
        restarts: How often it was started again.
    """

    name: str
    handle: Any = None
    ready: bool = False
    given: list[Group] = field(default_factory=list)
    ahead: Group | None = None
    node: str | None = None
    host: str = ""
    restarts: int = 0


@dataclass
class Predicted:
    """What an actor made of a group.

    Attributes:
        device: Its name.
        group: The samples.
        payloads: References to a pickled sample with its prediction each, in the order of `group.todo`.
        files: Path in the run folder -> content.
        figures: What it tells of its work (`DeviceWork.figures`).
    """

    device: str
    group: Group
    payloads: Sequence[Any]
    files: Mapping[str, bytes]
    figures: dict[str, Any]


class Asked(NamedTuple):
    """A pending answer: the device that will send it, and its group of samples; None for the first, on starting up."""

    device: Device
    group: Group | None = None
    payloads: Sequence[Any] = ()


class DevicePool:
    """Starts actors, gives them groups and takes their answers.

    Args:
        config: The run's configuration, from which each actor builds its own task, data and model.
        share: How many actors, and on what.
        ledger: Where deaths are counted.

    Attributes:
        all: The actors, there or not.
        asked: The answers that are awaited.
        model: What the first actor said of its model.
        data_fingerprint: Of the data as the command sees them; to be set before the first `fit`.
        nodes: The cluster's nodes.
    """

    def __init__(self, config: RunConfig, share: Share, ledger: Ledger) -> None:
        self.all = [Device(f"device {i} ({share.device})") for i in range(share.devices)]
        self.asked: dict[Any, Asked] = {}
        self.model: dict[str, Any] | None = None
        self.data_fingerprint = ""
        self.nodes = Nodes()
        self._config, self._share, self._ledger = config, share, ledger

    def fit(self) -> list[Group]:
        """Start actors where the cluster has room, and end some where it shrank: a processor is left to score.

        Returns:
            What the ended ones had at hand.
        """
        room = self._share.room(*self.nodes.resources())
        there = [device for device in self.all if device.handle is not None]
        for device in [device for device in self.all if device.handle is None][: max(0, room - len(there))]:
            self._start(device)
        if len(there) <= room:
            return []
        least = sorted(there, key=lambda one: (not self._gone(one), one.ready, len(one.given)))
        log.warning("the cluster has become smaller; %d of %d devices wait for room", len(there) - room, len(self.all))
        return [group for device in least[: len(there) - room] for group in self._end(device)]

    def hand_out(self, waiting: deque[Group], drawn: set[str]) -> None:
        """Ask actors to predict groups from the front of a line, and to draw what of them is to be drawn.

        Idle ones are asked first; then each for a second group, unless less than a group a device is waiting.
        """
        for many in range(IN_HAND):
            for device in self.all:
                enough = device.ahead is not None or len(waiting) > (len(self.all) if many else 0)
                if device.ready and len(device.given) == many and enough:
                    self._ask(device, waiting, drawn)

    def _ask(self, device: Device, waiting: deque[Group], drawn: set[str]) -> None:
        group, device.ahead = next_groups(waiting, device.ahead, len(self.all))
        own = [key for key in group.todo if key in drawn]
        ahead = list(device.ahead.keys) if device.ahead is not None else []
        predict = device.handle.predict.options(num_returns=len(group.todo) + 1)
        *payloads, last = predict.remote(list(group.keys), list(group.todo), own, ahead)
        device.given.append(group)
        self.asked[last] = Asked(device, group, payloads)

    def answered(self, answer: Any) -> Predicted | list[Group]:
        """Take a pending answer.

        Returns:
            What an actor predicted, or the groups that a lost actor had at hand.

        Raises:
            SambenchError: As the actor met it.
            RunError: An actor has another model than the others, or died too often over one sample.
        """
        import ray

        device, group, payloads = self.asked.pop(answer)
        try:
            message = ray.get(answer)
        except ray.exceptions.RayError as error:
            return self._lost(device, error)
        if message[0] == FAILED:
            raise message[1]
        if group is None:
            self._take_in(device, message[1])
            return []
        device.given.remove(group)
        return Predicted(device.name, group, payloads, message[2], message[1])

    def status(self) -> str:
        """Return how many nodes and actors are there and at work."""
        ready, busy = (sum(map(test, self.all)) for test in (lambda d: d.ready, lambda d: bool(d.given)))
        restarts = sum(device.restarts for device in self.all)
        text = f"{self.nodes.count()} nodes, {ready} of {len(self.all)} devices there and {busy} at work"
        return f"{text}, {restarts} restarts" if restarts else text

    def close(self) -> None:
        """End all actors."""
        for device in self.all:
            if device.handle is not None:
                self._end(device)

    def _start(self, device: Device) -> None:
        """Ask the cluster for an actor; it comes when a node has room."""
        import ray

        share = self._share
        actor = ray.remote(num_cpus=share.cpus, num_gpus=share.gpus, max_restarts=0, max_task_retries=0)(RayDevice)
        device.handle = actor.remote(self._config, share.device, node_context())
        self.asked[device.handle.setup.remote(self.data_fingerprint)] = Asked(device)

    def _end(self, device: Device) -> list[Group]:
        """End an actor; returns what it had at hand."""
        import ray

        ray.kill(device.handle)
        return self._put_away(device)

    def _put_away(self, device: Device) -> list[Group]:
        at_hand = [*device.given, *([device.ahead] if device.ahead is not None else [])]
        device.handle, device.ready, device.given, device.ahead, device.node = None, False, [], None, None
        self.asked = {answer: what for answer, what in self.asked.items() if what.device is not device}
        return at_hand

    def _lost(self, device: Device, error: Exception) -> list[Group]:
        """Put a dead actor away, to be started again, and count its death unless its node went with it."""
        log.warning("%s is lost (%s); it is started again", device.name, first_line(error))
        node, was_ready, given = device.node, device.ready, device.given
        at_hand = self._put_away(device)
        device.restarts += 1
        if not self.nodes.lost(node) and (given or not was_ready):
            self._ledger.deaths.count(device.name, given[0].todo[0] if given else None, f"at last: {first_line(error)}")
        return at_hand

    def _take_in(self, device: Device, said: dict[str, Any]) -> None:
        """Note that an actor is set up, if its model is that of the others."""
        device.ready, device.node, device.host = True, said["node"], said["host"]
        self._ledger.deaths.pop(device.name, None)
        if self.model is None:
            self.model = said["model"]
        if said["model"]["fingerprint"] != self.model["fingerprint"]:
            raise RunError(
                f"machine {device.host} has another model: fingerprint {said['model']['fingerprint']} there,"
                f" {self.model['fingerprint']} elsewhere",
                where="executor=ray",
                mend="put the same checkpoint on every node, and the same versions of sambench, torch and transformers",
            )

    def _gone(self, device: Device) -> bool:
        return device.node is not None and self.nodes.lost(device.node)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its type where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
