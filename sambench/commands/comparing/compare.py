"""`sambench compare`: several runs, every two held against each other, and a ranking."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from sambench.commands.comparing.gate import COMPARISON, NOT_COMPARABLE
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import JSON, format_key, json_of, show
from sambench.commands.grammar.words import read
from sambench.files.progress import say
from sambench.gates.policy import CHANCE
from sambench.tables.render import FORMATS


def main(words: list[str]) -> int:
    """Compare runs, print the tables and write them."""
    from sambench.api.calls import compare
    from sambench.pages.report.comparison import render_comparison, write_comparison
    from sambench.tables.render import as_file

    values = read(COMPARE, words)
    result = compare(
        values["runs"],
        metrics=values["metrics"],
        alpha=values["alpha"],
        compare=values["compare"],
        samples=values["samples"],
        replicates=values["replicates"],
        seed=values["seed"],
    )
    form = values["format"]
    if form == JSON:
        print(json_of({"exit_code": result.exit_code, **asdict(result)}))
    else:
        text = render_comparison(result, form)
        show((text if result.forbidding else as_file(text, form)).removesuffix("\n"), form)
    if values["out"] is not None:
        written = write_comparison(result, Path(values["out"]))
        say(f"written: {' '.join(map(str, written))}")
    return result.exit_code


COMPARE = Command(
    name="compare",
    summary="every two of several checkpoints, and a ranking",
    main=main,
    about="""\
Holds every two of several finished runs of one task against each other, image by image: the difference of each metric
with its interval, and whether the first is better or worse, or that they cannot be told apart. Intervals are
simultaneous: all of them, over pairs and metrics, hold together with a chance of 1 - alpha. The ranking says of each
metric who can be told apart from the best, and which ranks of a run are possible.

Runs of other switches, data or samples are not compared, as in `sambench gate`.""",
    keys=(
        Key(
            "runs",
            "run folders or frozen baselines, two or more; they are called A, B, C in this order",
            list[str],
            example="[A,B,C,...]",
            required=True,
            path="url",
        ),
        Key(
            "metrics",
            "names or patterns, as ods or AR*; by default those that the default policy of `gate` judges. Fewer "
            "metrics, chosen before looking, make narrower intervals",
            list[str],
            example="[NAME,...]",
        ),
        Key("alpha", "chance that any of the intervals misses its true difference", Annotated[float, CHANCE], 0.05),
        format_key(tuple(FORMATS), "md"),
        Key(
            "out",
            "writes compare.md, .tex, .html, ranking.csv, pairs.csv and the figure",
            str | None,
            example="FOLDER",
            path="local",
        ),
        *COMPARISON,
    ),
    exit_codes={3: NOT_COMPARABLE},
    result="verdicts:CompareResultTold",
    examples=(
        "sambench compare runs=[results/edges/a,results/edges/b,results/edges/c]",
        "sambench compare runs=[results/edges/a,results/edges/b] metrics=[ods,ap] alpha=0.01 out=compared",
        "sambench compare runs=[results/edges/a,results/edges/b] compare=task.nms_iou format=csv",
    ),
)
