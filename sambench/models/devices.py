"""Devices and number formats by the names a command line uses."""

from __future__ import annotations

import torch

from sambench.errors import UsageError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def torch_device(name: str) -> torch.device:
    """Return the device of a name; "auto" takes cuda, then mps, then cpu.

    Raises:
        UsageError: No such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        what = f"device {name!r} cannot be used: {str(error).splitlines()[0]}"
        raise UsageError(what, where="model.device", mend="model.device=auto, cpu, cuda, cuda:0 or mps") from error
    return device


def torch_dtype(name: str, where: str) -> torch.dtype:
    """Return the dtype of "fp32", "bf16" or "fp16".

    Raises:
        UsageError: Any other name.
    """
    if name not in DTYPES:
        raise UsageError(f"unknown dtype {name!r}", where=where, mend=f"one of {', '.join(DTYPES)}")
    return DTYPES[name]
