"""`sambench report`: one page with all that stored runs tell."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.words import read
from sambench.config.ranges import Range
from sambench.errors import UsageError
from sambench.runs.open import load_run
from sambench.runs.run import Run


def main(words: list[str]) -> int:
    """Write the page and print its path."""
    values = read(REPORT, words)
    runs = open_runs(values["runs"])
    path = Path(values["out"]) / "index.html"
    for note in write_report(runs, path, values["count"], values["max_mb"]):
        print(f"note: {note}", file=sys.stderr)
    print(path)
    return 0


def write_report(runs: Sequence[Run], path: Path, count: int, max_mb: float) -> list[str]:
    """Write a report.

    Args:
        runs: Finished runs.
        path: The HTML file.
        count: Images of each kind a run.
        max_mb: Largest size of the file in megabytes (10^6 bytes).

    Returns:
        What is left out, in sentences; the page says it too.
    """
    from sambench.files.atomic import write_text
    from sambench.report.gallery import collect
    from sambench.report.page import build_page
    from sambench.report.pictures import embed

    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        galleries, notes = [], []
        for place, run in enumerate(runs):
            gallery, told = collect(run, count, scratch / f"pictures{place}")
            galleries.append(gallery)
            notes += told
        bare = len(build_page(runs, [[] for _ in runs], notes, scratch).encode())
        # Each image brings some words of its own: a fiftieth of the size is kept for them.
        if left_out := embed(galleries, 0.98 * max_mb * 1e6 - bare):
            whole = sum(map(len, galleries))
            notes.append(f"{left_out} of {whole} images are left out to keep the page within {max_mb:g} MB (max_mb=)")
        write_text(path, build_page(runs, galleries, notes, scratch))
    return notes


def open_runs(folders: Sequence[str]) -> list[Run]:
    """Open the runs that were named.

    Raises:
        UsageError: None was named, one twice, or one is not finished.
    """
    if not folders:
        raise UsageError("there is no run to report on", where="runs", mend="give runs=[FOLDER,...]")
    if twice := next((one for place, one in enumerate(folders) if one in folders[:place]), None):
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
best, median and worst images, and where every number comes from. The file needs nothing beside it, no network either.

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
        Key(
            "max_mb",
            "largest size of the file in megabytes; images that do not fit are left out, and the page says how many",
            Annotated[float, Range(1, 10**4)],
            20.0,
        ),
    ),
    examples=(
        "sambench report runs=[results/edges/mini-hierarchy-1a2b3c4d]",
        "sambench report runs=[RUN,OTHER] out=/tmp/compared count=5 max_mb=40",
    ),
)
