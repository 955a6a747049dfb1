"""What a gate found: metric by metric, the images that changed most, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from sambench.metrics.paired import Comparison
from sambench.runs.comparable import Difference
from sambench.runs.policy import Policy, Rule

OK, IMPROVED, REGRESSION, BELOW_FLOOR, NOT_IMPROVED = "ok", "improved", "regression", "below floor", "not improved"
FAILING = (REGRESSION, BELOW_FLOOR, NOT_IMPROVED)


@dataclass(frozen=True)
class Judgement:
    """What was found of one metric.

    Attributes:
        found: The comparison.
        rule: What was asked of it.
        judged: Whether it decides.
        verdict: "ok", "improved", "regression", "below floor" or "not improved".
    """

    found: Comparison
    rule: Rule
    judged: bool
    verdict: str


@dataclass(frozen=True)
class Flip:
    """An image that went better or worse: its quality as the task ranks images, before and after."""

    sample_id: str
    baseline: float
    candidate: float


@dataclass(frozen=True)
class GateResult:
    """The outcome of a gate.

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
        worse, better: The images that fell and rose most.
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
    worse: list[Flip] = field(default_factory=list)
    better: list[Flip] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regression, 3 not comparable."""
        if self.forbidding:
            return 3
        return int(any(one.judged and one.verdict in FAILING for one in self.judgements))


def judge(found: Comparison, policy: Policy, judged: bool) -> Judgement:
    """Hold one comparison against the policy; `judged` tells whether the metric decides."""
    rule = policy.rule(found.name)
    sign = 1 if found.higher_is_better else -1
    if found.p_corrected < policy.alpha and -sign * found.difference > rule.margin:
        verdict = REGRESSION
    elif rule.floor is not None and not sign * found.candidate >= sign * rule.floor:
        verdict = BELOW_FLOOR
    elif found.p_gain_corrected < policy.alpha and sign * found.difference > 0:
        verdict = IMPROVED
    else:
        verdict = NOT_IMPROVED if rule.must_improve else OK
    return Judgement(found, rule, judged, verdict)
