"""Two runs held against each other, as `sambench gate` does it, for the page."""

from __future__ import annotations

from typing import Any

from sambench.gates.comparable import COMMON, SAMPLES, Difference
from sambench.gates.compare import gate
from sambench.gates.policy import Policy
from sambench.gates.result import Judgement
from sambench.gates.sides import open_side
from sambench.pages.viewer.layers import plain
from sambench.runs.run import Run


def compared(baseline: Run, candidate: Run) -> dict[str, Any]:
    """Compare two runs image by image.

    Runs that differ in switches or in their samples alone are compared all the same, on the images that both have, and
    the page says in what they differ: people compare a sweep's runs. All else that `sambench gate` refuses is refused.

    Raises:
        SambenchError: A run is not finished, or cannot be compared for another reason than what it is.
    """
    sides = [open_side(run.url or run.folder) for run in (baseline, candidate)]
    result = gate(sides[:1], sides[1:], Policy())
    bent = [one for one in result.forbidding if _may_differ(one)]
    if bent and len(bent) == len(result.forbidding):
        switches = [one.key for one in bent if one.key.startswith(("task.", "predictions."))]
        common = any(one.mend == COMMON for one in bent)
        result = gate(sides[:1], sides[1:], Policy(), compare=switches, common=common)
    fields: dict[str, Any] = {
        "task": result.task,
        "data": result.data,
        "samples": result.samples,
        "alpha": result.alpha,
    }
    fields |= {"refused": [_difference(one) for one in result.forbidding]}
    fields |= {"bent": [_difference(one) for one in bent] if not result.forbidding else []}
    fields |= {"differs": [_difference(one) for one in result.told if one.key not in {other.key for other in bent}]}
    fields |= {"left_out": list(result.left_out), "uncompared": [list(one) for one in result.uncompared]}
    return {**fields, "verdict": result.verdict, "metrics": [_judged(one) for one in result.judgements]}


def _may_differ(one: Difference) -> bool:
    """Tell whether a difference is one of switches or of which samples were scored."""
    return one.mend == COMMON or one.key in SAMPLES or one.mend.startswith("compare=")


def _difference(one: Difference) -> dict[str, str]:
    return {"key": one.key, "baseline": str(one.baseline), "candidate": str(one.candidate), "mend": one.mend}


def _judged(one: Judgement) -> dict[str, Any]:
    comparison = one.found
    low, high = comparison.interval
    values = {"name": comparison.name, "baseline": plain(comparison.baseline), "candidate": plain(comparison.candidate)}
    values |= {"difference": plain(comparison.difference), "low": plain(low), "high": plain(high), "p": plain(one.p)}
    values |= {"detectable": plain(comparison.detectable), "support": one.support, "judged": one.judged}
    return {**values, "verdict": one.verdict, "up": comparison.higher_is_better}
