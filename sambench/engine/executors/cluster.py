"""A Ray cluster: an actor for each model, tasks that score, and this process, which hands out work and stores."""

from __future__ import annotations

import logging
import pickle
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.engine.executors.base import Group, Ledger, groups_to_do
from sambench.engine.executors.nodes import Nodes, Share, connect, share_of
from sambench.engine.executors.ray_workers import RayDevice, score_on_cluster, where_given
from sambench.engine.executors.workers import FAILED, READY
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.errors import RunError
from sambench.runs.files import atomic_path
from sambench.types import Row

log = logging.getLogger("sambench.executor")

_TELL_WAITING_SECONDS = 60.0


def open_cluster(config: Mapping[str, Any]) -> RayExecutor:
    """Join or start the cluster of the configuration's `executor` group.

    Raises:
        UsageError: Ray is not installed or no cluster is there, or it is too small for what is asked.
    """
    started = connect(config["executor"]["address"])
    try:
        return RayExecutor(config, share_of(config), started)
    except BaseException:
        _leave(started)
        raise


@dataclass
class _Device:
    """An actor with a model, started again when it dies."""

    name: str
    handle: Any = None
    ready: bool = False
    task: tuple[Group, list[Any]] | None = None
    node: str | None = None
    host: str = ""
    restarts: int = 0


@dataclass
class _Work:
    """What is under way: the group that still waits, what waits for scoring, and what each awaited answer is for."""

    waiting: deque[Group]
    left: set[str]
    group_of: dict[str, Group] = field(default_factory=dict)
    predicted: deque[tuple[str, Any]] = field(default_factory=deque)
    scoring: dict[Any, str] = field(default_factory=dict)


class RayExecutor:
    """Models and scorers on the nodes of a Ray cluster.

    Every prediction stays in the object store of the node that made it until it is scored; rows, and the files that a
    prediction is kept in, come back to this process. Ray's own retries are off: a sample is done again where its
    process or node was lost, and only then.

    Args:
        config: The resolved configuration, from which each actor builds its own task, data and model.
        share: How many models and scorers, and on what.
        started: Whether the cluster was started for this run and ends with it.
    """

    def __init__(self, config: Mapping[str, Any], share: Share, started: bool) -> None:
        self.device = share.device
        self.ledger = Ledger()
        self.nodes = Nodes()
        self._share, self._started, self._config = share, started, dict(config)
        self._devices = [_Device(f"device {i} ({share.device})") for i in range(share.devices)]
        self._asked: dict[Any, _Device] = {}
        self._work = _Work(deque(), set())
        self._model: dict[str, Any] | None = None
        self._data_fingerprint = ""

    def describe(self, data_fingerprint: str) -> dict[str, Any]:
        """Start the actors and return what the first one says of the model (`Executor.describe`)."""
        self._data_fingerprint = data_fingerprint
        for device in self._devices:
            self._start(device)
        while self._model is None:
            for answer in self._arrived():
                self._device_answered(answer, Stages(), Path())
        return self._model

    def run(
        self,
        task: Task,
        groups: Sequence[Sequence[str]],
        done: set[str],
        folder: Path,
        drawn: set[str],
        scorers: int,
        stages: Stages,
    ) -> Iterator[tuple[str, list[Row], float]]:
        """Predict and score every sample that is not done (`Executor.run`); the share says how many score."""
        import ray

        waiting = groups_to_do(groups, done)
        left = {key for group in waiting for key in group.todo}
        self._work = work = _Work(waiting, left, {key: group for group in waiting for key in group.todo})
        score = ray.remote(num_cpus=1, max_retries=0)(score_on_cluster)
        place = where_given()
        opened = ray.put(pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL))
        while left:
            while work.predicted and len(work.scoring) < self._share.scorers:
                key, payload = work.predicted.popleft()
                work.scoring[score.remote(place, opened, payload)] = key
            self._hand_out(drawn)
            for answer in self._arrived():
                if answer in work.scoring:
                    yield from self._scored(answer)
                else:
                    self._device_answered(answer, stages, folder)

    def status(self) -> str:
        """Return how many nodes and processes are at work."""
        ready, busy = (sum(map(test, self._devices)) for test in (lambda d: d.ready, lambda d: d.task is not None))
        restarts = sum(device.restarts for device in self._devices)
        told = f"{len(self.nodes.alive())} nodes, {ready} of {len(self._devices)} devices there and {busy} at work"
        told += f" ({self.ledger.idle_share():.0%} idle), {len(self._work.scoring)} scoring"
        told += f", {len(self._work.predicted)} waiting for it"
        return f"{told}, {restarts} restarts" if restarts else told

    def workers(self) -> list[dict[str, Any]]:
        """Return what `run.json` says of each actor."""
        return [{**self.ledger.record(one.name, one.restarts), "host": one.host} for one in self._devices]

    def cache_counts(self) -> dict[str, int] | None:
        """Return the embedding caches' counts, added up over the actors."""
        return self.ledger.cache_counts()

    def close(self) -> None:
        """End the actors and what is being scored; a cluster that was there before stays."""
        import ray

        for answer in self._work.scoring:
            ray.cancel(answer, force=True)
        for device in self._devices:
            if device.handle is not None:
                ray.kill(device.handle)
        _leave(self._started)

    def _start(self, device: _Device) -> None:
        """Ask the cluster for an actor; it comes when a node has room."""
        import ray

        share = self._share
        actor = ray.remote(num_cpus=share.cpus, num_gpus=share.gpus, max_restarts=0, max_task_retries=0)(RayDevice)
        device.handle = actor.remote(self._config, share.device, where_given())
        device.ready, device.task, device.node = False, None, None
        self._asked[device.handle.setup.remote(self._data_fingerprint)] = device

    def _hand_out(self, drawn: set[str]) -> None:
        """Give idle actors groups; they wait while scoring lags behind, so that memory stays bounded."""
        work = self._work
        for device in self._devices:
            full = len(work.predicted) >= 2 * self._share.scorers
            if not device.ready or device.task is not None or not work.waiting or full:
                continue
            group = work.waiting.popleft()
            own = [key for key in group.todo if key in drawn]
            predict = device.handle.predict.options(num_returns=len(group.todo) + 1)
            *payloads, last = predict.remote(list(group.keys), list(group.todo), own)
            device.task = group, payloads
            self._asked[last] = device

    def _arrived(self) -> list[Any]:
        """Wait for answers; where none comes for a minute, say what is awaited."""
        import ray

        since = time.monotonic()
        while True:
            asked = [*self._asked, *self._work.scoring]
            ready, _ = ray.wait(asked, num_returns=1, timeout=_TELL_WAITING_SECONDS)
            if ready:
                more, _ = ray.wait(asked, num_returns=len(asked), timeout=0)
                return list(more)
            log.warning("no answer for %.0f s: %s", time.monotonic() - since, self.status())

    def _device_answered(self, answer: Any, stages: Stages, folder: Path) -> None:
        """Take an actor's answer: that it is set up, or what it predicted."""
        import ray

        device = self._asked.pop(answer)
        try:
            message = ray.get(answer)
        except ray.exceptions.RayError as error:
            self._lost(device, error)
            return
        if message[0] == FAILED:
            raise message[1]
        if message[0] == READY:
            self._take_in(device, message[1])
            return
        _, figures, files = message
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(target) as temporary:
                temporary.write_bytes(content)
        self.ledger.note(device.name, figures, stages)
        if device.task is None:
            raise RuntimeError("an answer came that nothing was asked for")
        (group, payloads), device.task = device.task, None
        self._work.predicted.extend(zip(group.todo, payloads, strict=True))

    def _take_in(self, device: _Device, said: dict[str, Any]) -> None:
        """Note that an actor is set up, if its model is that of the others."""
        device.ready, device.node, device.host = True, said["node"], said["host"]
        self.ledger.deaths.pop(device.name, None)
        if self._model is None:
            self._model = said["model"]
        if said["model"]["fingerprint"] != self._model["fingerprint"]:
            raise RunError(
                f"machine {device.host} has another model: fingerprint {said['model']['fingerprint']} there,"
                f" {self._model['fingerprint']} elsewhere",
                where="executor=ray",
                mend="put the same checkpoint on every node, and the same versions of sambench, torch and transformers",
            )

    def _lost(self, device: _Device, error: Exception) -> None:
        """Put an actor's samples back into line and ask for another actor."""
        over = None
        if device.task is not None:
            group = device.task[0]
            rest = tuple(key for key in group.todo if key in self._work.left)
            if rest:
                self._work.waiting.append(Group(group.keys, rest))
                over = rest[0]
        log.warning("%s is lost (%s); another is started", device.name, _first_line(error))
        if not self.nodes.lost(device.node) and (over is not None or not device.ready):
            self.ledger.died(device.name, over, f"at last: {_first_line(error)}")
        device.restarts += 1
        self._start(device)

    def _scored(self, answer: Any) -> Iterator[tuple[str, list[Row], float]]:
        """Take the rows of a sample, or have it predicted again where they, or its prediction, were lost."""
        import ray

        work = self._work
        key = work.scoring.pop(answer)
        try:
            message = ray.get(answer)
        except ray.exceptions.RayError as error:
            work.waiting.append(Group(work.group_of[key].keys, (key,)))
            lost = (ray.exceptions.ObjectLostError, ray.exceptions.NodeDiedError)
            if not isinstance(error, lost) and not self.nodes.lost(None):
                self.ledger.died("a scorer", key, f"at last: {_first_line(error)}")
            return
        if message[0] == FAILED:
            raise message[1]
        work.left.discard(key)
        yield key, message[1], message[2]


def _leave(started: bool) -> None:
    """Leave the cluster, and end it where it was started for this run."""
    import ray

    if started:
        ray.shutdown()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
