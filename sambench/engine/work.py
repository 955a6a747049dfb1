"""The one way through a device: read ahead, encode or fetch, predict, save, draw, and keep account of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sambench.datasets.base import Dataset
from sambench.engine.building import loader
from sambench.engine.cache.local import CacheCounts, EmbeddingCache
from sambench.engine.sources import PredictionSource
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.types import Sample


class ReadAhead:
    """Reads groups of samples in a thread, so that they are there when they are needed.

    Args:
        load: Reads a sample by its id.
        stages: Where the time is counted.
    """

    def __init__(self, load: Callable[[str], Sample], stages: Stages) -> None:
        self._load, self._stages = load, stages
        self._thread = ThreadPoolExecutor(1)
        self.asked: dict[tuple[str, ...], Future[list[Sample]]] = {}

    def ask(self, group: Sequence[str]) -> None:
        """Read a group's samples meanwhile, once."""
        if group and tuple(group) not in self.asked:
            self.asked[tuple(group)] = self._thread.submit(self._read, tuple(group))

    def take(self, group: Sequence[str]) -> list[Sample]:
        """Return a group's samples, read before or now; what was read for another group in its place is let go."""
        asked = self.asked.pop(tuple(group), None)
        if asked is None:
            self.asked.clear()
            return self._read(tuple(group))
        return asked.result()

    def close(self) -> None:
        """End the thread, when it has read what it is at."""
        self._thread.shutdown(cancel_futures=True)

    def _read(self, group: tuple[str, ...]) -> list[Sample]:
        samples = []
        for key in group:
            begun = time.perf_counter()
            samples.append(self._load(key))
            spent = time.perf_counter() - begun
            self._stages.add("read", spent)
            self._stages.of_images("read", [spent])
        return samples


class Work:
    """Predicts samples, on one device where a model does it, and keeps account of its time.

    Args:
        task: The protocol, which knows its data.
        dataset: The samples.
        source: Where predictions come from.
        stages: Where time is counted; the source counts there too.
        cache: Of embeddings, to be told of; None where there is none.
    """

    def __init__(
        self, task: Task, dataset: Dataset, source: PredictionSource, stages: Stages, cache: EmbeddingCache | None
    ) -> None:
        self.task, self.dataset, self.source, self.stages, self.cache = task, dataset, source, stages, cache
        self.reader = ReadAhead(lambda key: loader(self.dataset)(key), stages)
        self._images, self._working = 0, 0.0
        self._reported_at = time.perf_counter()

    def predictions(
        self,
        folder: Path,
        group: Sequence[str],
        todo: Sequence[str],
        drawn: Sequence[str] | set[str],
        *ahead: Sequence[str],
    ) -> Iterator[tuple[Sample, Any]]:
        """Read and encode a group, then predict, save and draw those of it that are to do, one by one.

        Args:
            folder: The run folder, or one in its place.
            group: Sample ids.
            todo: Those of them to predict.
            drawn: Those of them to draw.
            ahead: The groups that come next; they are read meanwhile.
        """
        begun = time.perf_counter()
        samples = self.reader.take(group)
        for later in ahead:
            self.reader.ask(later)
        before = dict(self.stages.seconds)
        self.source.prepare(samples)
        shared = {stage: seconds / len(samples) for stage, seconds in self.stages.since(before).items() if seconds}
        for sample in samples:
            if sample.id not in todo:
                continue
            before = dict(self.stages.seconds)
            prediction = self.source.predict(sample)
            if self.source.makes:
                with self.stages.timed("save"):
                    self.task.save(sample, prediction, folder / "predictions")
            if sample.has_pixels and sample.id in drawn:
                with self.stages.timed("draw"):
                    self.task.illustrate(sample, prediction, folder / "pictures")
            self._images += 1
            for stage, seconds in (Counter(self.stages.since(before)) + Counter(shared)).items():
                self.stages.of_images(stage, [seconds])
            yield sample, prediction
        self._working += time.perf_counter() - begun

    def figures(self) -> dict[str, Any]:
        """Return and forget what was done.

        Returns:
            images; seconds by stage, and of each image; seconds waited and elapsed; the most bytes held so far; the
            cache's counts; NaN; notes.
        """
        now = time.perf_counter()
        elapsed = now - self._reported_at
        figures = {
            "images": self._images,
            "seconds": dict(self.stages.seconds),
            "of_images": {stage: list(seconds) for stage, seconds in self.stages.images.items()},
            "peaks": self.source.peaks(),
            "waited": max(0.0, elapsed - self._working),
            "elapsed": elapsed,
            "cache": asdict(self.cache.counts) if self.cache is not None else None,
            "nan": self.source.take_nan(),
            "notes": self.source.notes(),
        }
        self._images, self._working, self._reported_at = 0, 0.0, now
        self.stages.clear()
        if self.cache is not None:
            self.cache.counts = CacheCounts()
        return figures
