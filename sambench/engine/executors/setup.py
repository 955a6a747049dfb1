"""What a device's process is made of: its own task, data, model and cache, from the run's configuration."""

from __future__ import annotations

import platform

from sambench.config.resolve import build
from sambench.config.run_config import RunConfig
from sambench.engine.building import model_source, open_dataset
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.engine.work import Work
from sambench.errors import RunError


class DeviceWork(Work):
    """Predicts samples on one device (`Work`) with what it builds itself.

    Args:
        config: The run's configuration.
        device: The device.
        data_fingerprint: Of the data as the command sees them.

    Attributes:
        described: What `run.json` says of the model.

    Raises:
        RunError: The data here are others.
    """

    def __init__(self, config: RunConfig, device: str, data_fingerprint: str) -> None:
        task: Task = build("tasks", "task", config.task, own_words=True)
        dataset = open_dataset(config.data, task, own_words=True)
        if dataset.fingerprint != data_fingerprint:
            raise RunError(
                f"machine {platform.node()} holds other data than the one the command was given on",
                where=dataset.root,
                mend="put the same files on every machine, or on storage that all of them see, and name it: data.root=",
            )
        task, stages = task.for_dataset(dataset), Stages()
        source, self.described, cache = model_source(config, task, stages, device)
        super().__init__(task, dataset, source, stages, cache)
