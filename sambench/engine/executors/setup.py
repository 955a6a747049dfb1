"""What a device's process is made of: its own task, data, model and cache, from the run's configuration."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sambench.config.resolve import build
from sambench.config.run_config import RunConfig
from sambench.engine.building import model_source, open_dataset
from sambench.engine.cache.local import CacheCounts
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.errors import RunError
from sambench.types import Sample


class DeviceWork:
    """Predicts samples on one device and keeps account of its time.

    Args:
        config: The run's configuration.
        device: The device.
        data_fingerprint: Of the data as the command sees them.

    Raises:
        RunError: The data here are others.
    """

    def __init__(self, config: RunConfig, device: str, data_fingerprint: str) -> None:
        task: Task = build("tasks", "task", config.task, own_words=True)
        self.dataset = open_dataset(config.data, task, own_words=True)
        if self.dataset.fingerprint != data_fingerprint:
            raise RunError(
                f"machine {platform.node()} holds other data than the one the command was given on",
                where=self.dataset.root,
                mend="put the same files on every machine, or on storage that all of them see, and name it: data.root=",
            )
        self.task = task.for_dataset(self.dataset)
        self.stages = Stages()
        self.source, self.described, self.cache = model_source(config, self.task, self.stages, device)
        self._reader = ThreadPoolExecutor(1)
        self._ahead: tuple[tuple[str, ...], Future[list[Sample]]] | None = None
        self._images, self._working = 0, 0.0
        self._told = time.perf_counter()

    def predictions(
        self, folder: Path, group: Sequence[str], todo: Sequence[str], drawn: Sequence[str], ahead: Sequence[str] = ()
    ) -> Iterator[tuple[Sample, Any]]:
        """Read and encode a group, then predict, save and draw those of it that are to do, one by one.

        Args:
            folder: The run folder, or one in its place.
            group: Sample ids.
            todo: Those of them to predict.
            drawn: Those of them to draw.
            ahead: The group that comes next; it is read meanwhile.
        """
        begun = time.perf_counter()
        samples = self._samples(tuple(group))
        self._ahead = (tuple(ahead), self._reader.submit(self._read, tuple(ahead))) if ahead else None
        self.source.prepare(samples)
        for sample in samples:
            if sample.id not in todo:
                continue
            prediction = self.source.predict(sample)
            with self.stages.timed("save"):
                self.task.save(sample, prediction, folder / "predictions")
                if sample.id in drawn:
                    self.task.illustrate(sample, prediction, folder / "pictures")
            self._images += 1
            yield sample, prediction
        self._working += time.perf_counter() - begun

    def _samples(self, group: tuple[str, ...]) -> list[Sample]:
        """Return a group's samples, read before or now."""
        if self._ahead is not None and self._ahead[0] == group:
            return self._ahead[1].result()
        return self._read(group)

    def _read(self, group: tuple[str, ...]) -> list[Sample]:
        begun = time.perf_counter()
        samples = [self.dataset.load(key) for key in group]
        self.stages.add("read", time.perf_counter() - begun)
        return samples

    def figures(self) -> dict[str, Any]:
        """Return and forget: images, seconds by stage, seconds waited and elapsed, the cache's counts, NaN, notes."""
        now = time.perf_counter()
        elapsed, guard = now - self._told, self.source.predictor.guard
        told = {
            "images": self._images,
            "seconds": dict(self.stages.seconds),
            "waited": max(0.0, elapsed - self._working),
            "elapsed": elapsed,
            "cache": asdict(self.cache.counts) if self.cache is not None else None,
            "nan": dict(guard.counts),
            "notes": self.source.notes(),
        }
        guard.counts.clear()
        self._images, self._working, self._told = 0, 0.0, now
        self.stages.seconds.clear()
        if self.cache is not None:
            self.cache.counts = CacheCounts()
        return told
