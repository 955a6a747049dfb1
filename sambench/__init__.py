"""Zero-shot evaluation of promptable segmentation models by the Segment Anything paper's own protocols."""

from typing import TYPE_CHECKING, Any

from sambench.version import __version__

if TYPE_CHECKING:
    from sambench.api import compare, gate, load_run, run, score
    from sambench.evaluation import evaluate

__all__ = ["__version__", "compare", "evaluate", "gate", "load_run", "run", "score"]


def __getattr__(name: str) -> Any:
    """Import the interface only when it is used, so that `sambench --help` stays fast."""
    if name == "evaluate":
        from sambench.evaluation import evaluate

        return evaluate
    if name in __all__:
        from sambench import api

        return getattr(api, name)
    raise AttributeError(f"module 'sambench' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what there is, so that `dir()` and completion show the interface before it is imported."""
    return sorted({*globals(), *__all__})
