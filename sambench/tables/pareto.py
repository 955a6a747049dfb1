"""Models on two axes, from one run a model and axis: `sambench pareto`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sambench.config.spelling import choose
from sambench.errors import UsageError
from sambench.metrics.latency.pareto import Standing, Value, standings
from sambench.runs.run import Run, with_distinct_names
from sambench.runs.summary import interval, number
from sambench.types import COSTS, Metric

ALIASES = {"memory": "latency.peak_host", "params": "latency.parameters_model", "speed": "latency.encode_rate"}
"""Short word for an axis -> what it stands for."""


@dataclass(frozen=True)
class ParetoPoint:
    """One model.

    Attributes:
        model: Its name.
        x, y: The two metrics.
        standing: Whether it is on the front.
    """

    model: str
    x: Metric
    y: Metric
    standing: Standing


def pareto_points(runs: Sequence[Run], x: str, y: str) -> tuple[list[ParetoPoint], list[str]]:
    """Put runs of the same model together, and models beside each other.

    Args:
        runs: Finished runs of any tasks.
        x, y: An axis each: TASK.METRIC, or a word of `ALIASES`.

    Returns:
        The models with both metrics, in the order of the runs; and notes: models that lack one, and what makes runs of
        one axis unlike.

    Raises:
        UsageError: There is no run, an axis is unknown, a model has two runs for one axis, or no model has both.
    """
    if not runs:
        raise UsageError("no run was given", where="runs", mend="give runs=[A,B,...], of each model one for each axis")
    first, second = (ALIASES.get(axis, axis) for axis in (x, y))
    of_x, of_y = _by_model(runs, first), _by_model(runs, second)
    notes = [*_unlike(first, list(of_x.values())), *_unlike(second, list(of_y.values()))]
    for own, other, axis in ((of_x, of_y, second), (of_y, of_x, first)):
        notes += [
            f"{own[key].record.model.name} is left out: no run gives its {axis}" for key in own if key not in other
        ]
    both = [key for key in of_x if key in of_y]
    if not both:
        mend = "give runs of the same models, with the same model settings, for both"
        raise UsageError(f"no model has a run for {first} and one for {second}", where="runs", mend=mend)
    pairs = [(_metric(of_x[key], first), _metric(of_y[key], second)) for key in both]
    names = [run.label for run in with_distinct_names([of_x[key] for key in both])]
    points = placed([(name, *pair) for name, pair in zip(names, pairs, strict=True)])
    return points, notes


def placed(points: Sequence[tuple[str, Metric, Metric]]) -> list[ParetoPoint]:
    """Say of each (name, x, y) whether it is on the front."""
    verdicts = standings([(_value(one), _value(two)) for _, one, two in points])
    return [ParetoPoint(*point, standing) for point, standing in zip(points, verdicts, strict=True)]


def pareto_table(points: Sequence[ParetoPoint], x: str, y: str) -> pd.DataFrame:
    """Lay the models out as texts."""
    heads = [
        f"{axis}, {metric.unit}" if metric.unit in COSTS else axis
        for axis, metric in ((x, points[0].x), (y, points[0].y))
    ]
    words = {"on": "on", "off": "off", "cannot tell": "off, within the intervals"}
    return pd.DataFrame(
        {
            "model": one.model,
            heads[0]: f"{number(one.x.value)} {interval(one.x)}".strip(),
            heads[1]: f"{number(one.y.value)} {interval(one.y)}".strip(),
            "front": words[one.standing],
        }
        for one in points
    )


def _by_model(runs: Sequence[Run], axis: str) -> dict[str, Run]:
    """Return the model's identity -> its run of the axis's task.

    Raises:
        UsageError: No run is of the task or has the metric, or one model has two.
    """
    task, _, metric = axis.partition(".")
    own = [run for run in runs if run.record.task_name == task]
    if not own:
        there = sorted({run.record.task_name for run in runs})
        mend = f"give TASK.METRIC, as points.mIoU@1 or latency.encode_p50, or {', '.join(ALIASES)}"
        raise UsageError(f"{axis!r} is of no run's task; there are runs of {', '.join(there)}", where="x, y", mend=mend)
    by_model: dict[str, Run] = {}
    for run in own:
        if metric not in run.metrics:
            raise choose("metric", metric, list(run.metrics), str(run.location), "{}")
        key = model_key(run)
        if key in by_model:
            what = f"{run.record.model.name} has two runs for {axis}: {by_model[key].location} and {run.location}"
            raise UsageError(what, where="runs", mend="give one of them")
        by_model[key] = run
    return by_model


def model_key(run: Run) -> str:
    """Return what two runs of one model, with the same settings, have in common; predictions have no settings."""
    model = run.record.identity.model.stored
    parts = [model.get(key) for key in ("name", "fingerprint", "decoder_fingerprint", "settings")]
    return json.dumps(parts, sort_keys=True, default=str)


def _unlike(axis: str, runs: Sequence[Run]) -> list[str]:
    """Say what makes the runs of an axis unlike: other data, or times of other machines."""
    notes = []
    if len({(run.record.identity.data.fingerprint, run.record.identity.data.keys_sha256) for run in runs}) > 1:
        notes.append(f"{axis}: the runs are on different images")
    machines = {(run.record.environment.platform, run.record.environment.device) for run in runs}
    if axis.startswith("latency.") and len(machines) > 1:
        notes.append(f"{axis}: timed on different machines or devices")
    return notes


def _metric(run: Run, axis: str) -> Metric:
    return run.metrics[axis.partition(".")[2]]


def _value(metric: Metric) -> Value:
    """Turn a metric so that more is better."""
    sign = 1 if metric.higher_is_better else -1
    given = metric.ci95 is not None and metric.ci95[0] == metric.ci95[0]
    ends = metric.ci95 if given and metric.ci95 is not None else (metric.value, metric.value)
    low, high = sorted(sign * end for end in ends)
    return Value(sign * metric.value, low, high)
