"""`sambench gate`: a verdict on two checkpoints from stored runs, and `gate freeze`: a small baseline file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from sambench.commands.words import as_list, checked, parse
from sambench.config.ranges import RESAMPLES, SHARED
from sambench.config.spelling import choose
from sambench.errors import UsageError

HELP = """\
sambench gate baseline=RUN candidate=RUN [policy=default] [format=text] [out=FOLDER]
              [compare=[task.SWITCH,...]] [samples=same|common] [replicates=2000] [seed=0]
sambench gate freeze RUN [out=FILE.baseline]

Compares stored runs of one task on one set of data, image by image: every metric with its difference and its interval
(95 % together over the metrics), which decides the verdict, a p value and the smallest drop that could have been told.
RUN is a run folder; a baseline may be a file made by `gate freeze`, small enough for a repository; several runs a side,
[A,B], are averaged.

exit code:
  0  no regression
  1  a regression: told by the interval, and beyond the policy's margin; or below a floor; or no improvement as asked
  2  wrong usage or bad input
  3  not comparable: switches, data or samples differ; what differs is shown, with the word that lets it pass

baseline=, candidate=   the runs; the only keys that have no default
policy=   a YAML file, or a name in configs/gate: alpha, power, margin, judged, metrics (margin, floor, ...)
compare=  switches that may differ, as task.nms_iou or task.nms_*; samples=common compares the samples both have
replicates=, seed=   resamples behind the intervals, and their seed
format=   text, json, junit, md or html; out=FOLDER writes all of them as gate.txt, .json, .xml, .md and .html

examples:
  sambench gate baseline=results/edges/a candidate=results/edges/b
  sambench gate baseline=tests/edges.baseline candidate=results/edges/b policy=gate.yaml out=gate
  sambench gate baseline=results/edges/a candidate=results/edges/c compare=task.nms_iou
  sambench gate freeze results/edges/a out=tests/edges.baseline
"""

FREEZE = """\
sambench gate freeze RUN [out=NAME.baseline]

Writes what a gate needs of a finished run (its record and rows, without predictions and pictures) into one small file
that can be committed and given as baseline=. RUN is a run folder, or a frozen baseline. What the run was made of stays
in the file, so that a candidate with other switches, data or images is still refused.

  out=FILE    the file; by default the run folder's name and .baseline, here

examples:
  sambench gate freeze results/edges/mini-hierarchy-1a2b3c4d out=tests/edges.baseline
  sambench gate baseline=tests/edges.baseline candidate=results/edges/new
"""


def page(words: Sequence[str]) -> str:
    """Return the page of the gate, or of `gate freeze`."""
    return FREEZE if words[:1] == ["freeze"] else HELP


_TAKES: dict[str, Any] = {
    "replicates": Annotated[int, RESAMPLES],
    "seed": Annotated[int, SHARED["seed"]],
    "policy": str,
    "out": str | None,
}

LIMIT = 1 << 20
"""Bytes a frozen baseline should stay below."""


def main(words: list[str]) -> int:
    """Compare runs, or freeze one."""
    if not words:
        print(HELP)
        return 2
    if words[0] == "freeze":
        return _freeze(words[1:])
    from sambench.api import gate
    from sambench.files.atomic import write_text
    from sambench.gates.render import FORMATS, render_gate
    from sambench.metrics.bootstrap import REPLICATES

    defaults: dict[str, Any] = {"baseline": None, "candidate": None, "policy": "default", "format": "text", "out": None}
    defaults |= {"compare": None, "samples": "same", "replicates": REPLICATES, "seed": 0}
    values = checked(parse(words, defaults, "gate"), _TAKES)
    _check(values["format"], FORMATS, "format")
    result = gate(
        as_list(values["baseline"]),
        as_list(values["candidate"]),
        values["policy"],
        compare=as_list(values["compare"]),
        samples=values["samples"],
        replicates=values["replicates"],
        seed=values["seed"],
    )
    print(render_gate(result, values["format"]), end="")
    if values["out"] is not None:
        for form, ending in FORMATS.items():
            write_text(Path(values["out"]) / f"gate.{ending}", render_gate(result, form))
        print(f"written: {Path(values['out']) / 'gate'}.{{{','.join(FORMATS.values())}}}", file=sys.stderr)
    return result.exit_code


def _freeze(words: list[str]) -> int:
    """Write a run as a baseline file."""
    if not words or "=" in words[0] or words[0].startswith("-"):
        raise UsageError("no run was given", where="sambench gate freeze", mend="sambench gate freeze RUN")
    from sambench.gates.baseline import ENDING
    from sambench.gates.compare import freeze

    out = parse(words[1:], {"out": None}, "gate freeze RUN")["out"]
    path = Path(str(out)) if out is not None else Path(Path(words[0]).resolve().name + ENDING)
    size = freeze(words[0], path)
    print(f"{path}: {size / 1024:.0f} KiB")
    if size > LIMIT:
        print("this is more than 1 MiB; think twice before committing it", file=sys.stderr)
    return 0


def _check(value: object, known: object, key: str) -> None:
    choices = list(known)  # type: ignore[call-overload]
    if value not in choices:
        raise choose(key, value, choices, key, f"{key}={{}}")
