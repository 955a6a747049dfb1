"""Zero-shot evaluation of promptable segmentation models by the Segment Anything paper's own protocols."""

import importlib
import random
from typing import TYPE_CHECKING, Any

from sambench.files.version import __version__

if TYPE_CHECKING:
    from sambench import metrics, types
    from sambench.api.calls import compare, gate, load_run, run, score, table
    from sambench.api.evaluation import evaluate

__all__ = ["__version__", "compare", "evaluate", "gate", "load_run", "metrics", "run", "score", "table", "types"]

_MODULES = ("metrics", "types")


def __getattr__(name: str) -> Any:
    """Import the interface only when it is used, so that `sambench --help` stays fast."""
    drawn = random.getstate()  # a library draws when it is first imported, which a training loop would notice
    try:
        if name in _MODULES:
            return importlib.import_module(f"sambench.{name}")
        if name in __all__:
            module = "sambench.api.evaluation" if name == "evaluate" else "sambench.api.calls"
            return getattr(importlib.import_module(module), name)
    finally:
        random.setstate(drawn)
    raise AttributeError(f"module 'sambench' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the interface alone, before any of it is imported and after."""
    return sorted(__all__)
