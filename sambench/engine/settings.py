"""The top-level keys of the configuration, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sambench.config import convert
from sambench.errors import UsageError
from sambench.progress import ProgressKind

_HINTS: dict[str, Any] = {
    "limit": int | None,
    "shard": str | None,
    "seed": int,
    "device": str,
    "prompt_batch": int,
    "illustrate": int,
    "progress": ProgressKind,
    "allow_missing": bool,
    "predictions.path": str | None,
    "predictions.nms": Literal["auto", "toolbox", "none"],
    "run.overwrite": bool,
    "cache.enabled": bool,
    "cache.budget_gb": float | None,
    "cache.dtype": Literal["keep", "fp32", "bf16", "fp16"],
}

_LEAST: dict[str, float] = {"seed": 0, "prompt_batch": 1, "illustrate": 0, "cache.budget_gb": 0}


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuse values of the wrong type or range.

    Args:
        config: The resolved configuration.

    Raises:
        UsageError: Names the key, its value and what it takes.
    """
    for key, hint in _HINTS.items():
        value = _at(config, key)
        convert(value, hint, key)
        if value is not None and key in _LEAST and value < _LEAST[key]:
            raise UsageError(f"{key} is {value}", where=key, mend=f"give {key} {_LEAST[key]:g} or more")
    workers = config["workers"]
    if workers != "auto" and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 0):
        raise UsageError(
            f"workers is {workers!r}", where="workers", mend="give workers=auto, or a number of processes from 0 on"
        )


def _at(config: Mapping[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    return config[group][name] if group else config[name]
