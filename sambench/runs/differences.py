"""What two stored runs differ in: what they were told to do, what they were made with, and what came of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sambench.errors import RunError
from sambench.redact import without_secrets
from sambench.runs.run import Run
from sambench.runs.seals import flatten
from sambench.types import Metric

ABSENT = "(absent)"

_NAMES = ("run.", "cache.dir", "cache.secret_file")
"""Beginnings of keys of the configuration that say where things are, and what people call them."""


@dataclass(frozen=True)
class Unlike:
    """One thing in which two runs differ.

    Attributes:
        key: Its dotted name.
        first, second: Its values, as JSON has them; `ABSENT` where a run does not have it.
    """

    key: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Moved:
    """A metric of two runs: NaN where a run has none, or none that is defined."""

    metric: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        """The second less the first."""
        return self.second - self.first


@dataclass(frozen=True)
class RunDifferences:
    """What two runs differ in.

    Attributes:
        settings: The configuration, and the identity where it says more: the weights' and the data's fingerprints.
        environment: Code, machine and libraries.
        metrics: All metrics that either has, whether they differ or not.
    """

    settings: list[Unlike]
    environment: list[Unlike]
    metrics: list[Moved]


def run_differences(first: Run, second: Run) -> RunDifferences:
    """Hold the records of two runs against each other; nothing is asked of their rows."""
    sides = [_settings(first), _settings(second)]
    around = [_environment(first), _environment(second)]
    own, others = first.metrics, second.metrics
    moved = [Moved(name, _value(own.get(name)), _value(others.get(name))) for name in dict.fromkeys([*own, *others])]
    return RunDifferences(_unlike(*sides), _unlike(*around), moved)


def _settings(run: Run) -> dict[str, Any]:
    """Return the configuration's values by dotted key, and those of the identity that it does not have."""
    values: dict[str, Any] = {}
    for part in ("config", "identity"):
        with suppress(RunError):
            for key, value in flatten(run.record.stored[part]).items():
                if not key.startswith(_NAMES):
                    values.setdefault(key, value)
    return values


def _environment(run: Run) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in ("code", "environment"):
        with suppress(RunError):
            values |= {f"{part}.{key}": value for key, value in flatten(run.record.stored[part]).items()}
    return values


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Unlike]:
    """Return what differs, in the order of the first; texts without credentials."""
    keys = dict.fromkeys([*first, *second])
    pairs = [(key, first.get(key, ABSENT), second.get(key, ABSENT)) for key in keys]
    return [Unlike(key, _text(one), _text(other)) for key, one, other in pairs if one != other]


def _text(value: Any) -> Any:
    return without_secrets(value) if isinstance(value, str) else json.loads(without_secrets(json.dumps(value)))


def _value(metric: Metric | None) -> float:
    return math.nan if metric is None else metric.value
