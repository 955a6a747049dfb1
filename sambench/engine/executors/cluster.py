"""A Ray cluster: an actor for each model, tasks that score, and this process, which hands out work and stores."""

from __future__ import annotations

import logging
import pickle
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.engine.executors.base import Group, Job, Ledger, ProcessExecutor, groups_to_do
from sambench.engine.executors.device_pool import DevicePool, first_line
from sambench.engine.executors.nodes import Share, connect, share_of
from sambench.engine.executors.ray_workers import node_context, score_on_cluster
from sambench.engine.executors.workers import FAILED
from sambench.engine.scoring import Scored
from sambench.files.atomic import atomic_path
from sambench.files.safe_names import inside

log = logging.getLogger("sambench.executor")

_LOOK_SECONDS = 3.0
_TELL_WAITING_SECONDS = 60.0


def open_cluster(config: RunConfig) -> RayExecutor:
    """Join or start the cluster of the configuration's `executor` group.

    Raises:
        UsageError: Ray is not installed or no cluster is there, or it is too small for what is asked.
    """
    started = connect(config.executor.address)
    try:
        return RayExecutor(config, share_of(config), started)
    except BaseException:
        _leave(started)
        raise


@dataclass
class _Work:
    """The work in progress: groups not handed out yet, predictions to score, and the sample of each pending answer."""

    waiting: deque[Group]
    left: set[str]
    group_of: dict[str, Group] = field(default_factory=dict)
    predicted: deque[tuple[str, Any]] = field(default_factory=deque)
    scoring: dict[Any, str] = field(default_factory=dict)


class RayExecutor(ProcessExecutor):
    """Models and scorers on the nodes of a Ray cluster.

    Every prediction stays in the object store of the node that made it until it is scored; rows, and the files that a
    prediction is kept in, come back to this process. Ray's own retries are off: a sample is done again where its
    process or node was lost, and only then.

    Args:
        config: The run's configuration, from which each actor builds its own task, data and model.
        share: How many models and scorers, and on what.
        started: Whether the cluster was started for this run and ends with it.
    """

    def __init__(self, config: RunConfig, share: Share, started: bool) -> None:
        self.device = share.device
        self.ledger = Ledger()
        self._share, self._started = share, started
        self._devices = DevicePool(config, share, self.ledger)
        self._work = _Work(deque(), set())
        self._heard = time.monotonic()

    def describe(self, data_fingerprint: str) -> dict[str, Any]:
        """Start the actors and return what the first one says of the model (`Executor.describe`)."""
        self._devices.data_fingerprint = data_fingerprint
        while self._devices.model is None:
            self._devices.fit()
            for answer in self._arrived():
                self._devices.answered(answer)
        return self._devices.model

    def run(self, job: Job) -> Generator[Scored, None, None]:
        """Predict and score every sample that is not done (`Executor.run`); the share says how many score."""
        import ray

        waiting = groups_to_do(job)
        left = {key for group in waiting for key in group.todo}
        self._work = work = _Work(waiting, left, {key: group for group in waiting for key in group.todo})
        score = ray.remote(num_cpus=1, max_retries=0)(score_on_cluster)
        context = node_context()
        opened = ray.put(pickle.dumps(job.task, protocol=pickle.HIGHEST_PROTOCOL))
        while left:
            self._take_back(self._devices.fit())
            while work.predicted and len(work.scoring) < self._share.scorers:
                key, payload = work.predicted.popleft()
                work.scoring[score.remote(context, opened, payload)] = key
            if len(work.predicted) < 2 * self._share.scorers:  # else scoring lags behind, and memory would grow
                self._devices.hand_out(work.waiting, job.drawn)
            for answer in self._arrived():
                if answer in work.scoring:
                    yield from self._scored(answer)
                elif answer in self._devices.asked:  # another answer of the same actor may have told that it is lost
                    self._device_answered(answer, job)

    def status(self) -> str:
        """Return how many nodes and processes are at work."""
        text = f"{self._devices.status()} ({self.ledger.idle_share():.0%} idle), {len(self._work.scoring)} scoring"
        return f"{text}, {len(self._work.predicted)} waiting for it"

    def workers(self) -> list[dict[str, Any]]:
        """Return what `run.json` says of each actor."""
        return [{**self.ledger.record(one.name, one.restarts), "host": one.host} for one in self._devices.all]

    def close(self) -> None:
        """End the actors and what is being scored; a cluster that was there before stays."""
        import ray

        for answer in self._work.scoring:
            ray.cancel(answer, force=True)
        self._devices.close()
        _leave(self._started)

    def _arrived(self) -> list[Any]:
        """Wait a few seconds for answers; where none has come for a minute, log which are pending."""
        import ray

        asked = [*self._devices.asked, *self._work.scoring]
        ready, _ = ray.wait(asked, num_returns=1, timeout=_LOOK_SECONDS) if asked else ([], [])
        if ready:
            self._heard = time.monotonic()
            ready, _ = ray.wait(asked, num_returns=len(asked), timeout=0)
        elif time.monotonic() - self._heard > _TELL_WAITING_SECONDS:
            self._heard = time.monotonic()
            log.warning("no answer for %.0f s: %s", _TELL_WAITING_SECONDS, self.status())
        return list(ready)

    def _device_answered(self, answer: Any, job: Job) -> None:
        """Take an actor's answer: that it is set up or lost, or what it predicted."""
        said = self._devices.answered(answer)
        if isinstance(said, list):
            self._take_back(said)
        else:
            for name, content in said.files.items():
                with atomic_path(inside(job.folder, name)) as temporary:
                    temporary.write_bytes(content)
            self.ledger.note(said.device, said.figures, job.stages)
            self._work.predicted.extend(zip(said.group.todo, said.payloads, strict=True))

    def _take_back(self, groups: Sequence[Group]) -> None:
        """Put samples that an actor had at hand back into line, last, so that what kills its process keeps no one."""
        for group in groups:
            rest = tuple(key for key in group.todo if key in self._work.left)
            if rest:
                self._work.waiting.append(Group(group.keys, rest))

    def _scored(self, answer: Any) -> Generator[Scored, None, None]:
        """Take the rows of a sample, or have it predicted again where they, or its prediction, were lost."""
        import ray

        work = self._work
        key = work.scoring.pop(answer)
        try:
            message = ray.get(answer)
        except ray.exceptions.RayError as error:
            work.waiting.append(Group(work.group_of[key].keys, (key,)))
            lost = (ray.exceptions.ObjectLostError, ray.exceptions.NodeDiedError)
            if not isinstance(error, lost) and not self._devices.nodes.lost(None):
                self.ledger.deaths.count("a scorer", key, f"at last: {first_line(error)}")
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
