"""Which device the model runs on."""

from __future__ import annotations

from sambench.errors import UsageError


def resolve_device(wanted: str) -> str:
    """Turn `device=` into a torch device name; "auto" takes CUDA, then Apple's MPS, then the CPU.

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
        where=f"device={wanted}",
        mend="leave device out to choose automatically",
    )


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
