"""The figures of task=latency from its rows, one a step and image (`tasks/latency.py`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NoReturn

import numpy as np

from sambench.errors import UsageError
from sambench.metrics.bootstrap import Resampling, bootstrap_intervals
from sambench.metrics.latency.times import PERCENTILES, amortisation, savings, weighted_percentiles
from sambench.metrics.uncertainty.support import Support
from sambench.types import Metric, Row

BUSY = 0.25
"""Processors that other processes may keep busy before a note says so."""


class LatencyRows(Resampling):
    """Rows of times. Runs at different moments are not compared: the machine is another one each time."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> NoReturn:
        """Refuse: a difference between two runs is the machine's as well as the model's.

        Raises:
            UsageError: Always; names the command that times two models in turn.
        """
        raise UsageError(
            "times of two moments are not compared, as what else the machine did would be part of the answer",
            where=f"task {self.name}",
            mend="time both models in turn: sambench latency baseline=NAME candidate=NAME",
        )

    def support(self, rows: Sequence[Row]) -> dict[str, Support]:
        """Return nothing: every image carries every time."""
        return {}


def latency_metrics(rows: Sequence[Row], seed: int) -> dict[str, Metric]:
    """Return all figures of a run.

    Args:
        rows: Of all images.
        seed: Of the resampling.
    """
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    series = _series(rows, ids)
    drawn = partial(_figures, series)
    whole = drawn(np.ones((1, len(ids)), np.int64))
    intervals = bootstrap_intervals(drawn, [""] * len(ids), seed=seed, bounds=dict.fromkeys(whole, (0.0, math.inf)))
    metrics = {
        name: Metric(
            float(value[0]),
            intervals[name],
            len(ids),
            higher_is_better=_unit(name) != "ms",
            unit=_unit(name),
        )
        for name, value in whole.items()
    }
    return {**metrics, **_of_model([row for row in rows if row["step"] == "model"])}


def step_name(step: str, number: int) -> str:
    """Name a step: with the number of prompts decoded at once, or of images encoded at once if above 1."""
    return f"{step}@{number}" if step == "decode" or number > 1 else step


def _series(rows: Sequence[Row], ids: Sequence[str]) -> dict[tuple[str, int], list[np.ndarray]]:
    """Return (step, number) -> the (R,) seconds of each of N images."""
    index_of = {key: index for index, key in enumerate(ids)}
    series: dict[tuple[str, int], list[np.ndarray]] = {}
    for row in rows:
        if row["step"] != "model":
            own = series.setdefault((row["step"], int(row["number"])), [np.empty(0)] * len(ids))
            own[index_of[row["sample_id"]]] = np.asarray(row["seconds"], np.float64)
    return series


def _figures(series: Mapping[tuple[str, int], Sequence[np.ndarray]], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures over weighted images (B, N): (B,) by name, times in ms."""
    figures: dict[str, np.ndarray] = {}
    median: dict[tuple[str, int], np.ndarray] = {}
    for (step, number), seconds in series.items():
        own = {percent: weighted_percentiles(seconds, weights, percent) for percent in PERCENTILES}
        median[step, number] = own[50]
        figures |= {f"{step_name(step, number)}_p{percent}": 1e3 * one for percent, one in own.items()}
        if step == "encode":
            figures[f"{step_name(step, number)}_rate"] = number / own[50]
    decode = {number: own for (step, number), own in median.items() if step == "decode"}
    if len(decode) > 1:
        call, prompt = amortisation(list(decode), np.stack(list(decode.values()), axis=1))
        figures |= {"decode_call": 1e3 * np.maximum(call, 0), "decode_prompt": 1e3 * np.maximum(prompt, 0)}
        figures |= {f"saving@{k}": own for k, own in savings(median["encode", 1], decode).items()}
    return figures


def _unit(name: str) -> str:
    if name.endswith("_rate"):
        return "images/s"
    return "times" if name.startswith("saving@") else "ms"


def _of_model(rows: Sequence[Row]) -> dict[str, Metric]:
    """Return memory, size, multiply-adds and what else the machine did, none of which has an interval."""
    n, last = len(rows), rows[-1]
    counted = {part: max(row["multiply_adds"][part] for row in rows) / 1e9 for part in ("encode", "decode")}
    less = partial(Metric, ci95=None, n=n, higher_is_better=False)
    metrics = {
        f"peak_{where}": less(max(row["peak_bytes"][where] for row in rows) / 1e6, unit="MB")
        for where in last["peak_bytes"]
    }
    metrics |= {f"parameters_{part}": less(count / 1e6, unit="M") for part, count in last["parameters"].items()}
    metrics |= {f"multiply_adds_{part}": less(count, unit="GMAC") for part, count in counted.items() if count}
    if (ratio := last.get("attention_ratio")) is not None:  # runs made before it was counted have none
        metrics["attention_ratio"] = less(ratio, unit="times")
    others = [row["others"] for row in rows if row["others"] is not None]
    if others:
        mean = float(np.mean(others))
        metrics["other_load"] = less(mean, unit="processors", note=load_note(mean))
    return metrics


def load_note(processors: float | None) -> str:
    """Say that other processes kept so many processors busy that times are too long; empty where they did not."""
    if processors is None or processors <= BUSY:
        return ""
    return f"other processes kept {processors:.1f} processors busy meanwhile: these times are too long"
