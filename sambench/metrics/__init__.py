"""Metrics as pure functions of arrays: no files, no models, no configuration."""

import importlib
from types import ModuleType

__all__ = ["bootstrap", "boundary", "clicks", "coco", "intervals", "paired", "power", "regions", "simultaneous"]


def __getattr__(name: str) -> ModuleType:
    """Import a family of metrics, or what all families share, when it is used."""
    if name in __all__:
        return importlib.import_module(f"sambench.metrics.{name}")
    raise AttributeError(f"module 'sambench.metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the modules before they are imported."""
    return sorted({*globals(), *__all__})
