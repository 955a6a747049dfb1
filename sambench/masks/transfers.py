"""Between host and device without a stop: pinned copies there, and results that arrive while the device goes on.

A read of a tensor of an accelerator (`.cpu()`, `.item()`, an index by a mask) makes the host wait until everything
asked before is done, and then the device waits for the host. So what is sent goes through `to_device`, and what comes
back through an `Arrival`, which starts at once and is read later. On a CPU a loop that lets other threads run goes on
`beside` what the model computes next.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from sambench.types import Masks

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

Given = TypeVar("Given")
Started = TypeVar("Started")
Done = TypeVar("Done")


def to_device(tensor: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return a tensor on a device; from the host to CUDA pinned, without waiting.

    Args:
        tensor: Of any shape, on any device.
        device: Where it shall be.
        dtype: What it shall be; None leaves it. It is changed on the device.
    """
    if tensor.device.type == "cpu" and device.type == "cuda":
        moved = tensor.pin_memory().to(device, non_blocking=True)
    else:
        moved = tensor.to(device)
    return moved if dtype is None else moved.to(dtype)


class Arrival:
    """Tensors on their way to the host.

    Args:
        *tensors: Of any shapes, all on one device. From CUDA their copies start now, after what the device was asked
            before, into pinned memory; from other devices they are made when they are read.
    """

    def __init__(self, *tensors: Tensor) -> None:
        import torch

        self._tensors, self._event = tensors, None
        if tensors and tensors[0].device.type == "cuda":
            self._tensors = tuple(one.to("cpu", non_blocking=True) for one in tensors)
            self._event = torch.cuda.Event()
            self._event.record(torch.cuda.current_stream(tensors[0].device))

    def tensors(self) -> tuple[Tensor, ...]:
        """Return the tensors on the host, once they are there: the one place that waits for the device."""
        if self._event is not None:
            self._event.synchronize()
        return tuple(one.detach().cpu() for one in self._tensors)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the tensors as arrays, once they are there."""
        return tuple(one.numpy() for one in self.tensors())


def beside(work: Callable[[], Done]) -> Callable[[], Done]:
    """Begin work in a thread of its own.

    Args:
        work: Called once; only what lets other threads run, as `sambench.files.kernels.kernel` does, gains by it.

    Returns:
        What waits for the work and returns its result, or raises what it raised.
    """
    return _threads(os.getpid()).submit(work).result


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """Return the threads of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(thread_name_prefix=f"beside-{process}")


def in_turn(
    given: Iterable[Given],
    start: Callable[[Given], Started],
    finish: Callable[[Started], Done],
    device: Callable[[Given], torch.device],
    by_threads: bool = False,
) -> Iterator[Done]:
    """Start each item's work on the device, and finish it on the host when the next one's has been started.

    On a CPU, where nothing is gained by it but memory lost, one item is finished after the other.

    Args:
        given: The items; the next one is asked for before the host's part of the last one is done.
        start: Asks the device.
        finish: Waits for the answer and does the host's part.
        device: Where an item is.
        by_threads: On a CPU what `start` begins goes on in a thread (`beside`), so that the next one is started there
            too.
    """
    under_way: deque[Started] = deque()
    for item in given:
        under_way.append(start(item))
        while len(under_way) > (by_threads or device(item).type != "cpu"):
            yield finish(under_way.popleft())
    while under_way:
        yield finish(under_way.popleft())


def device_of_masks(masks: Masks) -> torch.device:
    """Return where an answer is."""
    return masks.logits.device
