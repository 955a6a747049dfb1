"""`sambench table`: the paper's tables from stored runs, printed and written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import listed
from sambench.commands.grammar.output import JSON, format_key, tell
from sambench.commands.grammar.words import read
from sambench.commands.ls import tables
from sambench.errors import UsageError
from sambench.files.progress import say
from sambench.files.storage.locations import is_remote, join
from sambench.runs.open import load_run
from sambench.tables.render import FORMATS

if TYPE_CHECKING:
    from sambench.runs.run import Run
    from sambench.tables.collect import BuiltTable


def main(words: list[str]) -> int:
    """Print and write one table, or all."""
    from sambench.commands.results.tables import shown_runs, table_result
    from sambench.tables.collect import build_named, chosen_runs, own_part
    from sambench.tables.render import as_file
    from sambench.tables.specs import all_tables

    name = words[0]
    values = read(TABLE, words[1:])
    if values["against"] is not None and name == "all":
        raise UsageError("against= is for one table of task points", where="against", mend="use sambench table points")
    names = all_tables() if name == "all" else [name]
    chosen = chosen_runs(values["runs"], names)
    made: dict[str, BuiltTable] = {}
    for one in names:
        made[one] = build_named(one, chosen, join(values["results"]))
        if made[one].task and not made[one].runs:
            task = made[one].task
            print(f"no finished run of task {task} yet: `sambench run task={task}` makes one", file=sys.stderr)
        made |= own_part(one, made[one], name == "all")
    if values["ratings"]:
        if name != "human":
            raise UsageError("ratings= is for the table of ratings", where="ratings", mend="use sambench table human")
        made |= rated(values["ratings"])
    out = Path(values["out"])
    drawn = [path for one, table in made.items() for path in save(one, table, out)]
    if name == "all":
        _save_texts("all", {form: "\n".join(written(made, form).values()) for form in FORMATS}, out)
    if values["against"] is not None:
        drawn += draw_against(name, made[name].runs, values["against"], out)
    # Printed last, as only a figure reads the rows: damaged ones are refused before anything is shown.
    files = [str(out / f"{one}.{ending}") for one in made for ending in FORMATS.values()]
    shown = {run.location: run for table in made.values() for run in table.runs}
    result = {
        "tables": [table_result(one, table.table, table.notes, table.title) for one, table in made.items()],
        "runs": shown_runs(list(shown.values())),
        "files": [*files, *map(str, drawn)],
    }
    form = values["format"]
    text = "" if form == JSON else as_file("\n".join(written(made, form).values()), form)
    tell(form, result, text.removesuffix("\n"))
    say(f"written: {out / name}.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}")
    return 0


def rated(folders: Sequence[str]) -> dict[str, BuiltTable]:
    """Make the parts that hold measured ratings, apart from the published ones."""
    from sambench.pages.ratings.scoring import read_answers, score_study
    from sambench.pages.ratings.study import read_study
    from sambench.pages.ratings.tables import differences_table, means_table, remarks
    from sambench.tables.collect import BuiltTable

    studies = [read_study(Path(folder)) for folder in folders]
    scores = [score_study(study, read_answers(study)) for study in studies]
    notes = [f"{study.data}: {line}" for study in scores for line in remarks(study)]
    return {
        "human_measured": BuiltTable(means_table(scores), notes, "Measured ratings, 1 to 10, with 95 % intervals"),
        "human_differences": BuiltTable(
            differences_table(scores),
            [],
            "Measured differences: p of the paired t-test, 99 % interval of the bootstrap",
        ),
    }


def written(made: dict[str, BuiltTable], form: str) -> dict[str, str]:
    """Write tables in one format; of several CSV tables each begins with a line of its caption."""
    texts = {name: one.render(form) for name, one in made.items()}
    if form == "csv" and len(made) > 1:
        return {name: f"# {made[name].title}\n{text}" for name, text in texts.items()}
    return texts


def save(name: str, made: BuiltTable, out: Path) -> list[Path]:
    """Write a table in every format, and its figure where there are runs; returns the figure's files."""
    _save_texts(name, {form: written({name: made}, form)[name] for form in FORMATS}, out)
    return _figure(made.figure)(made.runs, out / name) if made.figure and made.runs else []


def _figure(name: str) -> Callable[[Sequence[Run], Path], list[Path]]:
    """Return what draws a figure; a table without runs, which has none, then imports neither torch nor numba."""
    if name == "clicks":
        from sambench.drawing.figures.clicks import miou_against_clicks

        return miou_against_clicks
    if name == "concepts":
        from sambench.drawing.figures.concepts import thresholds_and_presence

        return thresholds_and_presence
    if name == "noise":
        from sambench.drawing.figures.noise import iou_against_noise

        return iou_against_noise
    if name == "published_clicks":
        from sambench.drawing.figures.published_clicks import miou_beside_published

        return miou_beside_published
    from sambench.drawing.figures.latency import cost_curves
    from sambench.drawing.figures.precision_recall import precision_recall
    from sambench.drawing.figures.recall import recall_curves

    drawers = {"precision_recall": precision_recall, "recall_curves": recall_curves, "cost_curves": cost_curves}
    return drawers[name]


def _save_texts(name: str, texts: dict[str, str], out: Path) -> None:
    from sambench.files.atomic import write_text
    from sambench.files.safe_names import inside
    from sambench.tables.render import as_file

    for form, text in texts.items():
        write_text(inside(out, f"{name}.{FORMATS[form]}"), as_file(text, form))


def draw_against(name: str, runs: Sequence[Run], other: str, out: Path) -> list[Path]:
    """Draw one run's differences to another run, or to a published column, data set by data set.

    Raises:
        UsageError: There is not exactly one run of task points.
    """
    from sambench.drawing.figures.clicks import dataset_differences

    if len(runs) != 1 or runs[0].record.task_name != "points":
        raise UsageError(
            f"against= compares one run of task points, there are {len(runs)} runs in table {name}",
            where="against",
            mend="name the run: sambench table points runs=[A] against=B",
        )
    return dataset_differences(
        runs[0], load_run(other) if is_remote(other) or Path(other).is_dir() else other, out / name
    )


TABLE = Command(
    name="table",
    summary="published tables beside measured rows",
    main=main,
    argument="NAME|all",
    arguments=tables,
    about="""\
Prints published rows beside measured ones, in one format, and writes all formats below `out`, with the table's figure
as PNG and SVG. `all` prints every table, the article's first. Without runs=, every finished run of the table's task
below `results` is taken.

A measured value stands with its 95 % interval; the line below it is its difference to the published row it answers to:
there is none where data or switches are not that row's, and a mark says so. Runs on one's own data stand in a part of
their own. A row that no run fills tells the command that does. A sweep's table shows what `sambench ablate` ran.""",
    lists=lambda: f"tables:\n{listed(tables())}",
    keys=(
        Key("runs", "finished runs that are shown", list[str], example="[FOLDER,...]", path="url"),
        format_key(tuple(FORMATS), "md"),
        Key("out", "where all formats are written", str, "results/tables", path="local"),
        Key("results", "where runs are looked for", str, "results", path="url"),
        Key(
            "ratings",
            "rating studies (`sambench rate`) that are shown below the table of ratings, in a part of their own",
            list[str],
            [],
            example="[STUDY,...]",
            path="local",
        ),
        Key(
            "against",
            "draws the difference of one run of task points to another, or to a published TABLE/COLUMN, data set by "
            "data set (as figure 9a of the paper)",
            str | None,
            example="RUN",
            path="url",
        ),
    ),
    result="tables:TablesResult",
    examples=(
        "sambench table edges",
        "sambench table edges runs=[results/edges/a,results/edges/b] format=latex",
        "sambench table all format=html",
    ),
)
