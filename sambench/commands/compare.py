"""`sambench compare`: several runs, every two held against each other, and a ranking."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from sambench.commands.words import as_list, checked, parse
from sambench.config.ranges import RESAMPLES, SHARED
from sambench.gates.policy import CHANCE

HELP = """\
sambench compare runs=[A,B,C,...] [metrics=[NAME,...]] [alpha=0.05] [format=md] [out=FOLDER]
                 [compare=[task.SWITCH,...]] [samples=same|common] [replicates=2000] [seed=0]

Holds every two of several finished runs of one task against each other, image by image: the difference of each metric
with its interval, and whether the first is better or worse, or that they cannot be told apart. Intervals are
simultaneous: all of them, over pairs and metrics, hold together with a chance of 1 - alpha. The ranking says of each
metric who can be told apart from the best, and which ranks of a run are possible.

Runs of other switches, data or samples are not compared, as in `sambench gate`: what differs is shown, with the word
that lets it pass, and the exit code is 3.

runs=     run folders or frozen baselines, two or more; they are called A, B, C in this order
metrics=  names or patterns, as ods or AR*; by default those that the default policy of `gate` judges. Fewer metrics,
          chosen before looking, make narrower intervals
compare=  switches that may differ, as task.nms_iou or task.nms_*; samples=common compares the samples that all have
format=   md, csv, latex or html; out=FOLDER writes compare.md, .tex, .html, ranking.csv, pairs.csv and the figure

examples:
  sambench compare runs=[results/edges/a,results/edges/b,results/edges/c]
  sambench compare runs=[results/edges/a,results/edges/b] metrics=[ods,ap] alpha=0.01 out=compared
  sambench compare runs=[results/edges/a,results/edges/b] compare=task.nms_iou format=csv
"""

_TAKES: dict[str, Any] = {
    "alpha": Annotated[float, CHANCE],
    "replicates": Annotated[int, RESAMPLES],
    "seed": Annotated[int, SHARED["seed"]],
    "out": str | None,
}


def main(words: list[str]) -> int:
    """Compare runs, print the tables and write them."""
    if not words:
        print(HELP)
        return 2
    from sambench.api import compare
    from sambench.metrics.bootstrap import REPLICATES
    from sambench.report.comparison import render_comparison, write_comparison
    from sambench.tables.render import as_file, check_format

    defaults: dict[str, Any] = {"runs": None, "metrics": None, "alpha": 0.05, "format": "md", "out": None}
    defaults |= {"compare": None, "samples": "same", "replicates": REPLICATES, "seed": 0}
    values = checked(parse(words, defaults, "compare"), _TAKES)
    check_format(values["format"])
    result = compare(
        as_list(values["runs"]),
        metrics=as_list(values["metrics"]),
        alpha=values["alpha"],
        compare=as_list(values["compare"]),
        samples=values["samples"],
        replicates=values["replicates"],
        seed=values["seed"],
    )
    text = render_comparison(result, values["format"])
    print(text if result.forbidding else as_file(text, values["format"]), end="")
    if values["out"] is not None:
        written = write_comparison(result, Path(values["out"]))
        print(f"written: {' '.join(map(str, written))}", file=sys.stderr)
    return result.exit_code
