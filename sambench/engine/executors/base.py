"""What every executor offers, and the books all of them keep: groups of samples, deaths, figures of the workers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sambench.engine.cache.local import CacheCounts
from sambench.engine.executors.deaths import Deaths
from sambench.engine.scoring import Scored
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.masks.nan_guard import NanCounts


@dataclass(frozen=True)
class Job:
    """What is to be predicted and scored.

    Attributes:
        task: The task, for the scorers.
        groups: Sample ids, cut into groups that are encoded together whoever does them and whenever.
        done: Samples that have rows already.
        folder: The run folder.
        drawn: Samples to draw.
        scorers: Processes that score on this machine, 0 for none; a cluster has a number of its own.
        stages: Where the workers' times are added up.
        patient: Whether this process scores by itself until other processes pay, where it is the one that predicts.
    """

    task: Task
    groups: Sequence[Sequence[str]]
    done: set[str]
    folder: Path
    drawn: set[str]
    scorers: int
    stages: Stages
    patient: bool = False


@dataclass(frozen=True)
class Group:
    """Samples that are encoded together, and those of them that have no rows yet."""

    keys: tuple[str, ...]
    todo: tuple[str, ...]


def groups_to_do(job: Job) -> deque[Group]:
    """Return the groups that hold a sample without rows."""
    waiting = (Group(tuple(keys), tuple(key for key in keys if key not in job.done)) for keys in job.groups)
    return deque(group for group in waiting if group.todo)


def next_groups(waiting: deque[Group], ahead: Group | None, devices: int) -> tuple[Group, Group | None]:
    """Choose what a device does now, and what it does next, so that it can read it meanwhile.

    Nothing is set aside any more when less than a group a device is waiting: whoever is idle first takes it.

    Args:
        waiting: Groups that are given to no device; what is chosen is taken from its front.
        ahead: What was set aside for the device.
        devices: Number of devices.
    """
    now = ahead if ahead is not None else waiting.popleft()
    return now, waiting.popleft() if len(waiting) >= devices else None


@dataclass
class Ledger:
    """The sums of the figures that workers reported, and which workers died on which group.

    Attributes:
        figures: Of each worker.
        deaths: Who died over what.
        nan: What was answered without a number, by sample.
        notes: What a reader of the numbers must know.
        peaks: The most bytes that any one of them has held, by "host" and "device".
    """

    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    deaths: Deaths = field(default_factory=Deaths)
    nan: dict[str, NanCounts] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)

    def note(self, name: str, figures: dict[str, Any], stages: Stages) -> None:
        """Add what a worker has done since its last report (`DeviceWork.figures`)."""
        own = self.figures.setdefault(
            name, {"images": 0, "seconds": Counter(), "waited": 0.0, "elapsed": 0.0, "cache": None}
        )
        for key in ("images", "waited", "elapsed"):
            own[key] += figures[key]
        own["seconds"].update(figures["seconds"])
        for kind, most in figures["peaks"].items():
            self.peaks[kind] = max(self.peaks.get(kind, 0), most)
        for sample_id, counts in figures[
            "nan"
        ].items():  # one that is done again, or encoded for its group, counts once
            self.nan[sample_id] = self.nan.get(sample_id, Counter()) | counts
        if figures["cache"] is not None:
            own["cache"] = Counter(figures["cache"]) + (own["cache"] or Counter())
        self.notes += [note for note in figures["notes"] if note not in self.notes]
        for stage, seconds in figures["seconds"].items():
            stages.add(stage, seconds)
        for stage, of_images in figures["of_images"].items():
            stages.of_images(stage, of_images)

    def idle_share(self, name: str | None = None) -> float:
        """Return the share of its time that a worker, or all of them, waited for work; 1 before there was any."""
        names = self.figures if name is None else [name] if name in self.figures else []
        waited, elapsed = (sum(self.figures[one][key] for one in names) for key in ("waited", "elapsed"))
        return waited / elapsed if elapsed else 1.0

    def record(self, name: str, restarts: int) -> dict[str, Any]:
        """Return what `run.json` says of a worker."""
        own = self.figures.get(name, {"images": 0, "seconds": {}})
        return {
            "name": name,
            "images": own["images"],
            "seconds": dict(own["seconds"]),
            "idle_share": self.idle_share(name),
            "restarts": restarts,
        }

    def cache_counts(self) -> dict[str, int] | None:
        """Return the embedding caches' counts, added up over the workers; None where none has a cache."""
        counts = [own["cache"] for own in self.figures.values() if own["cache"] is not None]
        names = [item.name for item in fields(CacheCounts)]
        return {key: sum(own.get(key, 0) for own in counts) for key in names} if counts else None


class Executor(ABC):
    """What predicts and scores, in this process or in others; the caller stores the rows.

    Attributes:
        device: The device, or type of device, that it predicts on.
        ledger: What has been told of the work.
    """

    device: str
    ledger: Ledger

    @abstractmethod
    def run(self, job: Job) -> Generator[Scored, None, None]:
        """Predict and score every sample that is not done, in any order, each exactly once.

        Yields:
            Sample id, its rows, seconds of scoring. The sample's prediction is in the run folder by then.

        Raises:
            SambenchError: As a worker met it.
            RunError: A sample's process died `DEATHS` times.
        """

    @abstractmethod
    def status(self) -> str:
        """Return what the processes are doing, for the progress line."""

    @abstractmethod
    def workers(self) -> list[dict[str, Any]]:
        """Return what `run.json` says of each device's process."""

    def cache_counts(self) -> dict[str, int] | None:
        """Return the embedding caches' counts, added up over the processes; None where none has a cache."""
        return self.ledger.cache_counts()

    def nan_counts(self) -> dict[str, NanCounts]:
        """Return what the models answered without a number and was taken as empty, by sample (`NanGuard.counts`)."""
        return self.ledger.nan

    def notes(self) -> list[str]:
        """Return what a reader of the numbers must know of the model, as found while it answered."""
        return self.ledger.notes

    @abstractmethod
    def close(self) -> None:
        """End all processes; what they were doing is done again by the next run."""


class ProcessExecutor(Executor):
    """Processes with a model each."""

    @abstractmethod
    def describe(self, data_fingerprint: str) -> dict[str, Any]:
        """Start the device processes and return what they say of the model.

        Args:
            data_fingerprint: Of the samples and their ground truth as the caller sees them; theirs must be the same.

        Raises:
            SambenchError: Task, data or model cannot be built.
            RunError: The processes die while they start, or see other data.
        """
