"""`sambench report`: runs on one self-contained HTML page."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sambench.commands.words import as_list, parse
from sambench.errors import SambenchError, UsageError

if TYPE_CHECKING:
    from sambench.runs.report import Picture
    from sambench.runs.store import Run

HELP = """\
sambench report runs=[RUN,...] [out=report] [count=3] [max_mb=20] [title=TEXT]

Writes out/index.html: the tables, figures, metrics, times and provenance of finished runs, and a gallery of each run's
best, median and worst images, drawn from its stored predictions. One file, no requests: it can be mailed, or opened
from a disk. Where a run's data is not at its place any more, the pictures made during the run are shown.

examples:
  sambench report runs=results/edges/mini-hierarchy-1a2b3c4d
  sambench report runs=[results/edges/a,results/points/b] out=report count=5
"""


def main(words: list[str]) -> int:
    """Write the page."""
    if not words or words[0] in ("-h", "--help"):
        print(HELP)
        return 0 if words else 2
    from sambench.runs.files import write_text
    from sambench.runs.report import build_report
    from sambench.runs.store import load_run

    defaults = {"runs": None, "out": "report", "count": 3, "max_mb": 20, "title": "sambench report"}
    values = parse(words, defaults, "report")
    folders = as_list(values["runs"])
    if not folders:
        raise UsageError(
            "no runs were given", where="sambench report", mend="add runs=[RUN,...]; see `sambench ls runs`"
        )
    for key, least in (("count", 0), ("max_mb", 1)):
        if isinstance(values[key], bool) or not isinstance(values[key], int | float) or values[key] < least:
            raise UsageError(f"{key} is {values[key]!r}", where=key, mend=f"give a number from {least} on")
    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if not run.finished:
            raise UsageError(
                "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
            )
    out = Path(str(values["out"])) / "index.html"
    notes: list[str] = []
    with TemporaryDirectory() as folder:
        galleries = {
            run.folder: gallery(run, int(values["count"]), Path(folder) / str(i), notes) for i, run in enumerate(runs)
        }
        write_text(out, build_report(runs, galleries, str(values["title"]), values["max_mb"], notes))
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0


def gallery(run: Run, count: int, folder: Path, notes: list[str]) -> dict[str, list[Picture]]:
    """Draw a run's best, median and worst images, or take the pictures it holds; what is left out goes into `notes`."""
    from sambench.engine.gallery import draw_gallery, open_again
    from sambench.runs.report import Picture
    from sambench.runs.summary import number

    if count == 0:
        return {}
    try:
        task, dataset = open_again(run)
        chosen = draw_gallery(run, task, dataset, count, folder)
    except SambenchError as error:
        notes.append(f"{run.folder.name}: pictures made during the run are shown, as {error.what}")
        paths = sorted((run.folder / "pictures").rglob("*.png"))[: 3 * count]
        stem = run.folder / "pictures"
        return {
            "pictures made during the run": [Picture(p, p.relative_to(stem).with_suffix("").as_posix()) for p in paths]
        }
    found: dict[str, list[Picture]] = {}
    for group, samples in chosen.items():
        for sample_id, quality in samples:
            paths = sorted((folder / group).glob(f"{sample_id}.png")) + sorted(
                (folder / group).glob(f"{sample_id}_*.png")
            )
            for path in paths:
                kind = path.stem.removeprefix(Path(sample_id).name).strip("_")
                told = f"{sample_id}{f' ({kind})' if kind else ''}: {number(quality)}"
                found.setdefault(f"{group} images", []).append(Picture(path, told))
    return found
