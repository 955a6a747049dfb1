"""The top-level keys of the configuration, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from sambench.config import convert
from sambench.engine.signing import read_secret
from sambench.errors import UsageError
from sambench.progress import ProgressKind
from sambench.ranges import SHARED, Range, RangeError, raise_ranges

WORKERS = Range(0, 1024)
"""Scoring processes at once."""

_HINTS: dict[str, Any] = {
    "limit": Annotated[int, SHARED["limit"]] | None,
    "shard": str | None,
    "seed": Annotated[int, SHARED["seed"]],
    "device": str,
    "prompt_batch": Annotated[int, Range(1, 65536)],
    "illustrate": Annotated[int, Range(0, 10**6)],
    "progress": ProgressKind,
    "allow_missing": bool,
    "predictions.path": str | None,
    "predictions.nms": Literal["auto", "toolbox", "none"],
    "run.overwrite": bool,
    "cache.enabled": bool,
    "cache.budget_gb": Annotated[float, Range(0, 10**6)] | None,
    "cache.secret_file": str | None,
    "cache.dtype": Literal["keep", "fp32", "bf16", "fp16"],
}


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuse values of the wrong type or range.

    Args:
        config: The resolved configuration.

    Raises:
        UsageError: Names the key, its value and what it takes.
    """
    faults = []
    for key, hint in _HINTS.items():
        try:
            convert(_at(config, key), hint, key)
        except RangeError as fault:
            faults.append(fault)
    raise_ranges(faults)
    read_secret(config["cache"]["secret_file"])
    workers = config["workers"]
    if workers != "auto" and (isinstance(workers, bool) or not isinstance(workers, int) or workers not in WORKERS):
        raise UsageError(
            f"workers is {workers!r}", where="workers", mend=f"give workers=auto, or a number of processes {WORKERS}"
        )


def _at(config: Mapping[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    return config[group][name] if group else config[name]
