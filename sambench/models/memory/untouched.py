"""Leave a training loop as it was found: random numbers, train or eval mode, gradients, and how the CPU rounds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Put the random generators of numpy and Python back at the end; a library may draw when it is first imported."""
    states: tuple[Any, Any] = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


@contextmanager
def untouched(modules: Sequence[torch.nn.Module], device: torch.device) -> Iterator[None]:
    """Have modules in eval mode, without gradients or autocast, and put everything back at the end, errors included.

    Put back are the mode of every module, the state of torch's random generators (every device), and whether this
    thread's CPU takes tiny numbers as zero. Gradients and `requires_grad` are not touched.

    Args:
        modules: What is set to eval mode, with all inside.
        device: Where the model runs, for autocast.
    """
    modes = [(module, module.training) for root in modules for module in root.modules()]
    on_mps = torch.mps.get_rng_state() if device.type == "mps" else None
    flushed = flushes_denormals()
    cards = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=cards))
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        try:
            for root in modules:
                root.eval()
            yield
        finally:
            for module, mode in modes:
                module.training = mode
            if on_mps is not None:
                torch.mps.set_rng_state(on_mps)
            torch.set_flush_denormal(flushed)


@contextmanager
def same_attributes(thing: Any) -> Iterator[None]:
    """Put an object's own attributes back at the end, as a predictor's image and features."""
    kept = getattr(thing, "__dict__", None)
    before = None if kept is None else dict(kept)
    try:
        yield
    finally:
        if kept is not None and before is not None:
            for name in [name for name in kept if name not in before]:
                del kept[name]
            kept.update(before)


def flushes_denormals() -> bool:
    """Tell whether this thread takes numbers below 1e-38 as zero, which torch can set but not tell."""
    return float(torch.tensor(1.0e-38) * 0.1) == 0.0
