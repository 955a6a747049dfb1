"""What work costs: wall time on a device, memory, idle share, energy where it is counted, and other load."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sambench.engine.executors.base import Executor

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    import torch

_STAT = Path("/proc/stat")

_POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the processors' energy counters (RAPL), in most systems to root alone."""

ON_DEVICE = ("encode", "decode")
"""Stages in which the model computes."""


def timed(call: Callable[[], object], device: torch.device) -> float:
    """Return the seconds from a call to the moment at which the device has done what it asked."""
    synchronise(device)
    begun = time.perf_counter()
    call()
    synchronise(device)
    return time.perf_counter() - begun


def synchronise(device: torch.device) -> None:
    """Wait until a device has done what it was asked."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class OtherLoad:
    """How many processors other processes kept busy meanwhile; unknown where the system has no /proc/stat."""

    def __init__(self) -> None:
        self._begun = _busy_seconds(), _own_seconds(), time.perf_counter()

    def processors(self) -> float | None:
        """Return the mean number of processors that others used since this was made."""
        busy, own, wall = self._begun
        now = _busy_seconds()
        if busy is None or now is None:
            return None
        elapsed = max(time.perf_counter() - wall, 1e-9)
        return max(0.0, (now - busy) - (_own_seconds() - own)) / elapsed


def host_peak(children: bool = False) -> dict[str, int]:
    """Return the most bytes that this process, or any child that has ended, has held, as "host" where known."""
    if sys.platform == "win32":
        return {}
    whose = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    return {"host": resource.getrusage(whose).ru_maxrss * (1 if sys.platform == "darwin" else 1024)}


def peak_bytes(device: torch.device) -> dict[str, int]:
    """Return the most memory that this process has held so far: "host", and "device" where torch counts it."""
    import torch

    counted = {"device": torch.cuda.max_memory_allocated(device)} if device.type == "cuda" else {}
    return host_peak() | counted


def thread_count() -> int:
    """Return how many threads torch uses on the CPU."""
    import torch

    return torch.get_num_threads()


def _busy_seconds() -> float | None:
    """Return the processor time of all processes since the machine started."""
    if not _STAT.exists():
        return None
    user, nice, system = (int(part) for part in _STAT.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    return time.process_time()


def run_costs(seconds: Mapping[str, float], executor: Executor, wall: float) -> dict[str, float]:
    """Return a run's memory in bytes and the share of its wall time in which no model computed.

    Args:
        seconds: Of each stage, added up over all processes.
        executor: What predicted and scored.
        wall: Seconds of the whole.

    Returns:
        `peak_host`, `peak_device`: the most that one process held; `device_idle`: where a model was asked.
    """
    most = max(executor.ledger.peaks.get("host", 0), *host_peak().values(), *host_peak(children=True).values(), 0)
    costs = {"peak_host": float(most)} if most else {}
    if "device" in executor.ledger.peaks:
        costs["peak_device"] = float(executor.ledger.peaks["device"])
    busy = sum(seconds.get(stage, 0.0) for stage in ON_DEVICE)
    if busy and wall > 0:
        costs["device_idle"] = round(max(0.0, 1 - busy / (wall * max(1, len(executor.workers())))), 4)
    return costs


class EnergyMeter:
    """Counts the energy that the machine's processors and GPUs have used since this was made."""

    def __init__(self) -> None:
        self._begun = _packages(), _gpus()

    def joules(self) -> dict[str, float]:
        """Return `energy_cpu` and `energy_gpu` in joules, of the whole machine; what is not counted is absent."""
        joules: dict[str, float] = {}
        packages = _packages()
        if packages and packages.keys() == self._begun[0].keys():
            used = [
                (now - self._begun[0][name][0]) % most if most else now - self._begun[0][name][0]
                for name, (now, most) in packages.items()
            ]
            joules["energy_cpu"] = round(sum(used) / 1e6, 3)
        gpus = _gpus()
        if gpus and len(gpus) == len(self._begun[1]):
            joules["energy_gpu"] = round(
                sum(now - then for now, then in zip(gpus, self._begun[1], strict=True)) / 1e3, 3
            )
        return joules


def _packages() -> dict[str, tuple[int, int]]:
    """Return for each processor package its microjoules, and where they start again from 0 (0 where unknown)."""
    counters = {}
    for folder in sorted(_POWERCAP.glob("intel-rapl:*")):
        if folder.name.count(":") > 1:
            continue  # a part of a package, which its package counts too
        try:
            most = folder / "max_energy_range_uj"
            there = int(most.read_text()) if most.exists() else 0
            counters[folder.name] = int((folder / "energy_uj").read_text()), there
        except (OSError, ValueError):
            return {}
    return counters


def _gpus() -> list[int]:
    """Return the millijoules of each GPU by NVML, where torch computes on CUDA and the library is there."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    try:
        import pynvml  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return [int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) for handle in handles]
    except pynvml.NVMLError:  # older than Volta, or no driver
        return []
