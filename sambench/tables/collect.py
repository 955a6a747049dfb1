"""A table by its name: which runs belong into it, and what is built of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sambench.config import registry
from sambench.config.spelling import choose, nearest
from sambench.errors import SambenchError, UsageError
from sambench.files.storage.locations import Location
from sambench.runs.open import load_run, run_locations
from sambench.runs.run import Run, with_distinct_names
from sambench.tables.ablations import ablation_names, build_ablation_table, read_members
from sambench.tables.build import build_own_table, build_table
from sambench.tables.departures import is_own
from sambench.tables.render import render
from sambench.tables.specs import check_metrics, first_of_task, table_names, table_spec

if TYPE_CHECKING:
    import pandas as pd


class BuiltTable(NamedTuple):
    """A table ready to be written.

    Attributes:
        table: Its cells, as texts; a mark of a footnote is " [1]" at a cell's end.
        notes: The footnotes, as "[1] text".
        title: Its caption.
        runs: The runs that it shows.
        figure: The kind of figure that is drawn of them.
        task: The task whose runs it can show.
    """

    table: pd.DataFrame
    notes: Sequence[str]
    title: str
    runs: Sequence[Run] = ()
    figure: str | None = None
    task: str | None = None

    def __str__(self) -> str:
        """Return the table with its caption and footnotes in markdown."""
        return self.render("md")

    def render(self, form: str) -> str:
        """Write the table as "md", "csv", "latex" or "html".

        Raises:
            UsageError: The format is none of these.
        """
        return render(self.table, self.notes, self.title, form)


def build_named(name: str, chosen: list[Run] | None, results: Location) -> BuiltTable:
    """Make a table from the chosen runs of its task, or from those found below `results`.

    A sweep's table shows what `sambench ablate` ran; one that has published rows shows these until then.

    Raises:
        UsageError: There is no such table.
    """
    if name in ablation_names() and chosen is None and (name not in table_names() or read_members(name, results)):
        return BuiltTable(*build_ablation_table(name, results))
    spec = table_spec(name)
    if spec.task is None:
        return BuiltTable(*build_table(spec, []), spec.title)
    runs = with_distinct_names(_runs_of(spec.task, chosen, results))
    check_metrics(spec, runs)
    known = [*registry.targets("tasks"), *registry.options("task")]
    if not runs and spec.task not in known and nearest(spec.task, known):
        raise choose("task", spec.task, known, f"table/{name}.yaml, task", "task: {}")
    ceilings = with_distinct_names([run for task in spec.ceiling for run in _runs_of(task, chosen, results)])
    return BuiltTable(*build_table(spec, runs, ceilings), spec.title, runs, spec.figure, spec.task)


def _runs_of(task: str, chosen: list[Run] | None, results: Location) -> list[Run]:
    """Return the chosen runs of a task, or those found below `results` where none were chosen."""
    if chosen is None:
        return runs_below(results, task)
    return [run for run in chosen if run.record.task_name == task]


def own_part(name: str, made: BuiltTable, of_many: bool) -> dict[str, BuiltTable]:
    """Make the part of a table that holds runs on users' own data, as NAME_own; nothing where there is none to show.

    Args:
        name: The table.
        made: It, with its runs.
        of_many: Whether it is one of many, of which the first of a task shows them.
    """
    own = [run for run in made.runs if is_own(run)]
    if not own or not table_spec(name).published or (of_many and not first_of_task(table_spec(name))):
        return {}
    table, notes, title = build_own_table(table_spec(name), own)
    return {f"{name}_own": BuiltTable(table, notes, title)} if len(table) else {}


def chosen_runs(folders: list[str], names: Sequence[str]) -> list[Run] | None:
    """Open the runs that were named; None where none was.

    Args:
        folders: Run folders.
        names: The tables to be made.

    Raises:
        UsageError: A named run is of no task of these tables or is not finished.
    """
    if not folders:
        return None
    if names[0] in ablation_names() and names[0] not in table_names():
        raise UsageError(
            "the table of a sweep shows the runs of `sambench ablate`",
            where="runs",
            mend=f"leave runs= out: sambench table {names[0]}",
        )
    specs = [table_spec(name) for name in names]
    tasks = list(dict.fromkeys(task for spec in specs for task in (spec.task, *spec.ceiling) if task))
    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if run.record.task_name not in tasks:
            kind = f"not {' or '.join(tasks)}" if tasks else "and the table holds published numbers only"
            raise UsageError(
                f"the run is of task {run.record.task_name}, {kind}", where=run.folder, mend="leave it out of runs="
            )
        if not run.finished:
            raise UsageError(
                "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
            )
    return runs


def runs_below(results: Location, task: str) -> list[Run]:
    """Return the finished runs of a task below a folder, by folder name; damaged ones are named on standard error."""
    runs = []
    for location in run_locations(results):
        try:
            run = load_run(location)
        except SambenchError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        if run.finished and run.record.task_name == task:
            runs.append(run)
    return runs
