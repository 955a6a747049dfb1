"""Wall time of calls on a device, memory, and what else the machine was doing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    import torch

_STAT = Path("/proc/stat")


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
