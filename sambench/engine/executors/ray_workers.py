"""What runs on a cluster's nodes: an actor that holds a model on a device, and the task that scores."""

from __future__ import annotations

import os
import pickle
import platform
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.engine.executors.setup import DeviceWork
from sambench.engine.executors.workers import DONE, FAILED, READY, score_payload, sendable
from sambench.files.atomic import files_below
from sambench.models.devices import resolve_device

NodeContext = tuple[str, tuple[str, ...]]


class RayDevice:
    """Builds task, data and model on a node's device, then predicts group after group.

    Args:
        config: The run's configuration.
        device: The device; Ray shows an actor only the GPUs that are its own.
        context: Where the command was given (`node_context`).
    """

    def __init__(self, config: RunConfig, device: str, context: NodeContext) -> None:
        _go_to(context)
        self.config, self.device = config, device

    def setup(self, data_fingerprint: str) -> tuple[str, Any]:
        """Build everything; returns (READY, {model, node, host}) or (FAILED, error)."""
        import ray
        import torch

        try:
            if self.device == "cpu":
                torch.set_num_threads(1)  # sums over other numbers of threads may end in other bits
            self.work = DeviceWork(self.config, resolve_device(self.device), data_fingerprint)
        except Exception as error:
            return FAILED, sendable(error)
        node = ray.get_runtime_context().get_node_id()
        return READY, {"model": self.work.described, "node": node, "host": platform.node()}

    def predict(
        self, group: Sequence[str], todo: Sequence[str], drawn: Sequence[str], ahead: Sequence[str]
    ) -> tuple[Any, ...]:
        """Predict a group (`DeviceWork.predictions`).

        Returns:
            For each sample to do, in the group's order, its pickled sample and prediction; then
            (DONE, figures, {path in the run folder: bytes}) or (FAILED, error).
        """
        payloads: list[bytes | None] = []
        with TemporaryDirectory(prefix="sambench-") as temporary:
            folder = Path(temporary)
            try:
                for pair in self.work.predictions(folder, group, todo, drawn, ahead):
                    payloads.append(pickle.dumps(pair, protocol=pickle.HIGHEST_PROTOCOL))
                paths = files_below(folder)
                files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
                last: tuple[Any, ...] = (DONE, self.work.figures(), files)
            except Exception as error:
                last = (FAILED, sendable(error))
        payloads += [None] * (len(todo) - len(payloads))
        return (*payloads, last)


def score_on_cluster(context: NodeContext, task: bytes, payload: bytes) -> tuple[Any, ...]:
    """Score a pickled sample with its prediction; returns (SCORED, rows, seconds) or (FAILED, error)."""
    import torch

    torch.set_num_threads(1)
    try:
        opened = _open_task(context, task)
    except Exception as error:
        return FAILED, sendable(error)
    return score_payload(opened, payload)


def node_context() -> NodeContext:
    """Return the working folder and `sys.path` of this process: relative paths and plug-ins are meant from here."""
    return os.getcwd(), tuple(os.path.abspath(entry) for entry in sys.path)


@lru_cache(maxsize=4)
def _open_task(context: NodeContext, task: bytes) -> Any:
    """Unpickle a task once in each process."""
    _go_to(context)
    return pickle.loads(task)


def _go_to(context: NodeContext) -> None:
    """Take the command's working folder, where this node has it, and look for modules where the command does."""
    folder, path = context
    if os.path.isdir(folder):
        os.chdir(folder)
    sys.path.extend(entry for entry in path if entry not in sys.path)
