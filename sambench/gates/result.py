"""What a gate found: metric by metric, the images that changed most, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from sambench.gates.comparable import Difference
from sambench.gates.policy import INTERVAL, VALUE, Policy, Rule
from sambench.metrics.paired import Comparison

if TYPE_CHECKING:
    import pandas as pd

OK, IMPROVED, REGRESSION, BELOW_FLOOR, NOT_IMPROVED = "ok", "improved", "regression", "below floor", "not improved"
CANNOT_TELL = "cannot tell"
FAILING = (REGRESSION, BELOW_FLOOR, NOT_IMPROVED)

NOT_COMPARABLE = "not comparable"
_VERDICTS = {0: "no regression", 1: REGRESSION, 3: CANNOT_TELL}
COLUMNS = ["metric", "baseline", "candidate", "difference", "low", "high", "level", "p", "detectable"]
COLUMNS += ["support", "judged", "verdict"]


@dataclass(frozen=True)
class Judgement:
    """What was found of one metric.

    Attributes:
        found: The comparison.
        rule: What was asked of it.
        judged: Whether it decides.
        verdict: "ok", "improved", "regression", "below floor", "not improved" or "cannot tell".
        support: Images that carry the metric on both sides.
        asked: Whether the user's own policy asks for this metric by its name.
        few_runs: Whether it cannot be told because the runs are too few to tell how far they spread.
        few_sets: Whether it cannot be told because data sets that are averaged hold too few images each.
        candidate_interval: 95 % interval of the candidate's value, where the policy holds it against a floor.
        why: Why else it cannot be told; empty where nothing else stands in the way.
    """

    found: Comparison
    rule: Rule
    judged: bool
    verdict: str
    support: int
    asked: bool = False
    few_runs: bool = False
    few_sets: bool = False
    candidate_interval: tuple[float, float] | None = None
    why: str = ""

    @property
    def undefined(self) -> bool:
        """Whether neither side has a value, so that there is nothing to tell."""
        return math.isnan(self.found.baseline) and math.isnan(self.found.candidate)

    @property
    def p(self) -> float:
        """The p value of the verdict's own direction: of a gain where it improved or had to, else of a drop."""
        return self.found.p_gain if self.verdict in (IMPROVED, NOT_IMPROVED) else self.found.p_drop

    @property
    def within_margin(self) -> bool:
        """Whether the interval shows a drop, but one no larger than the policy lets pass."""
        return self.verdict in (OK, NOT_IMPROVED) and _sides_of_zero(self.found)[0]


@dataclass(frozen=True)
class Flip:
    """An image that went better or worse: its quality as the task ranks images, before and after."""

    sample_id: str
    baseline: float
    candidate: float


@dataclass(frozen=True, repr=False)
class GateResult:
    """The outcome of a gate. `.verdict` and `.exit_code` say it in one word, `.frame()` metric by metric.

    Attributes:
        task: Name of the task.
        data: The data's name and split.
        baseline, candidate: Paths of the runs on either side.
        samples: Images compared.
        left_out: Images that only the baseline or only the candidate has.
        replicates: Number of resamples.
        alpha, power: Of the policy.
        forbidding: Differences that forbid the comparison; nothing else is filled then.
        told: Differences the comparison is about, or that are only told.
        judgements: Metric by metric.
        uncompared: Metrics that only the baseline or only the candidate has.
        worse, better: The images that fell and rose most.
        called: What the baseline's runs, and the candidate's, are called.
    """

    task: str
    data: str
    baseline: list[str]
    candidate: list[str]
    samples: int
    left_out: tuple[int, int]
    replicates: int
    alpha: float
    power: float
    forbidding: list[Difference]
    told: list[Difference]
    judgements: list[Judgement] = field(default_factory=list)
    uncompared: tuple[list[str], list[str]] = ([], [])
    worse: list[Flip] = field(default_factory=list)
    better: list[Flip] = field(default_factory=list)
    called: tuple[list[str], list[str]] = ([], [])

    @property
    def exit_code(self) -> int:
        """0 no regression; 1 regression; 3 not comparable, or nothing, or not what was asked by name, can be told."""
        if self.forbidding:
            return 3
        judged = [one for one in self.judgements if one.judged]
        if self.failing:
            return 1
        return 3 * int(len(self.untold) == len(judged) or any(one.asked for one in self.untold))

    @property
    def verdict(self) -> str:
        """What the runs come to: "no regression", "regression", "cannot tell" or "not comparable".

        Where nothing fell, but a metric is below its floor or did not improve as asked, it is the graver of these.
        """
        if self.exit_code == 1:
            return next(kind for kind in FAILING if any(one.verdict == kind for one in self.failing))
        return NOT_COMPARABLE if self.forbidding else _VERDICTS[self.exit_code]

    @property
    def failing(self) -> list[Judgement]:
        """Judged metrics that make the verdict a regression."""
        return [one for one in self.judgements if one.judged and one.verdict in FAILING]

    @property
    def untold(self) -> list[Judgement]:
        """Judged metrics that too few images carry."""
        return [one for one in self.judgements if one.judged and one.verdict == CANNOT_TELL]

    def frame(self) -> pd.DataFrame:
        """Return one row a metric: its values, difference, interval and its level, p, detectable drop and verdict.

        Numbers are in the metric's own unit, NaN where undefined or not told. Where the runs are not comparable there
        is no row; `.forbidding` says why.
        """
        return pd.DataFrame([_record(one) for one in self.judgements], columns=COLUMNS)

    def __repr__(self) -> str:
        names = f": {', '.join(one.found.name for one in self.failing)}" if self.failing else ""
        return f"<GateResult {self.verdict}{names} ({self.task}, {self.data}, {self.samples} images)>"


def judge(
    comparison: Comparison,
    policy: Policy,
    judged: bool,
    support: int,
    asked: bool = False,
    few_runs: bool = False,
    few_sets: bool = False,
    candidate_interval: tuple[float, float] | None = None,
    why: str = "",
) -> Judgement:
    """Hold one comparison against the policy.

    A drop or a gain is told where the printed interval lies beyond 0. Below `ENOUGH` images there is none, and the
    comparison keeps its values alone.

    Args:
        comparison: The comparison.
        policy: What is let pass.
        judged: Whether the metric decides.
        support: Images that carry it on both sides.
        asked: Whether the user's own policy asks for it by name.
        few_runs: Whether the runs are too few to tell how far they spread.
        few_sets: Whether the images that carry it lie too few in their data sets.
        candidate_interval: 95 % interval of the candidate's value, where the rule's floor is held against it.
        why: Why the task gives the metric no interval.
    """
    rule = policy.rule(comparison.name)
    sign = 1 if comparison.higher_is_better else -1
    lost = math.isnan(comparison.candidate) and not math.isnan(comparison.baseline)
    gained = math.isnan(comparison.baseline) and not math.isnan(comparison.candidate)
    few = math.isnan(comparison.interval[0]) and not lost and not gained
    if few:
        nan = math.nan
        comparison = replace(comparison, interval=(nan, nan), p_drop=nan, p_gain=nan, detectable=nan)
    dropped, risen = _sides_of_zero(comparison)
    improved = sign * comparison.difference > 0 if rule.must_improve_by == VALUE else risen
    unsure = rule.floor is not None and rule.floor_by == INTERVAL and math.isnan((candidate_interval or (math.nan,))[0])
    if lost or (dropped and -sign * comparison.difference > rule.margin):
        verdict = REGRESSION
    elif _below(comparison, rule, candidate_interval):
        verdict = BELOW_FLOOR
    elif unsure or (few and not (rule.must_improve and rule.must_improve_by == VALUE)):
        verdict = CANNOT_TELL
    elif risen:
        verdict = IMPROVED
    else:
        verdict = NOT_IMPROVED if rule.must_improve and not improved else OK
    untold = verdict == CANNOT_TELL
    few_runs, few_sets, why = untold and few_runs, untold and few_sets, why if untold else ""
    return Judgement(comparison, rule, judged, verdict, support, asked, few_runs, few_sets, candidate_interval, why)


def _sides_of_zero(comparison: Comparison) -> tuple[bool, bool]:
    """Tell whether the printed interval lies on the worse side of 0, and on the better one."""
    low, high = comparison.interval
    return (high < 0, low > 0) if comparison.higher_is_better else (low > 0, high < 0)


def _below(comparison: Comparison, rule: Rule, interval: tuple[float, float] | None) -> bool:
    """Tell whether the candidate is worse than the floor: its value, or the worse end of its interval."""
    if rule.floor is None:
        return False
    if rule.floor_by == INTERVAL and interval is not None and not math.isnan(interval[0]):
        return interval[0] < rule.floor if comparison.higher_is_better else interval[1] > rule.floor
    if comparison.higher_is_better:
        return not comparison.candidate >= rule.floor
    return not comparison.candidate <= rule.floor


def _record(one: Judgement) -> tuple[object, ...]:
    """Return a judgement's row of `GateResult.frame`, in the order of `COLUMNS`."""
    comparison = one.found
    values = (
        comparison.name,
        comparison.baseline,
        comparison.candidate,
        comparison.difference,
        *comparison.interval,
        comparison.level,
        one.p,
    )
    return (*values, comparison.detectable, one.support, one.judged, one.verdict)
