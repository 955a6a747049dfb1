"""The top-level keys of the configuration, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from sambench.config.ranges import SHARED, Range, RangeError, collecting, raise_faults
from sambench.config.registry import GROUPS
from sambench.config.resolve import convert, group_faults, predictions_path
from sambench.engine.cache.signing import read_secret
from sambench.errors import UsageError
from sambench.progress import ProgressKind

WORKERS = Range(0, 1024)
"""Scoring processes at once."""

BUDGET_GB = Range(0, 10**6)
"""Gigabytes of embeddings that are kept."""

DEVICES = Range(1, 100_000)
"""Models at once on a cluster."""

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
    "predictions.names": str | None,
    "run.overwrite": bool,
    "cache.enabled": bool,
    "cache.budget_gb": Annotated[float, BUDGET_GB] | None,
    "cache.secret_file": str | None,
    "cache.dtype": Literal["keep", "fp32", "bf16", "fp16"],
}

_CLUSTER: dict[str, Any] = {
    "executor.address": str,
    "executor.cpus_per_device": Annotated[float, Range(0, 1024, above=True)],
    "executor.gpus_per_device": Annotated[float, Range(0, 64, above=True)],
}


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuse values of the wrong type or range, in all groups at once, before anything is opened.

    Args:
        config: The resolved configuration.

    Raises:
        UsageError: Names each key, its value and what it takes.
    """
    ray = config["executor"]["name"] == "ray"
    faults = _faults(config, {**_HINTS, **(_CLUSTER if ray else {})})
    for key, allowed in {"workers": WORKERS, **({"executor.devices": DEVICES} if ray else {})}.items():
        value = _at(config, key)
        if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value not in allowed):
            mend = f"give {key}=auto, or a whole number {allowed}"
            faults.append(RangeError(f"{key} is {value!r}", where=key, mend=mend))
    told = {str(fault.where) for fault in faults}
    for kind, group in GROUPS.items():
        if kind == "models" and predictions_path(config) is not None:
            continue
        found: list[UsageError] = []
        with collecting(found):
            found += group_faults(kind, group, config[group], own_words=True)
        # A group's value may be the top-level one by another name (`limit: ${limit}`), which is told once.
        faults += [fault for fault in found if not _is_told(str(fault.where), group, told, config)]
    raise_faults(faults)
    read_secret(config["cache"]["secret_file"])


def _faults(config: Mapping[str, Any], hints: Mapping[str, Any]) -> list[UsageError]:
    faults: list[UsageError] = []
    for key, hint in hints.items():
        with collecting(faults):
            convert(_at(config, key), hint, key)
    return faults


def _is_told(where: str, group: str, told: set[str], config: Mapping[str, Any]) -> bool:
    key = where.removeprefix(f"{group}.")
    return key in told and config[group].get(key) == config[key]


def _at(config: Mapping[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    return config[group][name] if group else config[name]
