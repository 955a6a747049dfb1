"""What a run would take on other numbers of devices and scorers: its stages as queues, simulated image by image."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

DEVICE_STAGES = ("encode", "cache", "decode", "post", "save", "draw")
"""Stages that a device's process does one after the other; reading and scoring run beside them."""

AHEAD = 2
"""Images that a device's reader keeps ready, as the runner does."""

BACKLOG = 2
"""Predictions a scorer has running or waiting before the devices are held up, as the scoring pool does."""


@dataclass(frozen=True)
class Costs:
    """Seconds of work of each image.

    Attributes:
        read: (n,) float64, reading and decoding the image file.
        device: (n,) float64, everything the device's process does: `DEVICE_STAGES`.
        score: (n,) float64, scoring on one processor.
        driver: (n,) float64, taking the rows in and writing them down, in the one process that owns the run folder.
    """

    read: np.ndarray
    device: np.ndarray
    score: np.ndarray
    driver: np.ndarray

    @classmethod
    def constant(cls, images: int, read: float, device: float, score: float, driver: float) -> Costs:
        """Give every image the same costs, in seconds."""
        return cls(*(np.full(images, value) for value in (read, device, score, driver)))

    def __len__(self) -> int:
        return len(self.device)


@dataclass(frozen=True)
class Projection:
    """What a simulated run took.

    Attributes:
        devices: Number of device processes.
        scorers: Number of scoring processes; 0 scores in the devices' processes.
        wall: Seconds from the first read to the last row written.
        busy: Share of `wall` that each resource works: "read", "device", "score", "driver".
    """

    devices: int
    scorers: int
    wall: float
    busy: Mapping[str, float]

    @property
    def bottleneck(self) -> str:
        """The busiest resource."""
        return max(self.busy, key=lambda name: self.busy[name])


def simulate(costs: Costs, devices: int, scorers: int, storage: int | None = None) -> Projection:
    """Pass every image through its queues.

    Image i belongs to device i modulo `devices`. Each device has a reader that works at most `AHEAD` images ahead; all
    readers share `storage` streams. Predictions go to the first free scorer in the order they are made; when `BACKLOG`
    a scorer are under way, the device that made the next one waits. Rows go to the driver in the order they are scored.

    Args:
        costs: Seconds of each image.
        devices: Number of device processes, 1 or more.
        scorers: Number of scoring processes; 0 scores in the devices' processes.
        storage: Files that can be read at once at full speed; None is as many as there are devices.

    Returns:
        Wall time and how busy each resource was; start-up and the final summary are not in it.

    Raises:
        ValueError: There are no images, devices or streams.
    """
    if not len(costs) or devices < 1 or scorers < 0 or storage == 0:
        raise ValueError("a simulation needs images, a device and a stream to read from")
    streams = [0.0] * (devices if storage is None else storage)
    on_device = costs.device if scorers else costs.device + costs.score
    lines = [_Line(list(range(first, len(costs), devices))) for first in range(min(devices, len(costs)))]
    made = [(line.next(0.0, costs.read, on_device, streams), number) for number, line in enumerate(lines)]
    heapq.heapify(made)
    pool = _Pool(scorers)
    scored = []
    while made:
        now, number = heapq.heappop(made)
        line = lines[number]
        done, released = pool.take(now, float(costs.score[line.image])) if scorers else (now, now)
        scored.append((done, line.image))
        if line.left:
            heapq.heappush(made, (line.next(released, costs.read, on_device, streams), number))
    wall = 0.0
    for done, image in sorted(scored):
        wall = max(wall, done) + float(costs.driver[image])
    work = {
        "read": costs.read.sum() / len(streams),
        "device": on_device.sum() / devices,
        "score": costs.score.sum() / scorers if scorers else 0.0,
        "driver": costs.driver.sum(),
    }
    return Projection(
        devices, scorers, wall, {name: float(value) / wall if wall else 0.0 for name, value in work.items()}
    )


class _Line:
    """One device with its reader and the images it has still to do."""

    def __init__(self, images: list[int]) -> None:
        self.left = images[::-1]
        self.image = -1
        self._read = 0.0  # when the reader is free
        self._starts = [0.0] * AHEAD  # when the device began with each of its last images

    def next(self, free: float, read: np.ndarray, work: np.ndarray, streams: list[float]) -> float:
        """Do the next image on a device that is free from `free` on; returns when it is done."""
        self.image = self.left.pop()
        begun = max(self._read, self._starts[0], streams[0])
        self._read = begun + float(read[self.image])
        heapq.heapreplace(streams, self._read)
        start = max(free, self._read)
        self._starts = [*self._starts[1:], start]
        return start + float(work[self.image])


class _Pool:
    """Scorers that take predictions first come, first served."""

    def __init__(self, scorers: int) -> None:
        self._free = [0.0] * scorers
        self._under_way: list[float] = []

    def take(self, now: float, seconds: float) -> tuple[float, float]:
        """Score a prediction made at `now`; returns when it is scored and when its device may go on."""
        while self._under_way and self._under_way[0] <= now:
            heapq.heappop(self._under_way)
        done = max(now, self._free[0]) + seconds
        heapq.heapreplace(self._free, done)
        heapq.heappush(self._under_way, done)
        released = now
        while len(self._under_way) > BACKLOG * len(self._free):
            released = heapq.heappop(self._under_way)
        return done, released
