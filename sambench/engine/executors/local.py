"""All devices of a machine: a process each predicts, a shared pool of processes scores, this one hands out work."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sambench.engine.executors.actor import Actor, arrived
from sambench.engine.executors.workers import (
    DONE,
    FAILED,
    PREDICTED,
    READY,
    SCORED,
    predict_on_device,
    score_predictions,
)
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.errors import RunError
from sambench.types import Row

DEATHS = 5
"""How often a sample may be at hand when a process dies before the run gives up."""


@dataclass(frozen=True)
class _Group:
    """Samples that are encoded together, and those of them that have no rows yet."""

    keys: tuple[str, ...]
    todo: tuple[str, ...]


class LocalExecutor:
    """Worker processes on this machine.

    Args:
        config: The resolved configuration, from which each device's process builds its own task, data and model.
        devices: One process each, as ["cuda:0", "cuda:1"] or ["cpu", "cpu"].
        threads: Threads of torch in each process; None leaves torch's default.
    """

    def __init__(self, config: Mapping[str, Any], devices: Sequence[str], threads: int | None = None) -> None:
        self.devices = [
            Actor(f"device {i} ({device})", predict_on_device, (dict(config), device, threads))
            for i, device in enumerate(devices)
        ]
        self.scorers: list[Actor] = []
        self.figures: dict[str, dict[str, Any]] = {}
        self._deaths: Counter[str] = Counter()

    def describe(self) -> dict[str, Any]:
        """Start the device processes and return what the first one says of the model.

        Raises:
            SambenchError: Task, data or model cannot be built.
            RunError: The processes die while they start.
        """
        for actor in self.devices:
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
        """Predict and score every sample that is not done, in any order, each exactly once.

        Args:
            task: The task, for the scorers.
            groups: Sample ids, cut into groups that are encoded together whoever does them and whenever.
            done: Samples that have rows already.
            folder: The run folder.
            drawn: Samples to draw.
            scorers: Number of scoring processes, at least 1.
            stages: Where the workers' times are added up.

        Yields:
            Sample id, its rows, seconds of scoring.

        Raises:
            SambenchError: As a worker met it.
            RunError: A sample's process died `DEATHS` times.
        """
        waiting = deque(_Group(tuple(keys), tuple(k for k in keys if k not in done)) for keys in groups)
        waiting = deque(group for group in waiting if group.todo)
        left = {key for group in waiting for key in group.todo}
        predicted: deque[tuple[str, bytes]] = deque()
        self.scorers = [Actor(f"scorer {i}", score_predictions, (task,)) for i in range(max(1, scorers))]
        for actor in self.scorers:
            actor.start()
        while left:
            self._hand_out(waiting, predicted, folder, drawn)
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
                    self._deaths.pop(actor.name, None)
                elif message[0] == PREDICTED:
                    predicted.append((message[1], payload))
                    group = actor.task
                    actor.task = _Group(group.keys, tuple(key for key in group.todo if key != message[1]))
                elif message[0] == DONE:
                    actor.task = None
                    self._note(actor, message[1], stages)
                elif message[0] == SCORED:
                    key, actor.task = actor.task[0], None
                    left.discard(key)
                    yield key, message[1], message[2]

    def close(self) -> None:
        """End all processes; what they were doing is done again by the next run."""
        for actor in (*self.devices, *self.scorers):
            actor.stop()

    def workers(self) -> list[dict[str, Any]]:
        """Return what `run.json` says of each device's process."""
        told = []
        for actor in self.devices:
            own = self.figures.get(actor.name, {"images": 0, "seconds": {}, "idle_share": 1.0})
            kept = {key: own[key] for key in ("images", "seconds", "idle_share")}
            told.append({"name": actor.name, **kept, "restarts": actor.restarts})
        return told

    def cache_counts(self) -> dict[str, int] | None:
        """Return the embedding caches' counts, added up over the processes."""
        counts = [own["cache"] for own in self.figures.values() if own["cache"] is not None]
        return {key: sum(own[key] for own in counts) for key in counts[0]} if counts else None

    def _hand_out(
        self, waiting: deque[_Group], predicted: deque[tuple[str, bytes]], folder: Path, drawn: set[str]
    ) -> None:
        """Give idle processes work; devices wait while scorers lag behind, so that memory stays bounded."""
        for actor in self.scorers:
            if actor.ready and actor.task is None and predicted:
                actor.task = predicted.popleft()
                _send(actor, lambda actor=actor: actor.connection.send_bytes(actor.task[1]))
        for actor in self.devices:
            if actor.ready and actor.task is None and waiting and len(predicted) < 2 * len(self.scorers):
                actor.task = waiting.popleft()
                own = [key for key in actor.task.todo if key in drawn]
                _send(
                    actor, lambda actor=actor, own=own: actor.connection.send((str(folder), *_parts(actor.task), own))
                )

    def _take_back(
        self, actor: Actor, waiting: deque[_Group], predicted: deque[tuple[str, bytes]], left: set[str]
    ) -> None:
        """Put what a dead process had at hand back into line, and start it again."""
        at_hand = None
        if isinstance(actor.task, _Group):
            rest = tuple(key for key in actor.task.todo if key in left)
            if rest:
                waiting.append(_Group(actor.task.keys, rest))  # last, so that what kills its process keeps no one
                at_hand = rest[0]
        elif actor.task is not None:
            predicted.append(actor.task)
            at_hand = actor.task[0]
        self._revive(actor, at_hand)

    def _revive(self, actor: Actor, at_hand: str | None) -> None:
        """Start a dead process again, unless it died too often over one sample or before it was set up."""
        name = at_hand if at_hand is not None else actor.name
        if at_hand is not None or not actor.ready:
            self._deaths[name] += 1
        if self._deaths[name] >= DEATHS:
            raise RunError(
                f"{actor.name} of the run died {DEATHS} times at the same place, most likely for lack of memory",
                where=name,
                mend="give it more memory, or less to do at once (workers=1, prompt_batch=16, fewer devices); the same"
                " command goes on where it stopped",
            )
        actor.restart()

    def _note(self, actor: Actor, figures: dict[str, Any], stages: Stages) -> None:
        """Add what a process has spent since it last told."""
        before = self.figures.get(actor.name, {}).get("seconds", {})
        for stage, seconds in figures["seconds"].items():
            known = before.get(stage, 0.0)
            stages.add(stage, seconds - known if seconds >= known else seconds)  # a restarted process begins at 0
        self.figures[actor.name] = figures


def _parts(group: _Group) -> tuple[list[str], list[str]]:
    return list(group.keys), list(group.todo)


def _send(actor: Actor, send: Any) -> None:
    """Send; to a process that has just died nothing is sent, and reading from it will tell."""
    try:
        send()
    except (BrokenPipeError, ConnectionResetError, OSError):
        return
