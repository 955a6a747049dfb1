"""All devices of a machine: a process each predicts, a shared pool of processes scores, this one hands out work."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.engine.executors.actor import Actor, arrived
from sambench.engine.executors.base import Group, Job, Ledger, ProcessExecutor, groups_to_do, next_groups
from sambench.engine.executors.workers import (
    DONE,
    FAILED,
    PREDICTED,
    READY,
    SCORED,
    predict_on_device,
    score_predictions,
)
from sambench.engine.scoring import Scored


class LocalExecutor(ProcessExecutor):
    """Worker processes on this machine.

    Args:
        config: The run's configuration, from which each device's process builds its own task, data and model.
        devices: One process each, as ["cuda:0", "cuda:1"] or ["cpu", "cpu"].
        threads: Threads of torch in each process; None leaves torch's default.
    """

    def __init__(self, config: RunConfig, devices: Sequence[str], threads: int | None = None) -> None:
        self.device = devices[0]
        self.config, self.threads = config, threads
        self.devices = [Actor(f"device {i} ({device})", predict_on_device) for i, device in enumerate(devices)]
        self.names = list(devices)
        self.scorers: list[Actor] = []
        self.ledger = Ledger()

    def describe(self, data_fingerprint: str) -> dict[str, Any]:
        """Start the device processes and return what the first one says of the model (`Executor.describe`)."""
        for actor, device in zip(self.devices, self.names, strict=True):
            actor.arguments = (self.config, device, self.threads, data_fingerprint)
            actor.start()
        while True:
            for actor in arrived(self.devices):
                try:
                    kind, content = actor.connection.recv()
                except (EOFError, OSError):
                    self._revive(actor, None)
                    continue
                if kind == FAILED:
                    raise content
                actor.ready = True
                described: dict[str, Any] = content
                return described

    def run(self, job: Job) -> Generator[Scored, None, None]:
        """Predict and score every sample that is not done (`Executor.run`)."""
        waiting = groups_to_do(job)
        left = {key for group in waiting for key in group.todo}
        predicted: deque[tuple[str, bytes]] = deque()
        self.scorers = [Actor(f"scorer {i}", score_predictions, (job.task,)) for i in range(max(1, job.scorers))]
        for actor in self.scorers:
            actor.start()
        while left or any(actor.task is not None for actor in self.devices):  # these still have their figures to tell
            self._hand_out(waiting, predicted, job)
            for actor in arrived([*self.devices, *self.scorers]):
                try:
                    message = actor.connection.recv()
                    payload = actor.connection.recv_bytes() if message[0] == PREDICTED else b""
                except (EOFError, OSError):
                    self._take_back(actor, waiting, predicted, left)
                    continue
                if message[0] == FAILED:
                    raise message[1]
                if message[0] == READY:
                    actor.ready = True
                    self.ledger.deaths.pop(actor.name, None)
                elif message[0] == PREDICTED:
                    predicted.append((message[1], payload))
                    group = actor.task
                    actor.task = Group(group.keys, tuple(key for key in group.todo if key != message[1]))
                elif message[0] == DONE:
                    actor.task = None
                    self.ledger.note(actor.name, message[1], job.stages)
                elif message[0] == SCORED:
                    key, actor.task = actor.task[0], None
                    left.discard(key)
                    yield key, message[1], message[2]

    def close(self) -> None:
        """End all processes; what they were doing is done again by the next run."""
        for actor in (*self.devices, *self.scorers):
            actor.stop()

    def status(self) -> str:
        """Return how many processes are at work."""
        busy = [sum(actor.task is not None for actor in actors) for actors in (self.devices, self.scorers)]
        restarts = sum(actor.restarts for actor in (*self.devices, *self.scorers))
        text = f"{busy[0]} of {len(self.devices)} devices and {busy[1]} of {len(self.scorers)} scorers at work"
        return f"{text}, {restarts} restarts" if restarts else text

    def workers(self) -> list[dict[str, Any]]:
        """Return what `run.json` says of each device's process."""
        return [self.ledger.record(actor.name, actor.restarts) for actor in self.devices]

    def _hand_out(self, waiting: deque[Group], predicted: deque[tuple[str, bytes]], job: Job) -> None:
        """Give idle processes work; devices wait while scorers lag behind, so that memory stays bounded."""
        for actor in self.scorers:
            if actor.ready and actor.task is None and predicted:
                actor.task = predicted.popleft()
                actor.give(actor.task[1])
        for actor in self.devices:
            full = len(predicted) >= 2 * len(self.scorers)
            if actor.ready and actor.task is None and (waiting or actor.ahead) and not full:
                actor.task, actor.ahead = next_groups(waiting, actor.ahead, len(self.devices))
                own = [key for key in actor.task.todo if key in job.drawn]
                ahead = list(actor.ahead.keys) if actor.ahead is not None else []
                actor.give((str(job.folder), list(actor.task.keys), list(actor.task.todo), own, ahead))

    def _take_back(
        self, actor: Actor, waiting: deque[Group], predicted: deque[tuple[str, bytes]], left: set[str]
    ) -> None:
        """Put what a dead process had at hand back into line, and start it again."""
        at_hand = None
        if actor.ahead is not None:
            waiting.appendleft(actor.ahead)
        if isinstance(actor.task, Group):
            rest = tuple(key for key in actor.task.todo if key in left)
            if rest:
                waiting.append(Group(actor.task.keys, rest))  # last, so that what kills its process keeps no one
                at_hand = rest[0]
        elif actor.task is not None:
            predicted.append(actor.task)
            at_hand = actor.task[0]
        self._revive(actor, at_hand)

    def _revive(self, actor: Actor, at_hand: str | None) -> None:
        """Start a dead process again, unless it died too often over one sample or before it was set up."""
        if at_hand is not None or not actor.ready:
            self.ledger.deaths.count(actor.name, at_hand)
        actor.restart()
