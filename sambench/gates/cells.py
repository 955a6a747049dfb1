"""How a gate's table is written and read: a metric's cells, which never say two things, and the sentences below."""

from __future__ import annotations

import math

from sambench.gates.result import GateResult, Judgement
from sambench.metrics.uncertainty.spread import ENOUGH

HEADS = ("metric", "baseline", "candidate", "difference", "interval", "p", "detectable", "verdict")


def cells(one: Judgement, result: GateResult) -> list[str]:
    """Return a metric's cells, in the order of `HEADS`."""
    comparison = one.found
    low, high = comparison.interval
    verdict = one.verdict if one.judged else "(shown)"
    resting = [f"{one.support} of {result.samples} images"] if one.support != result.samples else []
    resting += [f"{len(result.baseline)} and {len(result.candidate)} runs"] if one.few_runs else []
    resting += ["too few of a data set"] if one.few_sets else []
    resting += ["undefined"] if one.undefined else [one.why] if one.why else []
    resting += ["within the margin"] if one.within_margin else []
    if one.candidate_interval is not None:
        resting.append("candidate [{}, {}]".format(*(number(end) for end in one.candidate_interval)))
    return [
        comparison.name,
        number(comparison.baseline) or "undefined",
        number(comparison.candidate) or "undefined",
        "" if comparison.difference != comparison.difference else _signed(comparison.difference),
        "" if low != low else f"[{_signed(low)}, {_signed(high)}]",
        _chance(one.p, result.alpha),
        number(comparison.detectable),
        f"{verdict} ({', '.join(resting)})" if resting else verdict,
    ]


def carriers(one: Judgement, result: GateResult) -> str:
    """Say how many of the images carry a metric, or why else no verdict is possible."""
    if one.undefined:
        return "undefined on both sides"
    if one.few_runs:
        return f"{len(result.baseline)} and {len(result.candidate)} runs are too few to tell how far runs spread"
    if one.why:
        return one.why
    if one.few_sets:
        return "data sets that it averages hold too few images each"
    return f"carried by {one.support} of {result.samples} images"


def reading(result: GateResult) -> str:
    """Say how the table is read."""
    runs = len(result.baseline), len(result.candidate)
    several = (
        f"; values: means of {runs[0]} and {runs[1]} runs, whose spread is in the intervals" if sum(runs) > 2 else ""
    )
    return (
        f"{result.replicates} resamples of the images, the same on both sides; intervals: {_levels(result)}; a drop or"
        f" gain is told where the interval lies beyond 0; p: of a drop (of a gain where improved or asked for), from"
        f" the same intervals: at most {result.alpha:g} where they tell it; detectable: smallest drop told with power"
        f" {result.power:g}; (shown): not judged{several}"
    )


def _levels(result: GateResult) -> str:
    """Say how sure the printed intervals are, together and each."""
    parts = []
    for judged, word in ((True, "judged"), (False, "shown")):
        same = [one.found for one in result.judgements if one.judged == judged]
        own = [one for one in same if not math.isnan(one.interval[0])]
        if own:
            many = f" together over the {len(own)} {word} metrics, {100 * own[0].level:.1f} % each"
            parts.append(f"{100 * (1 - result.alpha):g} %{many if len(own) > 1 else ''}")
    return "; ".join(dict.fromkeys(parts)) or "none"


def takes(result: GateResult) -> list[str]:
    """Say how many images like these it takes to tell the judged metrics that too few of them carry."""
    return [
        f"{one.found.name}: of about {math.ceil(ENOUGH * result.samples / one.support):,} images like these the least"
        f" number of {ENOUGH} would carry it; `sambench power` says what a drop of a given size takes"
        for one in result.untold
        if 0 < one.support < ENOUGH
    ]


def number(value: float) -> str:
    """Write a value with four decimals; "none" is infinite, and nothing NaN."""
    return "" if value != value else "none" if value == math.inf else f"{value:.4f}"


def _signed(value: float) -> str:
    """Write a difference with four decimals, with more where those would hide on which side of 0 it lies."""
    return f"{value:+.1e}" if value and abs(value) < 5e-5 else f"{value:+.4f}"


def _chance(p: float, alpha: float) -> str:
    """Write a p value with four decimals, with more where those would hide whether it is at most alpha."""
    rounded = round(p, 4)
    hides = (rounded <= alpha) != (p <= alpha) or not rounded
    return "" if p != p else f"{p:.2g}" if hides and p <= alpha else f">{alpha:g}" if hides else f"{p:.4f}"
