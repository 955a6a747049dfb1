"""What a comparison of several runs found: pair by pair, and a ranking of each metric with its bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from sambench.gates.comparable import Difference
from sambench.gates.result import CANNOT_TELL, NOT_COMPARABLE
from sambench.metrics.simultaneous import Pair

if TYPE_CHECKING:
    import pandas as pd

BETTER, WORSE = "better", "worse"
BEST, WITH_BEST, BEHIND, UNDEFINED = "best", "not told from the best", "behind the best", "undefined"


@dataclass(frozen=True)
class RankedRun:
    """One of the runs: the letter it is called by, its path and what it is called."""

    label: str
    path: str
    model: str


@dataclass(frozen=True)
class PairFound:
    """One metric of two runs.

    Attributes:
        metric: The metric.
        first, second: Labels of the runs.
        difference: First less second.
        interval: Low and high end, simultaneous over all pairs and metrics; NaN where too few images carry the metric.
        p: Smallest alpha at which the interval leaves out 0 on the side of the difference.
        support: Images that carry the metric in both.
        verdict: What the first is, held against the second: "better", "worse" or "cannot tell".
    """

    metric: str
    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    p: float
    support: int
    verdict: str


@dataclass(frozen=True)
class Standing:
    """A run's place in the ranking of a metric.

    Attributes:
        metric: The metric.
        run: Label of the run.
        value: Its value.
        rank: From 1, by value.
        ranks: Best and worst rank that the pairs leave possible: 1 and those told to be better, R less those told to be
            worse. They hold for all runs and metrics together with a probability of 1 - alpha.
        told: "best" (the largest value, or smallest), "not told from the best", "behind the best", or "undefined".
    """

    metric: str
    run: str
    value: float
    rank: int
    ranks: tuple[int, int]
    told: str


@dataclass(frozen=True, repr=False)
class CompareResult:
    """The outcome of a comparison. `.frame()` has a row a pair, `.ranking_frame()` a row a run, of each metric.

    Attributes:
        task: Name of the task.
        data: The data's name and split.
        runs: The runs, in the order given.
        samples: Images compared.
        replicates: Number of resamples.
        alpha: Chance that any interval misses its true difference.
        forbidding: Label of a run and how it differs from the first where that forbids the comparison; nothing else is
            filled then.
        told: The same of differences that are only told.
        pairs: Each metric of every two runs.
        ranking: Each metric of every run, the best first.
        uncompared: Metric that not all runs have -> labels of the runs that have it.
    """

    task: str
    data: str
    runs: list[RankedRun]
    samples: int
    replicates: int
    alpha: float
    forbidding: list[tuple[str, Difference]]
    told: list[tuple[str, Difference]]
    pairs: list[PairFound] = field(default_factory=list)
    ranking: list[Standing] = field(default_factory=list)
    uncompared: dict[str, list[str]] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or 3 where the runs are not comparable."""
        return 3 if self.forbidding else 0

    @property
    def metrics(self) -> list[str]:
        """The metrics that were compared."""
        return list(dict.fromkeys(one.metric for one in self.pairs))

    def frame(self) -> pd.DataFrame:
        """Return one row a pair and metric: difference, interval, p, support and verdict of the first run."""
        columns = ["metric", "first", "second", "difference", "low", "high", "p", "support", "verdict"]
        rows = [
            (one.metric, one.first, one.second, one.difference, *one.interval, one.p, one.support, one.verdict)
            for one in self.pairs
        ]
        return pd.DataFrame(rows, columns=columns)

    def ranking_frame(self) -> pd.DataFrame:
        """Return one row a run and metric: rank, run, value, the ranks that are possible, and how it stands."""
        columns = ["metric", "rank", "run", "value", "rank_low", "rank_high", "told"]
        rows = [(one.metric, one.rank, one.run, one.value, *one.ranks, one.told) for one in self.ranking]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        apart = sum(one.verdict != CANNOT_TELL for one in self.pairs)
        text = NOT_COMPARABLE if self.forbidding else f"{apart} of {len(self.pairs)} pairs told apart"
        return f"<CompareResult {text} ({len(self.runs)} runs, {self.task}, {self.data}, {self.samples} images)>"


def judge_pairs(pairs: Sequence[Pair], labels: Sequence[str], higher_is_better: Mapping[str, bool]) -> list[PairFound]:
    """Say which run of each pair is better, where the printed interval leaves out zero."""
    verdicts = []
    for one in pairs:
        low, high = one.interval if higher_is_better[one.metric] else (-one.interval[1], -one.interval[0])
        verdict = BETTER if low > 0 else WORSE if high < 0 else CANNOT_TELL
        ends = labels[one.first], labels[one.second]
        verdicts.append(PairFound(one.metric, *ends, one.difference, one.interval, one.p, one.support, verdict))
    return verdicts


def rank_runs(
    values: Sequence[Mapping[str, float]],
    pairs: Sequence[PairFound],
    labels: Sequence[str],
    higher_is_better: Mapping[str, bool],
) -> list[Standing]:
    """Rank the runs of each metric by value and say which ranks the pairs leave possible.

    Args:
        values: Metric -> value, of each run.
        pairs: Judged pairs.
        labels: Of the runs.
        higher_is_better: Metric -> its direction.
    """
    standings = []
    for metric in dict.fromkeys(one.metric for one in pairs):
        own = {label: side[metric] for label, side in zip(labels, values, strict=True)}
        order = _best_first(own, higher_is_better[metric])
        judged = [one for one in pairs if one.metric == metric]
        behind = {(one.first, one.second) for one in judged if one.verdict == WORSE}
        behind |= {(one.second, one.first) for one in judged if one.verdict == BETTER}
        for index, label in enumerate(order):
            ranks = 1 + sum(one == label for one, _ in behind), len(own) - sum(other == label for _, other in behind)
            standing = BEHIND if (label, order[0]) in behind else WITH_BEST if index else BEST
            standing = standing if own[label] == own[label] else UNDEFINED
            standings.append(Standing(metric, label, own[label], index + 1, ranks, standing))
    return standings


def _best_first(values: Mapping[str, float], higher_is_better: bool) -> list[str]:
    """Sort labels by value; undefined ones stand last, equal ones in the order given."""
    defined = [label for label, value in values.items() if value == value]
    ordered = sorted(defined, key=lambda label: -values[label] if higher_is_better else values[label])
    return ordered + [label for label in values if label not in defined]
