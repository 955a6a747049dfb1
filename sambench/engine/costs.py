"""What a run costs beside time: memory, the device's idle share, and energy where the machine counts it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sambench.engine.executors.base import Executor
from sambench.engine.timing import host_peak

_POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the processors' energy counters (RAPL), in most systems to root alone."""

ON_DEVICE = ("encode", "decode")
"""Stages in which the model computes."""


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
