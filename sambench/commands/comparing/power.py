"""`sambench power`: how many images a gate needs, from a pilot's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from sambench.commands.comparing.gate import COMPARISON, POLICY
from sambench.commands.grammar.declaration import Command, Key, keys_like
from sambench.commands.grammar.output import FORMAT, JSON, show
from sambench.commands.grammar.words import read
from sambench.config import registry
from sambench.config.ranges import Range
from sambench.config.spelling import matching
from sambench.errors import UsageError
from sambench.gates.policy import CHANCE

if TYPE_CHECKING:
    from sambench.gates.power import PowerPlan
    from sambench.metrics.power import Need


def main(words: list[str]) -> int:
    """Print how many images a gate needs."""
    from sambench.gates.policy import load_policy
    from sambench.gates.power import plan_gate
    from sambench.gates.sides import open_side

    values = read(POWER, words)
    sides = [open_side(path) for path in values["pilot"]]
    for side in sides:
        own = side.record.task_name
        if values["task"] not in (None, own):
            raise UsageError(f"the pilot is a run of task {own}", where=side.path, mend=f"use task={own}")
    plan = plan_gate(
        sides,
        load_policy(values["policy"]),
        values["effect"],
        values["power"],
        replicates=values["replicates"],
        seed=values["seed"],
        policy_name=values["policy"],
    )
    shown = chosen(plan, values["metric"])
    if values["format"] == JSON:
        print(_json(plan, shown))
    else:
        show(_text(plan, shown))
    return 0


def chosen(plan: PowerPlan, patterns: Sequence[str]) -> list[Need]:
    """Return the metrics that are asked for; all where none is.

    Raises:
        UsageError: A pattern fits none.
    """
    names = [one.metric for one in plan.needs]
    kept = matching(patterns, names, "the judged metrics", "metric", ", or a policy= that judges it") or names
    return [one for one in plan.needs if one.metric in kept]


def _text(plan: PowerPlan, shown: Sequence[Need]) -> str:
    from sambench.gates.cells import number
    from sambench.tables.folding import folded_text, terminal_width

    heads = ("metric", f"detectable with {plan.images} images", "images needed", "")
    rows = [
        (
            one.metric,
            number(one.detectable),
            "" if one.images is None else f"{one.images:,}",
            one.reason,
        )
        for one in shown
    ]
    table = folded_text(heads, rows, ("left", "right", "right", "left"), ("",), terminal_width())
    spread = (
        "differences spread as those of the pilot's two runs"
        if plan.paired
        else "one run does not tell how differences spread: taken as if two runs had nothing in common, an upper bound;"
        " pilot=[RUN,OTHER] tells"
    )
    lines = [f"images for a drop of {plan.effect:g} to be called a regression with power {plan.power:g}"]
    lines += [f"({plan.task}, {plan.data}; alpha {plan.alpha:g} over {len(plan.needs)} judged metrics)", ""]
    return "\n".join([*lines, *(f"pilot: {path}" for path in plan.pilot), spread, "", table])


def _json(plan: PowerPlan, shown: Sequence[Need]) -> str:
    import json
    from dataclasses import asdict

    from sambench.files.atomic import finite

    return json.dumps(finite({**asdict(plan), "needs": [asdict(one) for one in shown]}), indent=2, ensure_ascii=False)


POWER = Command(
    name="power",
    summary="how many images a gate needs to see such a drop",
    main=main,
    about="""\
Says for each metric that a gate judges how many images it takes to call a true drop of a wanted size a regression, if
they are like those of a pilot: finished runs, some 30 images or more.

How far the difference of two checkpoints moves with the images is in two runs over the same images, pilot=[RUN,OTHER]:
give checkpoints that differ as those that the gate is to compare. With one run only, the two are taken to have nothing
in common, which asks for more images than a gate needs as a rule.""",
    keys=(
        Key(
            "pilot",
            "a run folder or a frozen baseline, or two of them",
            list[str],
            example="RUN",
            required=True,
            path="url",
        ),
        Key(
            "effect",
            "the drop that is to be seen, in the metric's own unit",
            Annotated[float, Range(0, 1e9, above=True)],
            example="0.01",
            required=True,
        ),
        Key("power", "wanted chance that the drop is called a regression", Annotated[float, CHANCE], 0.8),
        Key(
            "task",
            "refuses a pilot of another task",
            str | None,
            example="NAME",
            names=lambda: registry.options("task"),
        ),
        Key(
            "metric",
            "names or patterns of the metrics that are shown; the correction stays that of all judged ones",
            list[str],
            example="[NAME,...]",
        ),
        POLICY,
        FORMAT,
        *keys_like(COMPARISON, ("replicates", "seed")),
    ),
    result="verdicts:PowerResult",
    examples=(
        "sambench power pilot=results/edges/a effect=0.01",
        "sambench power task=edges pilot=[results/edges/a,results/edges/b] effect=0.005 power=0.9 metric=ods",
    ),
)
