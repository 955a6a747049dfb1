"""`sambench table`: the paper's tables from stored runs, printed and written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sambench.commands.lists import listed
from sambench.commands.words import as_list, checked, parse
from sambench.config import registry
from sambench.config.spelling import choose, nearest
from sambench.errors import SambenchError, UsageError
from sambench.runs.open import load_run
from sambench.runs.run import Run
from sambench.storage.places import Place, is_remote, join

if TYPE_CHECKING:
    import pandas as pd

HELP = """\
sambench table NAME|all [runs=[FOLDER,...]] [format=md|csv|latex|html] [out=results/tables] [results=results]
               [against=RUN]

Prints published rows beside measured ones, in one format, and writes all formats below `out`, with the table's figure
as PNG and SVG. `all` prints every table, the article's first. Without runs=, every finished run of the table's task
below `results` is taken.

A measured value stands with its 95 % interval; the line below it is its difference to the published row it answers to:
there is none where data or switches are not that row's, and a mark says so. Runs on one's own data stand in a part of
their own. A row that no run fills tells the command that does. A sweep's table shows what `sambench ablate` ran.

With against=, the difference of one run of task points to another, or to a published TABLE/COLUMN, is drawn data set by
data set (as figure 9a of the paper).

examples:
  sambench table edges
  sambench table edges runs=[results/edges/a,results/edges/b] format=latex
  sambench table all format=html
"""


class Made(NamedTuple):
    """A table ready to be written, and the runs its figure is drawn from."""

    table: pd.DataFrame
    notes: Sequence[str]
    title: str
    runs: list[Run]
    figure: str | None


def page(words: Sequence[str]) -> str:
    """Return the page, with the list of tables."""
    from sambench.commands.ls import tables

    return f"{HELP}\ntables:\n{listed(tables())}"


def main(words: list[str]) -> int:
    """Print and write one table, or all."""
    if not words:
        print(page(words))
        return 2
    from sambench.tables.render import FORMATS, as_file, check_format
    from sambench.tables.specs import all_tables

    name = words[0]
    defaults = {"runs": None, "format": "md", "out": "results/tables", "results": "results", "against": None}
    values = checked(parse(words[1:], defaults, f"table {name}"), {"out": str, "results": str, "against": str | None})
    check_format(values["format"])
    if values["against"] is not None and name == "all":
        raise UsageError("against= is for one table of task points", where="against", mend="use sambench table points")
    names = all_tables() if name == "all" else [name]
    chosen = chosen_runs(as_list(values["runs"]), names)
    made: dict[str, Made] = {}
    for one in names:
        made[one] = make(one, chosen, join(values["results"]))
        made |= own_part(one, made[one], name == "all")
    out = Path(values["out"])
    drawn = [path for one, table in made.items() for path in save(one, table, out)]
    if name == "all":
        _save_texts("all", {form: "\n".join(written(made, form).values()) for form in FORMATS}, out)
    if values["against"] is not None:
        drawn += draw_against(name, made[name].runs, values["against"], out)
    # Printed last, as only a figure reads the rows: damaged ones are refused before anything is shown.
    print(as_file("\n".join(written(made, values["format"]).values()), values["format"]), end="")
    print(f"written: {out / name}.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}", file=sys.stderr)
    return 0


def make(name: str, chosen: list[Run] | None, results: Place) -> Made:
    """Make a table from the chosen runs of its task, or from those found below `results`.

    A sweep's table shows what `sambench ablate` ran; one that has published rows shows these until then.

    Raises:
        UsageError: There is no such table.
    """
    from sambench.tables.ablations import ablation_names, build_ablation_table, read_members
    from sambench.tables.build import build_table
    from sambench.tables.specs import check_metrics, table_names, table_spec

    if name in ablation_names() and chosen is None and (name not in table_names() or read_members(name, results)):
        return Made(*build_ablation_table(name, results), [], None)
    spec = table_spec(name)
    if spec.task is None:
        return Made(*build_table(spec, []), spec.title, [], None)
    runs = found_runs(results, spec.task) if chosen is None else [run for run in chosen if task_of(run) == spec.task]
    check_metrics(spec, runs)
    known = [*registry.targets("tasks"), *registry.options("task")]
    if not runs and spec.task not in known and nearest(spec.task, known):
        raise choose("task", spec.task, known, f"table/{name}.yaml, task", "task: {}")
    if not runs:
        print(f"no finished run of task {spec.task} yet: `sambench run task={spec.task}` makes one", file=sys.stderr)
    return Made(*build_table(spec, runs), spec.title, runs, spec.figure)


def own_part(name: str, made: Made, of_many: bool) -> dict[str, Made]:
    """Make the part of a table that holds runs on users' own data, as NAME_own; nothing where there is none to show.

    Args:
        name: The table.
        made: It, with its runs.
        of_many: Whether it is one of many, of which the first of a task shows them.
    """
    from sambench.tables.build import build_own_table
    from sambench.tables.departures import is_own
    from sambench.tables.specs import first_of_task, table_spec

    own = [run for run in made.runs if is_own(run)]
    if not own or not table_spec(name).published or (of_many and not first_of_task(table_spec(name))):
        return {}
    table, notes, title = build_own_table(table_spec(name), own)
    return {f"{name}_own": Made(table, notes, title, [], None)} if len(table) else {}


def written(made: dict[str, Made], form: str) -> dict[str, str]:
    """Write tables in one format; of several CSV tables each begins with a line of its caption."""
    from sambench.tables.render import render

    texts = {name: render(one.table, one.notes, one.title, form) for name, one in made.items()}
    if form == "csv" and len(made) > 1:
        return {name: f"# {made[name].title}\n{text}" for name, text in texts.items()}
    return texts


def save(name: str, made: Made, out: Path) -> list[Path]:
    """Write a table in every format, and its figure where there are runs; returns the figure's files."""
    from sambench.tables.render import FORMATS

    _save_texts(name, {form: written({name: made}, form)[name] for form in FORMATS}, out)
    return _figure(made.figure)(made.runs, out / name) if made.figure and made.runs else []


def _figure(name: str) -> Callable[[Sequence[Run], Path], list[Path]]:
    """Return what draws a figure; a table without runs, which has none, then imports neither torch nor numba."""
    if name == "clicks":
        from sambench.figures.clicks import miou_against_clicks

        return miou_against_clicks
    from sambench.figures.precision_recall import precision_recall
    from sambench.figures.recall import recall_curves

    return {"precision_recall": precision_recall, "recall_curves": recall_curves}[name]


def _save_texts(name: str, texts: dict[str, str], out: Path) -> None:
    from sambench.files.atomic import write_text
    from sambench.files.safe_names import inside
    from sambench.tables.render import FORMATS, as_file

    for form, text in texts.items():
        write_text(inside(out, f"{name}.{FORMATS[form]}"), as_file(text, form))


def draw_against(name: str, runs: list[Run], other: str, out: Path) -> list[Path]:
    """Draw one run's differences to another run, or to a published column, data set by data set.

    Raises:
        UsageError: There is not exactly one run of task points.
    """
    from sambench.figures.clicks import dataset_differences

    if len(runs) != 1 or task_of(runs[0]) != "points":
        raise UsageError(
            f"against= compares one run of task points, there are {len(runs)} runs in table {name}",
            where="against",
            mend="name the run: sambench table points runs=[A] against=B",
        )
    return dataset_differences(
        runs[0], load_run(other) if is_remote(other) or Path(other).is_dir() else other, out / name
    )


def chosen_runs(folders: list[str], names: Sequence[str]) -> list[Run] | None:
    """Open the runs that were named; None where none was.

    Args:
        folders: Run folders.
        names: The tables to be made.

    Raises:
        UsageError: A named run is of no task of these tables or is not finished.
    """
    from sambench.tables.ablations import ablation_names
    from sambench.tables.specs import table_names, table_spec

    if not folders:
        return None
    if names[0] in ablation_names() and names[0] not in table_names():
        raise UsageError(
            "the table of a sweep shows the runs of `sambench ablate`",
            where="runs",
            mend=f"leave runs= out: sambench table {names[0]}",
        )
    tasks = list(dict.fromkeys(task for name in names if (task := table_spec(name).task)))
    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if task_of(run) not in tasks:
            kind = f"not {' or '.join(tasks)}" if tasks else "and the table holds published numbers only"
            raise UsageError(
                f"the run is of task {task_of(run)}, {kind}", where=run.folder, mend="leave it out of runs="
            )
        if not run.finished:
            raise UsageError(
                "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
            )
    return runs


def found_runs(results: Place, task: str) -> list[Run]:
    """Return the finished runs of a task below a folder, by folder name; damaged ones are told on standard error."""
    from sambench.runs.open import run_places

    runs = []
    for place in run_places(results):
        try:
            run = load_run(place)
        except SambenchError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        if run.finished and task_of(run) == task:
            runs.append(run)
    return runs


def task_of(run: Run) -> str:
    """Return the name of a run's task."""
    return run.record.task_name
