"""What besides the model's fingerprint, the image and the stored dtype can change an embedding's bits."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sambench.models.base import PromptableModel


def environment_of(model: PromptableModel, settings: Mapping[str, Any], device: str) -> dict[str, str]:
    """Return it by name; every value is part of a cache key and stands in `run.json` as `cache.environment`.

    Args:
        model: The model; its `libraries` are told by their versions, and images encoded at once may sum otherwise.
        settings: The `model` group of the configuration, for `compile` and `channels_last`.
        device: The torch device.
    """
    import torch

    values = {
        "device": device.partition(":")[0],
        "machine": platform.machine(),
        "torch": ".".join(torch.__version__.split(".")[:2]),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_tf32": str(bool(torch.backends.cudnn.allow_tf32)).lower(),
        "encode_batch_size": str(model.encode_batch_size),
    }
    values |= {key: str(bool(settings.get(key, False))).lower() for key in ("compile", "channels_last")}
    for name in model.libraries:
        try:
            values[name] = version(name)
        except PackageNotFoundError:
            continue
    return values
