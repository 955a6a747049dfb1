"""Two runs held against each other, as `sambench gate` does it, for the page."""

from __future__ import annotations

from typing import Any

from sambench.gates.comparable import COMMON, SAMPLES, Difference
from sambench.gates.compare import gate
from sambench.gates.policy import Policy
from sambench.gates.result import Judgement
from sambench.gates.sides import open_side
from sambench.runs.run import Run
from sambench.viewer.layers import plain


def compared(baseline: Run, candidate: Run) -> dict[str, Any]:
    """Compare two runs image by image.

    Runs that differ in switches or in their samples alone are compared all the same, on the images that both have, and
    the page says in what they differ: people compare a sweep's runs. All else that `sambench gate` refuses is refused.

    Raises:
        SambenchError: A run is not finished, or cannot be compared for another reason than what it is.
    """
    sides = [open_side(run.url or run.folder) for run in (baseline, candidate)]
    found = gate(sides[:1], sides[1:], Policy())
    bent = [one for one in found.forbidding if _may_differ(one)]
    if bent and len(bent) == len(found.forbidding):
        switches = [one.key for one in bent if one.key.startswith(("task.", "predictions."))]
        common = any(one.mend == COMMON for one in bent)
        found = gate(sides[:1], sides[1:], Policy(), compare=switches, common=common)
    told: dict[str, Any] = {"task": found.task, "data": found.data, "samples": found.samples, "alpha": found.alpha}
    told |= {"refused": [_difference(one) for one in found.forbidding]}
    told |= {"bent": [_difference(one) for one in bent] if not found.forbidding else []}
    told |= {"differs": [_difference(one) for one in found.told if one.key not in {other.key for other in bent}]}
    told |= {"left_out": list(found.left_out), "uncompared": [list(one) for one in found.uncompared]}
    return {**told, "verdict": found.verdict, "metrics": [_judged(one) for one in found.judgements]}


def _may_differ(one: Difference) -> bool:
    """Tell whether a difference is one of switches or of which samples were scored."""
    return one.mend == COMMON or one.key in SAMPLES or one.mend.startswith("compare=")


def _difference(one: Difference) -> dict[str, str]:
    return {"key": one.key, "baseline": str(one.baseline), "candidate": str(one.candidate), "mend": one.mend}


def _judged(one: Judgement) -> dict[str, Any]:
    found = one.found
    low, high = found.interval
    values = {"name": found.name, "baseline": plain(found.baseline), "candidate": plain(found.candidate)}
    values |= {"difference": plain(found.difference), "low": plain(low), "high": plain(high), "p": plain(one.p)}
    values |= {"detectable": plain(found.detectable), "support": one.support, "judged": one.judged}
    return {**values, "verdict": one.verdict, "up": found.higher_is_better}
