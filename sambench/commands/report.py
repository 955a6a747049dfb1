"""`sambench report`: one page with all that stored runs tell."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.config.ranges import Range
from sambench.errors import SambenchError, UsageError
from sambench.runs.open import load_run
from sambench.runs.run import Run

if TYPE_CHECKING:
    from sambench.pages.report.extras import Extra

_MASKS = ("points", "instances", "proposals", "vocabulary")
"""Tasks whose runs can be explained, object by object."""


def main(words: list[str]) -> int:
    """Write the page and print its path."""
    values = read(REPORT, words)
    runs = open_runs(values["runs"])
    path = Path(values["out"]) / "index.html"
    given = [*_of_labels(values["labels"]), *_of_ratings(values["ratings"])]
    notes = write_report(runs, path, values["count"], values["max_mb"], values["explain"], given)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    tell(values["format"], {"files": [str(path)], "notes": notes}, str(path))
    return 0


def write_report(
    runs: Sequence[Run],
    path: Path,
    count: int,
    max_mb: float,
    explain: bool = True,
    given: Sequence[Extra] = (),
) -> list[str]:
    """Write a report.

    Args:
        runs: Finished runs.
        path: The HTML file.
        count: Images of each kind a run.
        max_mb: Largest size of the file in megabytes (10^6 bytes).
        explain: Whether it is told why masks are wrong, where data and predictions are there.
        given: Further sections.

    Returns:
        What is left out, in sentences; the page says it too.
    """
    from sambench.files.atomic import write_text
    from sambench.pages.report.gallery import collect
    from sambench.pages.report.page import build_page
    from sambench.pages.report.pictures import embed

    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        galleries, notes = [], []
        for index, run in enumerate(runs):
            gallery, more = collect(run, count, scratch / f"pictures{index}")
            galleries.append(gallery)
            notes += more
        extras = [*_explained(runs, notes, scratch), *given] if explain else list(given)
        bare = len(build_page(runs, [[] for _ in runs], notes, scratch, extras).encode())
        # Each image brings some words of its own: a fiftieth of the size is kept for them.
        if left_out := embed(galleries, 0.98 * max_mb * 1e6 - bare):
            whole = sum(map(len, galleries))
            notes.append(f"{left_out} of {whole} images are left out to keep the page within {max_mb:g} MB (max_mb=)")
        write_text(path, build_page(runs, galleries, notes, scratch, extras))
    return notes


def _explained(runs: Sequence[Run], notes: list[str], scratch: Path) -> list[Extra]:
    """Explain the runs of masks; why one cannot be explained is added to the notes."""
    from sambench.commands.comparing.explain import finding_of
    from sambench.explain.objects import Choice, explain_objects
    from sambench.explain.report_parts import explained
    from sambench.runs.summary import label

    findings = []
    for index, run in enumerate(runs):
        if run.record.task_name not in _MASKS:
            continue
        try:
            findings.append((label(index), finding_of([explain_objects(run, Choice())], 0)))
        except (SambenchError, OSError) as error:
            why = str(error).splitlines()[0]
            notes.append(f"{run.folder.name}: it is not told why its masks are wrong ({why})")
    section = explained(findings, scratch / "explained")
    return [] if section is None else [section]


def _of_labels(folder: str | None) -> list[Extra]:
    """Return the section of likely label errors."""
    from sambench.explain.report_parts import suspected

    return [] if folder is None else [suspected(Path(folder))]


def _of_ratings(folders: Sequence[str] | None) -> list[Extra]:
    """Return the section of people's ratings."""
    from sambench.commands.table import rated
    from sambench.pages.report.extras import Extra, table_part

    if not folders:
        return []
    tables = [table_part(one.title, one.table, one.notes) for one in rated(folders).values()]
    return [Extra("ratings", "Ratings by people", [], tables, [])]


def open_runs(folders: Sequence[str]) -> list[Run]:
    """Open the runs that were named.

    Raises:
        UsageError: None was named, one twice, or one is not finished.
    """
    if not folders:
        raise UsageError("there is no run to report on", where="runs", mend="give runs=[FOLDER,...]")
    if twice := next((one for index, one in enumerate(folders) if one in folders[:index]), None):
        raise UsageError("a run is named twice", where=twice, mend="name it once")
    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if not run.finished:
            raise UsageError(
                "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
            )
    return runs


REPORT = Command(
    name="report",
    summary="one HTML page of all that runs tell",
    main=main,
    about="""\
Writes OUT/index.html: tables beside published values, metrics with intervals, figures, stage times, galleries of the
best, median and worst images, why masks are wrong, and where every number comes from. The file needs nothing beside
it, no network either.

Where data or predictions are gone, the pictures made during the run are shown, and the page says so.""",
    keys=(
        Key(
            "runs",
            "finished runs, of any tasks; they are called A, B, C in this order",
            list[str],
            example="[FOLDER,...]",
            required=True,
            path="url",
        ),
        Key("out", "the folder that the page is written to", str, "report", path="local"),
        Key("count", "images of each kind a run; 0 for no pictures", Annotated[int, Range(0, 1000)], 3),
        Key("explain", "why masks are wrong, where data and predictions are there (`sambench explain`)", bool, True),
        Key(
            "labels",
            "likely label errors that `sambench explain find=labels out=FOLDER` wrote",
            str | None,
            example="FOLDER",
            path="local",
        ),
        Key("ratings", "rating studies (`sambench rate`)", list[str], example="[STUDY,...]", path="local"),
        Key(
            "max_mb",
            "largest size of the file in megabytes; images that do not fit are left out, and the page says how many",
            Annotated[float, Range(1, 10**4)],
            20.0,
        ),
        FORMAT,
    ),
    result="tables:FilesResult",
    examples=(
        "sambench report runs=[results/edges/mini-hierarchy-1a2b3c4d]",
        "sambench report runs=[RUN,OTHER] out=/tmp/compared count=5 max_mb=40",
    ),
)
