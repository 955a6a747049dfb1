"""What a gate lets pass: margins, floors and improvements asked for, from a YAML file (`configs/gate/NAME.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sambench.config import registry
from sambench.config.ranges import Range, check_range
from sambench.config.spelling import check_keys, choose, nearest
from sambench.errors import UsageError
from sambench.files.yaml_files import read_yaml
from sambench.metrics.calibration import WORSE_HIGHER

CHANCE, MARGIN, FLOOR = Range(1e-6, 0.999999), Range(0, 1e9), Range(-1e9, 1e9)
"""What `alpha` and `power`, margins and floors may be."""


DEFAULT = "default"
"""Name of the policy that comes with sambench."""

CALIBRATION = "calibration"
"""What a list of judged metrics calls ECE and AURC at every number of clicks."""

VALUE, INTERVAL = "value", "interval"
"""What a floor or an improvement that is asked for may be held against."""

_CALIBRATION = tuple(f"{name}@*" for name in WORSE_HIGHER)
_CALIBRATED = (*(f"{name}@" for name in WORSE_HIGHER), "rank@")


@dataclass(frozen=True)
class Rule:
    """What is asked of one metric.

    Attributes:
        margin: A drop up to this passes, in the metric's own unit.
        floor: The candidate must not be worse than this, whatever the baseline's value; None asks nothing.
        must_improve: The candidate must be better.
        floor_by: "value" holds the candidate's value against the floor, "interval" the worse end of its 95 % interval.
        must_improve_by: "interval" wants the difference's interval on the better side of 0, "value" the difference.
    """

    margin: float = 0.0
    floor: float | None = None
    must_improve: bool = False
    floor_by: str = VALUE
    must_improve_by: str = INTERVAL


@dataclass(frozen=True)
class Policy:
    """What a gate lets pass.

    Attributes:
        alpha: Chance of a false alarm over all judged metrics together, in (0, 1).
        power: Power of the minimum detectable effect, in (0, 1).
        margin: Margin of metrics that have none of their own.
        judged: Task -> patterns of the metrics that decide, or `CALIBRATION`; a task that is not named is judged by all
            of its metrics.
        metrics: Metric or pattern -> its rule; the first pattern that fits counts.
    """

    alpha: float = 0.05
    power: float = 0.8
    margin: float = 0.0
    judged: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metrics: Mapping[str, Rule] = field(default_factory=dict)

    def judges(self, task: str, metric: str) -> bool:
        """Tell whether a metric of a task decides; one with a rule of its own always does."""
        patterns = [*self._judged(task), *self.metrics]
        return any(fnmatchcase(metric, pattern) for pattern in patterns)

    def names(self, task: str, metric: str) -> bool:
        """Tell whether the policy asks for a metric by its whole name, not by a pattern."""
        return metric in (*self.judged.get(task, []), *self.metrics)

    def asks_calibration(self, task: str) -> bool:
        """Tell whether confidence is judged, which costs more than the other metrics."""
        return any(one.startswith(_CALIBRATED) for one in (*self._judged(task), *self.metrics))

    def _judged(self, task: str) -> list[str]:
        """Return the patterns of what decides, those that `CALIBRATION` stands for in its place."""
        patterns = self.judged.get(task, ["*"])
        return [one for name in patterns for one in (_CALIBRATION if name == CALIBRATION else (name,))]

    def rule(self, metric: str) -> Rule:
        """Return what is asked of a metric."""
        for pattern, rule in self.metrics.items():
            if fnmatchcase(metric, pattern):
                return rule
        return Rule(self.margin)

    def check_names(self, task: str, metrics: Sequence[str], where: object) -> None:
        """Refuse a rule or a judged pattern that fits none of the metrics that are compared.

        A pattern that the default policy has too is no slip: a run of few detections lacks AR@1000.

        Raises:
            UsageError: A rule or pattern names no metric, or none of the patterns does.
        """
        if self.asks_calibration(task) and not any(one.startswith(_CALIBRATED) for one in metrics):
            raise UsageError(
                f"the policy judges {CALIBRATION}, and these rows of {task} hold no confidence beside an IoU",
                where=f"{where}, judged.{task}",
                mend="take it out; runs of points tell it, frozen baselines do not; see sambench explain",
            )
        judged = self._judged(task)
        patterns = [(f"judged.{task}", one) for one in judged if one not in _usual(task)]
        for key, pattern in [*patterns, *((f"metrics.{one}", one) for one in self.metrics)]:
            if not any(fnmatchcase(name, pattern) for name in metrics):
                near = nearest(pattern, metrics)
                raise UsageError(
                    f"the policy names {pattern!r}, which is none of the metrics of {task}: {', '.join(metrics)}",
                    where=f"{where}, {key}",
                    mend=f"write {near[0]}" if near else "take it out",
                )
        if not any(self.judges(task, name) for name in metrics):
            raise UsageError(
                f"the policy judges none of the metrics of {task}: {', '.join(metrics)}",
                where=f"{where}, judged.{task}",
                mend="name at least one of them",
            )


def load_policy(name: str) -> Policy:
    """Read a policy by name (`gate/NAME.yaml` of the project or of `--config-dir`) or from a YAML file.

    Raises:
        UsageError: There is no such policy, or something in it cannot be used; the key is named.
    """
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else registry.config_file("gate", name)
    if path is None or not path.is_file():
        if own:
            raise UsageError(f"there is no file {name!r}", where="policy", mend="give a YAML file, or policy=default")
        raise choose("policy", name, registry.options("gate"), "policy", "policy={}, or a YAML file")
    return parse_policy(read_yaml(path, "policy", name) or {}, name)


def parse_policy(read: Any, where: str) -> Policy:
    """Check a policy's content.

    Args:
        read: What the YAML file holds.
        where: The file's name, for messages.

    Raises:
        UsageError: A key is unknown or a value out of its range.
    """
    values = _table(read, [item.name for item in fields(Policy)], where)
    ranges = {"alpha": CHANCE, "power": CHANCE, "margin": MARGIN}
    shared = {key: _number(values[key], one, f"{where}, {key}") for key, one in ranges.items() if key in values}
    policy = Policy(shared.get("alpha", 0.05), shared.get("power", 0.8), shared.get("margin", 0.0))
    judged = values.get("judged") or {}
    if not isinstance(judged, dict) or not all(isinstance(patterns, list) for patterns in judged.values()):
        raise UsageError("judged is no table of lists", where=f"{where}, judged", mend="write judged: {edges: [ods]}")
    for task in judged:
        if task not in registry.targets("tasks"):
            raise choose("task", task, registry.targets("tasks"), f"{where}, judged.{task}")
    texts = {str(task): [str(pattern) for pattern in patterns] for task, patterns in judged.items()}
    rules = {
        str(pattern): _rule(rule, policy.margin, f"{where}, metrics.{pattern}")
        for pattern, rule in _table(values.get("metrics") or {}, None, f"{where}, metrics").items()
    }
    return Policy(policy.alpha, policy.power, policy.margin, texts, rules)


def _usual(task: str) -> Sequence[str]:
    """Return what the default policy judges of a task."""
    return load_policy(DEFAULT).judged.get(task, ())


def _rule(read: Any, margin: float, where: str) -> Rule:
    values = _table(read, [item.name for item in fields(Rule)], where)
    must_improve = values.get("must_improve", False)
    if not isinstance(must_improve, bool):
        raise UsageError("must_improve is neither true nor false", where=where, mend="write must_improve: true")
    floor = values.get("floor")
    rule = Rule(
        _number(values.get("margin", margin), MARGIN, f"{where}.margin"),
        None if floor is None else _number(floor, FLOOR, f"{where}.floor"),
        must_improve,
        _by(values.get("floor_by", VALUE), f"{where}.floor_by"),
        _by(values.get("must_improve_by", INTERVAL), f"{where}.must_improve_by"),
    )
    return rule


def _by(value: Any, where: str) -> str:
    if value not in (VALUE, INTERVAL):
        raise UsageError(f"{value!r} is neither value nor interval", where=where, mend="write value or interval")
    return str(value)


def _table(read: Any, known: Sequence[str] | None, where: str) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise UsageError(f"{read!r} is no table of keys", where=where, mend="write key: value lines")
    if known is not None:
        check_keys(read, known, where)
    return read


def _number(value: Any, allowed: Range, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{value!r} is no number", where=where, mend="give a number, as in 0.002")
    check_range(value, allowed, where)
    return float(value)
