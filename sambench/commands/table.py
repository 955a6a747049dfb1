"""`sambench table`: the paper's tables from stored runs, printed and written."""

from __future__ import annotations

import sys
from pathlib import Path

from sambench.commands.words import as_list, parse
from sambench.errors import SambenchError, UsageError
from sambench.runs.store import Run, load_run

HELP = """\
sambench table NAME [runs=[FOLDER,...]] [format=md] [out=results/tables] [results=results] [against=RUN]

Prints the table in one format and writes all of them below `out`, with its figure as PNG and SVG.
Without runs=, every finished run of the task below `results` is taken. With against=, the difference of one run of
task points to another, or to a published TABLE/COLUMN, is drawn data set by data set (as figure 9a of the paper).

examples:
  sambench table edges
  sambench table edges runs=[results/edges/a,results/edges/b] format=latex
"""


def main(words: list[str]) -> int:
    """Print and write one table."""
    if not words or words[0] in ("-h", "--help"):
        print(HELP)
        return 0 if words else 2
    from sambench.runs.figures import precision_recall
    from sambench.runs.files import write_text
    from sambench.runs.points_figures import dataset_differences, miou_against_clicks
    from sambench.runs.recall_figure import recall_curves
    from sambench.runs.tables import FORMATS, build_table, render, table_spec

    name = words[0]
    spec = table_spec(name)
    defaults = {"runs": None, "format": "md", "out": "results/tables", "results": "results", "against": None}
    values = parse(words[1:], defaults, f"table {name}")
    if values["format"] not in FORMATS:
        raise UsageError(
            f"there is no format {values['format']!r}", where="format", mend=f"use one of {', '.join(FORMATS)}"
        )
    runs = chosen_runs(as_list(values["runs"]), Path(values["results"]), spec.task)
    table, notes = build_table(spec, runs)
    print(render(table, notes, spec.title, values["format"]), end="")
    if not runs:
        print(f"no finished run of task {spec.task} yet: `sambench run task={spec.task}` makes one", file=sys.stderr)
    out = Path(values["out"])
    for form, ending in FORMATS.items():
        write_text(out / f"{name}.{ending}", render(table, notes, spec.title, form))
    figures = {"precision_recall": precision_recall, "recall_curves": recall_curves, "clicks": miou_against_clicks}
    drawn = figures[spec.figure](runs, out / name) if spec.figure and runs else []
    if values["against"] is not None:
        if len(runs) != 1 or spec.task != "points":
            raise UsageError(
                f"against= compares one run of task points, there are {len(runs)} of task {spec.task}",
                where="against",
                mend="name the run: sambench table points runs=[A] against=B",
            )
        other = str(values["against"])
        baseline = load_run(other) if Path(other).is_dir() else other
        drawn += dataset_differences(runs[0], baseline, out / name)
    print(f"written: {out / name}.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}", file=sys.stderr)
    return 0


def chosen_runs(folders: list[str], results: Path, task: str) -> list[Run]:
    """Open the runs that were named, or find the finished ones of a task.

    Raises:
        UsageError: A named run is of another task or is not finished.
    """
    if not folders:
        return found_runs(results, task)
    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if run.record["identity"]["task"]["name"] != task:
            other = run.record["identity"]["task"]["name"]
            raise UsageError(f"the run is of task {other}, not {task}", where=run.folder, mend="leave it out of runs=")
        if not run.finished:
            raise UsageError(
                "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
            )
    return runs


def found_runs(results: Path, task: str) -> list[Run]:
    """Return the finished runs of a task below a folder, by folder name; damaged ones are told on standard error."""
    runs = []
    for path in sorted(results.rglob("run.json")):
        try:
            run = load_run(path.parent)
        except SambenchError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        if run.finished and run.record["identity"]["task"]["name"] == task:
            runs.append(run)
    return runs
