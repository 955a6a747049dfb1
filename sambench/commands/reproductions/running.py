"""A reproduction run, or found again, and what came of each published number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sambench.commands.reproductions.catalogue import Reproduction
from sambench.commands.reproductions.inputs import missing
from sambench.config.compose import compose
from sambench.engine.launch import launch
from sambench.errors import SambenchError, UsageError
from sambench.runs.run import Run

Verdict = Literal["within", "outside", "beside"]
"""Within its tolerance, outside it, or without a published recipe and so only beside it."""

SLACK = 1e-9
"""Added to tolerances, for differences of decimal fractions that are no differences."""


@dataclass(frozen=True)
class Figure:
    """One published number and the one made here.

    Attributes:
        metric: Its name.
        published: As its source prints it.
        value: As made here.
        ci95: Its 95 % interval, or None.
        verdict: What came of it.
    """

    metric: str
    published: str
    value: float
    ci95: tuple[float, float] | None
    verdict: Verdict

    @property
    def difference(self) -> float:
        """The number made here less the published one."""
        return self.value - float(self.published)


@dataclass(frozen=True)
class Outcome:
    """What came of one entry.

    Attributes:
        entry: The entry.
        missing: Input -> why it is not there; nothing is run then.
        figures: One a published number; empty where nothing was run.
        again: Whether the run had been finished before.
        error: What a run that failed said.
    """

    entry: Reproduction
    missing: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    again: bool = False
    error: str = ""


def reproduce(entry: Reproduction, root: Path | None, results: str, redo: bool = False) -> Outcome:
    """Run an entry whose inputs are there; a run that is finished, of the same inputs and version, is taken as it is.

    Args:
        entry: From the catalogue.
        root: The folder of inputs.
        results: Where run folders go.
        redo: Whether a finished run is run again.
    """
    lacking = missing(entry.inputs, root)
    if lacking:
        return Outcome(entry, lacking)
    try:
        words = [*entry.words(str(root))[1:], "illustrate=0"]
        made = launch(compose(words, {"run": {"results": results, "overwrite": redo}}))
        return Outcome(entry, {}, figures_of(entry, made.run), made.was_finished)
    except SambenchError as error:
        return Outcome(entry, error=" ".join(str(error).split()))


def figures_of(entry: Reproduction, run: Run) -> list[Figure]:
    """Hold a finished run against the published numbers.

    Raises:
        UsageError: The run has no such metric.
    """
    lacking = [name for name in entry.published if name not in run.metrics]
    if lacking:
        what = f"the run has no {', '.join(lacking)}; it has {', '.join(run.metrics)}"
        raise UsageError(what, where=entry.name, mend="name its metrics in `published`")
    figures = []
    for name, printed in entry.published.items():
        metric = run.metrics[name]
        verdict = judged(metric.value, float(printed), entry.tolerance) if entry.verdict else "beside"
        figures.append(Figure(name, printed, metric.value, metric.ci95, verdict))
    return figures


def judged(value: float, published: float, tolerance: float) -> Verdict:
    """Tell whether a number is the published one, within a tolerance; an undefined one is not."""
    near = math.isfinite(value) and abs(value - published) <= tolerance + SLACK
    return "within" if near else "outside"
