"""The configuration of a run, read once from what Hydra composes: every range and choice is checked here."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Annotated, Any, Literal, TypeVar

from sambench.config.ranges import SHARED, Range, RangeError, collecting, raise_faults
from sambench.config.registry import GROUPS
from sambench.config.resolve import convert, group_faults
from sambench.errors import UsageError
from sambench.files.progress import ProgressKind

WORKERS = Range(0, 1024)
"""Scoring processes at once."""

BUDGET_GB = Range(0, 10**6)
"""Gigabytes of embeddings that are kept."""

DEVICES = Range(1, 100_000)
"""Models at once on a cluster."""

_T = TypeVar("_T")
_AUTO = "auto_or"
"""Metadata of a field: the range of a number in whose place "auto" may stand."""


@dataclass(frozen=True)
class GivenPredictions:
    """Predictions made elsewhere.

    Attributes:
        path: Their folder or file, at a path or a URL; None where a model predicts.
        nms: How soft edge maps are thinned before they are scored.
        names: The pattern of files' names; None where it is found.
    """

    path: str | None
    nms: Literal["auto", "toolbox", "none"]
    names: str | None


@dataclass(frozen=True)
class RunPlace:
    """Where a run is written, and what people call it.

    Attributes:
        dir: The run folder; None for one below `results` that the settings name.
        results: Where run folders without a name go.
        overwrite: Whether a run that is there is replaced.
        name: What tables, figures and lists call the run in the place of its model's name; no part of its identity.
        tags: Words that it is found by.
        notes: Anything worth remembering.
    """

    dir: str | None
    results: str
    overwrite: bool
    name: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None


@dataclass(frozen=True)
class CacheSettings:
    """How embeddings are kept.

    Attributes:
        enabled: Whether they are.
        budget_gb: Gigabytes that are kept; None for all.
        secret_file: A file with the secret that they are signed with; None for none.
        dtype: How they are stored.
        dir: The folder, at a path or a URL; None for the user's cache folder.
    """

    enabled: bool
    budget_gb: Annotated[float, BUDGET_GB] | None
    secret_file: str | None
    dtype: Literal["keep", "fp32", "bf16", "fp16"]
    dir: str | None


@dataclass(frozen=True)
class ExecutorSettings:
    """Who predicts: processes of this machine ("local"), or a Ray cluster ("ray"), which the rest is about.

    Attributes:
        name: Which of the two.
        address: "local", "auto" or HOST:PORT.
        cpus_per_device: Processors reserved for each model.
        gpus_per_device: GPUs reserved for each model on GPUs.
        devices: Models at once; "auto" for as many as there is room for.
    """

    name: str
    address: str = "local"
    cpus_per_device: Annotated[float, Range(0, 1024, above=True)] = 1.0
    gpus_per_device: Annotated[float, Range(0, 64, above=True)] = 1.0
    devices: int | str = field(default="auto", metadata={_AUTO: DEVICES})


@dataclass(frozen=True)
class RunConfig:
    """The configuration of `sambench run` and `sambench score` (`configs/config.yaml` says what its keys mean).

    Tasks, models and data sets own their groups' keys, which were checked against their constructors.

    Attributes:
        plain: All of it as `run.json` keeps it.
        task, model, data: The groups' values; `name` chooses what is built of them.
    """

    limit: Annotated[int, SHARED["limit"]] | None
    shard: str | None
    seed: Annotated[int, SHARED["seed"]]
    device: str
    prompt_batch: Annotated[int, Range(1, 65536)]
    illustrate: Annotated[int, Range(0, 10**6)]
    progress: ProgressKind
    allow_missing: bool
    allow_download: bool
    predictions: GivenPredictions
    run: RunPlace
    cache: CacheSettings
    executor: ExecutorSettings
    workers: int | str = field(metadata={_AUTO: WORKERS})
    devices: str | list[str] | None
    logger: str | list[str] | None
    task: Mapping[str, Any]
    model: Mapping[str, Any]
    data: Mapping[str, Any]
    plain: Mapping[str, Any]


def hints_of(section: Any, above: str = "") -> dict[str, Any]:
    """Return dotted key -> type, with range and choices, of what a section of the configuration names."""
    hints: dict[str, Any] = {}
    for key, hint in typing.get_type_hints(section, include_extras=True).items():
        hints |= hints_of(hint, f"{above}{key}.") if is_dataclass(hint) else {f"{above}{key}": hint}
    return hints


HINTS = hints_of(RunConfig)
"""Dotted key -> type, with range and choices, of the keys that all runs have."""


def read_config(config: Mapping[str, Any]) -> RunConfig:
    """Check all groups of a resolved configuration at once, before anything is opened.

    Raises:
        UsageError: Names each key that has the wrong type, is out of its range or none of its choices, its value and
            what it takes.
    """
    faults: list[UsageError] = []
    values = _values(RunConfig, {**config, "plain": {}}, "", faults)
    reported = {str(fault.where) for fault in faults}
    for kind, group in GROUPS.items():
        if kind == "models" and values["predictions"]["path"] is not None:
            continue
        refusals: list[UsageError] = []
        with collecting(refusals):
            refusals += group_faults(kind, group, config[group], own_words=True)
        # A group's value may be the top-level one by another name (`limit: ${limit}`), which is told once.
        faults += [fault for fault in refusals if not _is_reported(str(fault.where), group, reported, config)]
    raise_faults(faults)
    named = {key: value for key, value in values.items() if key != "plain"}
    return _made(RunConfig, {**named, "plain": changed(config, named)})


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with other values, group by group: {"run": {"dir": "x"}} leaves the rest of `run`."""
    merged = dict(config)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = changed(merged[key], value) if both else value
    return merged


def _values(section: Any, config: Mapping[str, Any], above: str, faults: list[UsageError]) -> dict[str, Any]:
    """Return the checked values of a section's fields, of sections in it as tables; what is wrong is collected."""
    hints, values = typing.get_type_hints(section, include_extras=True), {}
    for item in fields(section):
        where, hint = f"{above}{item.name}", hints[item.name]
        if item.name not in config and item.default is not MISSING:
            continue
        if is_dataclass(hint):
            values[item.name] = _values(hint, config[item.name], f"{where}.", faults)
            continue
        values[item.name] = config[item.name]
        with collecting(faults):
            if (allowed := item.metadata.get(_AUTO)) is not None:
                _check_number_or_auto(config[item.name], allowed, where)
            else:
                values[item.name] = convert(config[item.name], hint, where)
    return values


def _check_number_or_auto(value: Any, allowed: Range, where: str) -> None:
    if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value not in allowed):
        mend = f"give {where}=auto, or a whole number {allowed}"
        raise RangeError(f"{where} is {value!r}", where=where, mend=mend)


def _made(section: type[_T], values: Mapping[str, Any]) -> _T:
    hints = typing.get_type_hints(section)
    return section(
        **{key: _made(hints[key], value) if is_dataclass(hints[key]) else value for key, value in values.items()}
    )


def _is_reported(where: str, group: str, reported: set[str], config: Mapping[str, Any]) -> bool:
    key = where.removeprefix(f"{group}.")
    return key in reported and config[group].get(key) == config[key]
