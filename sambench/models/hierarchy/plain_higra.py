"""higra as it is but for its plots, which import matplotlib, a second of each run: they come when asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

PLOTS = "higra.plot"


def _higra_with_late_plots() -> Any:
    """Import higra while an empty module stands for its plots; where it was imported before, it stays as it is."""
    if "higra" in sys.modules:
        return import_module("higra")
    sys.modules[PLOTS] = ModuleType(PLOTS)
    try:
        module = import_module("higra")
    finally:
        del sys.modules[PLOTS]
    vars(module)["__getattr__"] = _plot
    return module


def _plot(name: str) -> Any:
    """Return what higra would have taken from its plots."""
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(import_module(PLOTS), name)


higra = _higra_with_late_plots()
