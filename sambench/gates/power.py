"""Planning a gate: how many images it takes, from one run or two of a pilot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sambench.errors import UsageError
from sambench.gates.policy import Policy
from sambench.gates.sides import Side, alike, bounds_of, differences, sample_ids, task_of
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.intervals import ENOUGH
from sambench.metrics.power import Need, images_needed
from sambench.metrics.support import plain_name, support


@dataclass(frozen=True)
class PowerPlan:
    """What a gate on images like the pilot's takes.

    Attributes:
        task: Name of the task.
        data: The data's name and split.
        pilot: Paths of the pilot's runs.
        images: Images of the pilot.
        paired: Whether two runs tell how differences spread; with one run its own spread is taken twice, as if the runs
            were independent, which is more than runs over the same images have as a rule.
        effect, power, alpha: What was asked for, and the policy's chance of a false alarm.
        needs: Metric by metric.
    """

    task: str
    data: str
    pilot: list[str]
    images: int
    paired: bool
    effect: float
    power: float
    alpha: float
    needs: list[Need]


def plan_gate(
    sides: Sequence[Side],
    policy: Policy,
    effect: float,
    power: float,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    policy_name: str = "policy",
) -> PowerPlan:
    """Say how many images a gate needs to call a true drop of `effect` a regression.

    Args:
        sides: One run, or two over the same images.
        policy: Which metrics are judged together, the chance of a false alarm and the margins.
        effect: The drop, in the metrics' own unit.
        power: Wanted chance that it is called a regression.
        replicates, seed: Of the resampling.
        policy_name: For messages.

    Raises:
        UsageError: There are not one or two runs, two cannot be compared, or no metric can fall by so much.
    """
    if len(sides) not in (1, 2):
        raise UsageError(f"{len(sides)} runs given", where="pilot", mend="give pilot=RUN or pilot=[RUN,OTHER]")
    first = sides[0]
    if len(sides) == 2:
        forbidding, _ = differences([first], [sides[1]], (), False)
        if forbidding:
            told = "; ".join(map(str, forbidding))
            raise UsageError(f"the pilot's runs are not comparable: {told}", where="pilot", mend="give runs that are")
    task = task_of(first)
    sides = alike(sides)
    rows = [side.rows for side in sides]
    ids = list(sample_ids(rows[0]))
    strata = task.strata(rows[0], ids)
    weights = stratified_weights(strata, replicates, seed)
    # Resamples of another seed stand for a second run that has nothing in common with the first.
    others = weights if len(sides) == 2 else stratified_weights(strata, replicates, seed + len(set(strata)))
    draws = task.replicates(rows[0], ids, weights), task.replicates(rows[-1], ids, others)
    carried = [support(partial(task.replicates, own, ids), len(ids)) for own in rows]
    names = [name for name in draws[0] if name in draws[1]]
    policy.check_names(task.name, names, policy_name)
    judged = [name for name in names if policy.judges(task.name, name)]
    bounds = bounds_of(first)
    for name in judged:
        least, most = bounds.get(plain_name(name), (0, 1))
        if effect >= most - least:
            raise UsageError(
                f"effect is {effect:g}, but {name} goes from {least:g} to {most:g}",
                where="effect",
                mend="give the drop in the metric's own unit, as in effect=0.01",
            )
    needs = images_needed(
        {name: draws[1][name] - draws[0][name] for name in judged},
        {name: min(own[name] for own in carried) for name in judged},
        len(ids),
        effect,
        enough=ENOUGH,
        alpha=policy.alpha,
        power=power,
        margins={name: policy.rule(name).margin for name in judged},
    )
    data = first.record.identity.data
    return PowerPlan(
        task=task.name,
        data=f"{data.name} {data.split}",
        pilot=[str(side.path) for side in sides],
        images=len(ids),
        paired=len(sides) == 2,
        effect=effect,
        power=power,
        alpha=policy.alpha,
        needs=needs,
    )
