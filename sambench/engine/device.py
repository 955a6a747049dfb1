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
