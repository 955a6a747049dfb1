"""The cluster itself: joining it, how much of it a run takes, and which of its nodes are alive."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from typing import Any

from sambench.config.run_config import ExecutorSettings, RunConfig
from sambench.errors import UsageError

_LOOK_EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class Share:
    """What a run takes of a cluster.

    Attributes:
        device: "cpu" or "cuda".
        devices: Models at once.
        scorers: Samples scored at once.
        cpus: Processors reserved for each model.
        gpus: GPUs reserved for each model, 0 on CPUs.
    """

    device: str
    devices: int
    scorers: int
    cpus: float
    gpus: float

    def room(self, cpus: float, gpus: float) -> int:
        """Return for how many models a cluster of so many processors and GPUs has room beside a scorer, at least 1."""
        most = float(self.devices)
        if self.cpus:
            most = min(most, (cpus - 1) // self.cpus)
        if self.gpus:
            most = min(most, gpus // self.gpus)
        return max(1, int(most))


def connect(address: str) -> bool:
    """Join a cluster, or start one on this machine; True where it was joined or started here and is to be left again.

    Args:
        address: "local", "auto" or HOST:PORT. A cluster that this process has joined before is used as it is.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "executor=ray needs Ray, which is not installed", where="executor=ray", mend="pip install 'sambench[ray]'"
        ) from error
    if ray.is_initialized():
        return False
    local: dict[str, Any] = {}
    if address == "local":
        local["include_dashboard"] = False
        os.environ.setdefault("RAY_task_events_report_interval_ms", "0")  # a record of every task, for the dashboard
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"no Ray cluster answers at {address!r}: {error}",
            where=f"executor.address={address}",
            mend="start one (`ray start --head`), or leave executor.address out for one on this machine",
        ) from error
    return True


def share_of(config: RunConfig) -> Share:
    """Divide the cluster between models and scorers.

    Args:
        config: The run's configuration.

    Raises:
        UsageError: The cluster cannot hold so many.
    """
    import ray

    there = ray.cluster_resources()
    return divide(there.get("CPU", 0.0), there.get("GPU", 0.0), config.executor, config.device, config.workers)


def divide(cpus: float, gpus: float, settings: ExecutorSettings, device: str, workers: int | str) -> Share:
    """Divide processors and GPUs between models and scorers.

    Args:
        cpus: Processors of the cluster.
        gpus: GPUs of the cluster.
        settings: How many models are asked for, and what each reserves.
        device: "auto", "cpu" or "cuda".
        workers: Samples scored at once, or "auto" for one on each processor that no model has.

    Raises:
        UsageError: They do not suffice, or the device is no type of device.
    """
    per_cpu, per_gpu = settings.cpus_per_device, settings.gpus_per_device
    kind = device if device != "auto" else "cuda" if gpus else "cpu"
    if kind not in ("cpu", "cuda"):
        raise UsageError(f"device is {device!r}", where="device", mend="give device=cpu or device=cuda for a cluster")
    if kind == "cpu":
        per_gpu, most = 0.0, int(cpus // (per_cpu + 1))
    else:
        most = int(min(gpus // per_gpu, (cpus - 1) // per_cpu))
    devices = max(1, most) if settings.devices == "auto" else int(settings.devices)
    needed = devices * per_cpu + 1, devices * per_gpu
    if needed[0] > cpus or needed[1] > gpus:
        raise UsageError(
            f"{devices} models on {kind} take {needed[0]:g} processors (one of them to score) and {needed[1]:g} GPUs;"
            f" the cluster has {cpus:g} and {gpus:g}",
            where="executor.devices",
            mend="ask for fewer devices, lower executor.cpus_per_device, or add nodes",
        )
    scorers = max(1, int(cpus - devices * per_cpu)) if workers == "auto" else max(1, int(workers))
    return Share(kind, devices, scorers, per_cpu, per_gpu)


@dataclass
class Nodes:
    """Which nodes are there and what they have, looked up every few seconds."""

    _there: dict[str, dict[str, float]] = field(default_factory=dict)
    _gone: dict[str, float] = field(default_factory=dict)
    _looked: float = float("-inf")

    def count(self) -> int:
        """Return how many nodes there are."""
        self._look(_LOOK_EVERY_SECONDS)
        return len(self._there)

    def resources(self) -> tuple[float, float]:
        """Return the processors and GPUs of all nodes."""
        self._look(_LOOK_EVERY_SECONDS)
        cpus, gpus = (sum(has.get(kind, 0.0) for has in self._there.values()) for kind in ("CPU", "GPU"))
        return cpus, gpus

    def lost(self, node: str | None) -> bool:
        """Tell whether a node is gone; of None, whether any has gone in the last half minute."""
        self._look(0.0)
        if node is not None:
            return node not in self._there
        return any(time.monotonic() - when < 30 for when in self._gone.values())

    def _look(self, older_than: float) -> None:
        import ray

        if time.monotonic() - self._looked <= older_than:
            return
        now = {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}
        self._gone.update(dict.fromkeys(self._there.keys() - now.keys(), time.monotonic()))
        self._there, self._looked = now, time.monotonic()
