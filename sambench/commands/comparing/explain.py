"""`sambench explain`: why a run's masks are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of
from sambench.commands.grammar.words import read
from sambench.config.ranges import Range
from sambench.errors import UsageError
from sambench.files.progress import say
from sambench.runs.open import load_run

if TYPE_CHECKING:
    from sambench.explain.objects import Choice, Objects
    from sambench.explain.page import Finding
    from sambench.runs.run import Run

WORST, SUSPECTS = 3, 50
"""Pictures that are drawn: of each part, and of likely label errors."""


def main(words: list[str]) -> int:
    """Explain a run, print what was found, and write it."""
    from sambench.explain.console import group_table, print_finding, write_finding
    from sambench.explain.objects import Choice, explain_objects

    named = EXPLAIN.key(words[0].partition("=")[0]) is None
    values = read(EXPLAIN, words[1:] if named else words)
    if values["count"] is None:
        values["count"] = SUSPECTS if values["find"] == "labels" else WORST
    choice = Choice(values["d"], values["clicks"], values["top"], values["images"])
    if not named or values["runs"] or values["find"] == "labels":
        return of_labels(words[0] if named else None, values, choice)
    runs = [load_run(location) for location in (words[0], values["against"]) if location is not None]
    if len(runs) == 2 and runs[0].folder.resolve() == runs[1].folder.resolve():
        raise UsageError("a run is held against itself", where="against", mend="give another run")
    if runs[0].record.task_name == "edges":
        return of_edges(runs, values)
    objects = [explain_objects(run, choice) for run in runs]
    finding = finding_of(objects, values["seed"])
    written = [] if values["out"] is None else write_finding(objects[0], finding, Path(values["out"]), values["count"])
    if values["format"] == JSON:
        lines = group_table(finding).to_dict("records")
        return print_json("parts", runs, list(finding.verdicts), lines, list(finding.notes), written)
    print_finding(finding)
    return tell_written(written)


def tell_written(written: list[Path]) -> int:
    """Name the files that were written before anything was printed: whoever reads the first lines alone loses none."""
    if written:
        say(f"written: {' '.join(map(str, written))}")
    return 0


def print_json(
    kind: str, runs: Sequence[Run], verdicts: list[str], lines: list[Any], notes: list[str], written: list[Path]
) -> int:
    """Print what was found as `ExplainResult`."""
    result = {
        "kind": kind,
        "runs": [run.location for run in runs],
        "verdicts": verdicts,
        "lines": lines,
        "notes": notes,
    }
    print(json_of({**result, "files": list(map(str, written))}))
    return 0


def of_labels(run: str | None, values: dict[str, Any], choice: Choice) -> int:
    """Find likely label errors with several runs."""
    from sambench.explain.labels import find_labels
    from sambench.explain.labels_output import print_labels, verdict, write_labels

    if run is not None:
        mend = f"name it in the list: runs=[{run},...]"
        raise UsageError("find=labels takes its runs as runs=[A,B,...]", where=run, mend=mend)
    if not values["runs"]:
        raise UsageError("no run was given", where="sambench explain", mend="give RUN, or runs=[A,B,...] find=labels")
    if values["find"] != "labels":
        mend = "add find=labels; one run is explained by its name alone"
        raise UsageError("several runs are explained together only for their labels", where="runs", mend=mend)
    for key in ("against", "d"):
        if values[key] is not None:
            raise UsageError(f"{key}= is not of find=labels", where=key, mend="leave it out")
    labels = find_labels([load_run(location) for location in values["runs"]], choice)
    written = [] if values["out"] is None else write_labels(labels, Path(values["out"]), values["count"])
    if values["format"] == JSON:
        lines = labels.frame.to_dict("records")
        return print_json("labels", labels.runs, [verdict(labels)], lines, labels.notes, written)
    print_labels(labels)
    return tell_written(written)


def of_edges(runs: list[Run], values: dict[str, Any]) -> int:
    """Explain a run of task edges."""
    from sambench.explain.edges import edge_changes, edge_groups, explain_edges
    from sambench.explain.edges_output import EdgeFinding, edge_table, print_edges, write_edges

    for key in ("d", "clicks", "top"):
        if values[key] is not None:
            raise UsageError(f"{key}= is of masks, the run is of task edges", where=key, mend="leave it out")
    errors = [explain_edges(run, values["images"]) for run in runs]
    seed = values["seed"]
    changes = edge_changes(errors[0], errors[1], seed) if len(errors) > 1 else {}
    finding = EdgeFinding(errors[0], runs[1] if len(runs) > 1 else None, edge_groups(errors[0], seed), changes)
    written = [] if values["out"] is None else write_edges(finding, Path(values["out"]), values["count"])
    if values["format"] == JSON:
        lines = edge_table(finding).to_dict("records")
        return print_json("edges", runs, [], lines, list(finding.errors.notes), written)
    print_edges(finding)
    return tell_written(written)


def finding_of(objects: list[Objects], seed: int) -> Finding:
    """Summarise the objects of a run, and of the one it is held against."""
    from sambench.explain.change import change_verdict, compare_objects
    from sambench.explain.confidence import confidences_of
    from sambench.explain.detections import detection_kinds
    from sambench.explain.page import Finding
    from sambench.explain.summary import summarize, verdict

    own = objects[0]
    verdicts = [verdict(own.frame, seed)]
    change = compare_objects(own.frame, objects[1].frame, seed) if len(objects) > 1 else None
    if change is not None:
        verdicts.append(change_verdict(change))
    kinds = {str(kind): int(count) for kind, count in own.frame["kind"].value_counts().items()}
    other = objects[1].run if len(objects) > 1 else None
    detections = detection_kinds(own.detections, seed) if own.detections else None
    groups, confidence = summarize(own.frame, seed), confidences_of(own.frame, seed)
    return Finding(own.run, other, verdicts, groups, kinds, change, own.notes, detections, confidence)


EXPLAIN = Command(
    name="explain",
    summary="why a run's masks are wrong: each object's loss of IoU in parts",
    main=main,
    argument="RUN",
    arguments="paths",
    usage=(
        "explain RUN [against=RUN] [out=FOLDER] [key=value ...]",
        "explain runs=[RUN,RUN,...] find=labels [out=FOLDER] [key=value ...]",
    ),
    about="""\
Splits what each object's mask lacks to an IoU of 1 into parts that add up to it: another nesting level or a worse mask
was chosen, spill and shortfall at the boundary, missed parts, extra pieces, holes, and the rest; over all objects and
by size, thinness, concavity, contrast, border, neighbours and pieces, with intervals over images. It reads the run's
rows and predictions and the data, and needs no model.

Of task edges it tells misses and false alarms by distance, orientation, contrast and annotators' agreement, at the
threshold of the run's ODS.

With runs=[A,B,...] find=labels it ranks the objects on which several models agree with each other and not with the
truth: shifted, merged, missing and misnamed labels.

What a run cannot tell is said, with the command that makes it tell. docs/explain.md defines every part.""",
    keys=(
        Key(
            "runs",
            "with find=labels, in the place of RUN: two or more runs of one task on the same data, of different models",
            list[str],
            example="[FOLDER,...]",
            path="url",
        ),
        Key(
            "find",
            "the parts of what masks lack, or likely label errors: objects on which runs agree with each other and not "
            "with the truth",
            str,
            "parts",
            choices=("parts", "labels"),
        ),
        Key(
            "against",
            "a second run of the same data: which part changed, object by object",
            str | None,
            example="RUN",
            path="url",
        ),
        Key(
            "d",
            "pixels from a boundary within which a wrong pixel is one of the boundary (default: .0075 of the image's "
            "diagonal)",
            Annotated[int, Range(1, 1000)] | None,
        ),
        Key(
            "clicks",
            "of task points: the masks after how many clicks (default: the fewest)",
            Annotated[int, Range(1, 1000)] | None,
        ),
        Key(
            "top",
            "of task proposals: each object may choose from so many best-ranked ones, to tell what ranking loses "
            "(default: from all)",
            Annotated[int, Range(1, 1000000)] | None,
        ),
        Key("images", "whether images are read, for contrast", bool, True),
        Key(
            "count",
            f"pictures: of the worst of each part (default: {WORST}), or of likely label errors (default: {SUSPECTS})",
            Annotated[int, Range(0, 1000)] | None,
        ),
        Key("seed", "of the resampling", Annotated[int, Range(0, 2**32 - 1)], 0),
        Key(
            "out",
            "writes index.html, objects.parquet, objects.csv and groups.csv; of edges index.html and groups.csv; of "
            "labels index.html, labels.parquet and labels.csv",
            str | None,
            example="FOLDER",
            path="local",
        ),
        FORMAT,
    ),
    result="verdicts:ExplainResult",
    examples=(
        "sambench explain results/points/mini-hierarchy-1a2b3c4d out=explained",
        "sambench explain results/points/mini-hierarchy-1a2b3c4d against=results/points/mini-hierarchy-5e6f7a8b",
        "sambench explain runs=[results/points/a,results/points/b,results/points/c] find=labels out=labels",
    ),
)
