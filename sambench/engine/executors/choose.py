"""Which executor a run takes: none, worker processes of this machine, or a Ray cluster."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.engine.executors.base import ProcessExecutor
from sambench.errors import UsageError
from sambench.models.devices import device_list

EXECUTORS = {
    "local": "sambench.engine.executors.local:LocalExecutor",
    "ray": "sambench.engine.executors.cluster:open_cluster",
}
"""Executor -> what opens it; a run in one process imports neither."""


def open_executor(config: RunConfig) -> ProcessExecutor | None:
    """Return the processes that `executor=` and `devices=` ask for, or None where the run stays in this process.

    Args:
        config: The run's configuration.

    Raises:
        UsageError: There is no such executor, its settings do not fit together, or it is not installed.
    """
    name = config.executor.name
    if name not in EXECUTORS:
        raise UsageError(
            f"there is no executor {name!r}", where="executor", mend=f"use executor={' or executor='.join(EXECUTORS)}"
        )
    if name == "local":
        if config.predictions.path is not None:
            return None
        wanted = config.devices
        devices = [] if wanted == "auto" and config.device != "auto" else device_list(wanted)
        if not devices:
            return None
        return _opened(name, config, devices, threads=1 if devices[0] == "cpu" else None)
    if config.predictions.path is not None:
        raise UsageError(
            "predictions made elsewhere are scored on this machine only", where="executor=ray", mend="leave it out"
        )
    if config.devices not in (None, "auto"):
        raise UsageError(
            "devices= names devices of this machine; a cluster is asked for a number of them",
            where="devices",
            mend="use executor.devices=2 and, for their type, device=cuda or device=cpu",
        )
    return _opened(name, config)


def _opened(name: str, *arguments: Any, **settings: Any) -> ProcessExecutor:
    executor: ProcessExecutor = resolve_name(EXECUTORS[name])(*arguments, **settings)
    return executor
