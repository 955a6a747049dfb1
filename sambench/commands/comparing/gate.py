"""`sambench gate`: a verdict on two checkpoints from stored runs, and `gate freeze`: a small baseline file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, show, tell
from sambench.commands.grammar.words import read
from sambench.config import registry
from sambench.config.ranges import RESAMPLES, SHARED
from sambench.errors import UsageError
from sambench.files.progress import say

LIMIT = 1 << 20
"""Bytes a frozen baseline should stay below."""


def main(words: list[str]) -> int:
    """Compare runs."""
    from sambench.api.calls import gate
    from sambench.files.atomic import write_text
    from sambench.gates.render import FORMATS, render_gate
    from sambench.tables.folding import terminal_width

    values = read(GATE, words)
    result = gate(
        values["baseline"],
        values["candidate"],
        values["policy"],
        compare=values["compare"],
        samples=values["samples"],
        replicates=values["replicates"],
        seed=values["seed"],
    )
    form = values["format"]
    show(render_gate(result, form, terminal_width()).removesuffix("\n"), form)
    if values["out"] is not None:
        for each, ending in FORMATS.items():
            write_text(Path(values["out"]) / f"gate.{ending}", render_gate(result, each))
        say(f"written: {Path(values['out']) / 'gate'}.{{{','.join(FORMATS.values())}}}")
    return result.exit_code


def _freeze(words: list[str]) -> int:
    """Write a run as a baseline file."""
    if not words or "=" in words[0] or words[0].startswith("-"):
        raise UsageError("no run was given", where="sambench gate freeze", mend="sambench gate freeze RUN")
    from sambench.gates.baseline import ENDING
    from sambench.gates.compare import freeze

    values = read(FREEZE, words[1:])
    out = values["out"]
    path = Path(out) if out is not None else Path(Path(words[0]).resolve().name + ENDING)
    size = freeze(words[0], path)
    tell(values["format"], {"file": str(path), "bytes": size}, f"{path}: {size / 1024:.0f} KiB")
    if size > LIMIT:
        print("this is more than 1 MiB; think twice before committing it", file=sys.stderr)
    return 0


FREEZE = Command(
    name="gate freeze",
    summary="what a gate needs of a run, in one small file for a repository",
    main=_freeze,
    argument="RUN",
    arguments="paths",
    about="""\
Writes what a gate needs of a finished run (its record and rows, without predictions and pictures) into one small file
that can be committed and given as baseline=. RUN is a run folder, or a frozen baseline. What the run was made of stays
in the file, so that a candidate with other switches, data or images is still refused.""",
    keys=(
        Key(
            "out",
            "the file (default: the run folder's name and .baseline, here)",
            str | None,
            example="FILE.baseline",
            path="local",
        ),
        FORMAT,
    ),
    result="tables:FileResult",
    examples=(
        "sambench gate freeze results/edges/mini-hierarchy-1a2b3c4d out=tests/edges.baseline",
        "sambench gate baseline=tests/edges.baseline candidate=results/edges/new",
    ),
)

COMPARISON = (
    Key(
        "compare",
        "switches that may differ, as task.nms_iou or task.nms_*",
        list[str],
        example="[task.SWITCH,...]",
    ),
    Key("samples", "common compares the samples that all have", str, "same", choices=("same", "common")),
    Key("replicates", "resamples of the images behind the intervals", Annotated[int, RESAMPLES], 2000),
    Key("seed", "of the resampling", Annotated[int, SHARED["seed"]], 0),
)
"""How runs are held against each other: keys that several commands have."""

POLICY = Key(
    "policy",
    "a YAML file, or a name in configs/gate: alpha, power, margin, judged, metrics (margin, floor, must_improve)",
    str,
    "default",
    names=lambda: registry.options("gate"),
)

NOT_COMPARABLE = (
    "not comparable: switches, data or samples differ; what differs is shown, with the word that lets it pass"
)

GATE = Command(
    name="gate",
    summary="a verdict on two checkpoints, image by image",
    main=main,
    about="""\
Compares stored runs of one task on one set of data, image by image: every metric with its difference and its interval
(95 % together over the metrics), which decides the verdict, a p value and the smallest drop that could have been told.
RUN is a run folder; a baseline may be a file made by `gate freeze`, small enough for a repository; several runs a side,
[A,B], are averaged.""",
    keys=(
        Key("baseline", "the run that is the measure", list[str], example="RUN", required=True, path="url"),
        Key("candidate", "the run that is judged", list[str], example="RUN", required=True, path="url"),
        POLICY,
        Key("format", "what is printed", str, "text", choices=("text", "json", "junit", "md", "html")),
        Key(
            "out",
            "writes all formats, as gate.txt, .json, .xml, .md and .html",
            str | None,
            example="FOLDER",
            path="local",
        ),
        *COMPARISON,
    ),
    result="verdicts:GateResultTold",
    exit_codes={
        0: "no regression",
        1: "a regression: told by the interval, and beyond the policy's margin; or below a floor; or no improvement as "
        "asked",
        3: NOT_COMPARABLE,
    },
    examples=(
        "sambench gate baseline=results/edges/a candidate=results/edges/b",
        "sambench gate baseline=tests/edges.baseline candidate=results/edges/b policy=gate.yaml out=gate",
        "sambench gate baseline=results/edges/a candidate=results/edges/c compare=task.nms_iou",
        "sambench gate freeze results/edges/a out=tests/edges.baseline",
    ),
    parts=(FREEZE,),
)
