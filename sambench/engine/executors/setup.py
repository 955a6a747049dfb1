"""What a device's process is made of: its own task, data, model and cache, from the run's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench.engine.launch import model_source, open_dataset
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.types import Sample


class DeviceWork:
    """Predicts samples on one device.

    Args:
        config: The resolved configuration.
        device: The device.
    """

    def __init__(self, config: Mapping[str, Any], device: str) -> None:
        from sambench.config import build

        task: Task = build("tasks", "task", config["task"])
        self.dataset = open_dataset(config["data"], task)
        self.task = task.for_dataset(self.dataset)
        self.stages = Stages()
        self.source, self.described, self.cache = model_source(config, self.task, self.stages, device)

    def predictions(
        self, folder: Path, group: Sequence[str], todo: Sequence[str], drawn: Sequence[str]
    ) -> Iterator[tuple[Sample, Any]]:
        """Read and encode a group, then predict, save and draw those of it that are to do, one by one."""
        with self.stages.timed("read"):
            samples = [self.dataset.load(key) for key in group]
        self.source.prepare(samples)
        for sample in samples:
            if sample.id not in todo:
                continue
            prediction = self.source.predict(sample)
            with self.stages.timed("save"):
                self.task.save(sample, prediction, folder / "predictions")
                if sample.id in drawn:
                    self.task.illustrate(sample, prediction, folder / "pictures")
            yield sample, prediction
