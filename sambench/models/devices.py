"""Devices and number formats by the names a command line uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sambench.errors import UsageError

if TYPE_CHECKING:
    import torch

    from sambench.models.base import PromptableModel

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def resolve_device(wanted: str, where: str = "device") -> str:
    """Turn a device's name into a torch device's; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Args:
        wanted: As in `device=NAME`.
        where: The key that names it.

    Raises:
        UsageError: The device is no torch device, or is not there.
    """
    import torch

    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    there = [f"cuda:{i}" for i in range(torch.cuda.device_count())] + there
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else there[0]
    if wanted in there or (wanted == "cuda" and torch.cuda.is_available()):
        return wanted
    raise UsageError(
        f"device {wanted!r} is not available here; there is {', '.join(there)}",
        where=f"{where}={wanted}",
        mend=f"leave {where} out to choose automatically",
    )


def torch_device(name: str) -> torch.device:
    """Return the device that a model is built on, once it holds a number.

    Raises:
        UsageError: No such device here, or it cannot be used.
    """
    import torch

    device = torch.device(resolve_device(name, "model.device"))
    try:
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
    import torch

    if name not in DTYPES:
        raise UsageError(f"unknown dtype {name!r}", where=where, mend=f"one of {', '.join(DTYPES)}")
    dtype: torch.dtype = getattr(torch, DTYPES[name])
    return dtype


def device_list(wanted: str | list[str] | None) -> list[str]:
    """Turn `devices=` into one torch device a worker process; nothing where the run stays in one process.

    Args:
        wanted: None; "auto" for every CUDA device where there are several; a list as [cpu,cpu]; or "cuda:0,1".

    Raises:
        UsageError: They are of several types, or one is not there.
    """
    if wanted is None:
        return []
    if wanted == "auto":
        import torch

        count = torch.cuda.device_count()
        return [f"cuda:{i}" for i in range(count)] if count > 1 else []
    kind, _, numbers = str(wanted).partition(":")
    listed = wanted if isinstance(wanted, list) else [f"{kind}:{i}" for i in numbers.split(",")] if numbers else [kind]
    devices = [resolve_device(str(device)) for device in listed]
    if len({device.partition(":")[0] for device in devices}) != 1:
        raise UsageError(
            f"devices are {listed!r}, of several types or none",
            where="devices",
            mend="give one type, as [cuda:0,cuda:1]",
        )
    return devices


def device_of(model: PromptableModel, modules: Sequence[torch.nn.Module] = ()) -> torch.device:
    """Return where a model is: its own `device`, else where its modules' first parameter lies, else the CPU."""
    import torch

    given = getattr(getattr(model, "given", model), "device", None)
    if given is None:
        given = next((tensor.device for module in modules for tensor in module.parameters()), "cpu")
    return torch.device(given)


def flush_denormals(device: torch.device) -> None:
    """Let numbers below 1e-38 be zero in this thread, where the device is a CPU.

    Saturated softmaxes make them by the thousand, and they slow the matrix products that follow tenfold. The state
    belongs to a thread, so every entry point of a model asks for it.
    """
    import torch

    if device.type == "cpu":
        torch.set_flush_denormal(True)
