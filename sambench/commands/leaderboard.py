"""`sambench leaderboard`: one static site from many runs; what is handed in to it, and whether that holds."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from sambench.commands.comparing.gate import COMPARISON
from sambench.commands.grammar.declaration import Command, Key, keys_like
from sambench.commands.grammar.output import FORMAT, JSON, json_of, show, tell
from sambench.commands.grammar.words import own_words, read
from sambench.config.ranges import Range
from sambench.errors import SambenchError, UsageError
from sambench.files.progress import say


def main(words: list[str]) -> int:
    """Write the site and print its first page."""
    from sambench.pages.leaderboard.entries import open_entries
    from sambench.pages.leaderboard.site import INDEX, Settings, build_site

    values = read(LEADERBOARD, words)
    if not values["runs"] and values["results"] is None:
        mend = "give runs=[FOLDER,...], results=FOLDER or both"
        raise UsageError("no run was given", where="sambench leaderboard", mend=mend)
    settings = Settings(values["title"], values["compare"], values["replicates"], values["seed"])
    out = Path(values["out"])
    with tempfile.TemporaryDirectory() as scratch:
        entries, left_out = open_entries(values["runs"], values["results"], Path(scratch))
        for note in left_out:
            print(f"left out: {note}", file=sys.stderr)
        boards = build_site(entries, left_out, out, settings)
    for board in boards:
        for table in board.tables:
            ranked = table.group.result is not None
            text = f"{len(table.rows)} runs ranked" if ranked else f"{table.rows[0].entry.label} not ranked"
            say(f"{board.task}: {table.title}: {text}")
    tell(values["format"], {"files": [str(out / INDEX)], "notes": list(left_out)}, str(out / INDEX))
    return 0


def _submit(words: list[str]) -> int:
    """Write a run as a file to hand in."""
    from sambench.files.safe_names import readable
    from sambench.pages.leaderboard.submission import ENDING, write_submission
    from sambench.pages.report.gallery import stored_pictures
    from sambench.runs.open import load_run

    if not words or "=" in words[0] or words[0].startswith("-"):
        mend = "sambench leaderboard submit RUN by=NAME"
        raise UsageError("no run was given", where="sambench leaderboard submit", mend=mend)
    values, run = read(SUBMIT, words[1:]), load_run(words[0])
    pictures = (
        [path for one in stored_pictures(run)[: values["pictures"]] for _, path in one.files] if run.finished else []
    )
    name = f"{readable(run.label)}-{run.record.sha256[:8] or 'run'}{ENDING}"
    path = Path(values["out"] or name)
    if not path.name.endswith(ENDING):
        raise UsageError(f"out is {path}", where="out", mend=f"give a name that ends in {ENDING}")
    size = write_submission(run, path, values["by"], values["url"], values["notes"], pictures)
    tell(values["format"], {"file": str(path), "bytes": size}, f"{path}: {size / 1024:.0f} KiB")
    return 0


def _check(words: list[str]) -> int:
    """Check files that were handed in; tell each."""
    from sambench.pages.leaderboard.checking import check_submission
    from sambench.runs.summary import caption

    own, files = own_words(CHECK, words)
    form = read(CHECK, own)["format"]
    if not files or any("=" in file or file.startswith("-") for file in files):
        mend = "sambench leaderboard check FILE [FILE ...]"
        raise UsageError("no file was given", where="sambench leaderboard check", mend=mend)
    results: list[dict[str, Any]] = []
    for file in files:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                submission, run = check_submission(Path(file), Path(scratch))
            except SambenchError as error:
                results.append({"file": file, "refused": error.what, "by": None, "metrics": 0, "caption": ""})
                print(f"refused: {error}", file=sys.stderr)
                continue
            fields = {"by": submission.by, "metrics": len(run.metrics), "caption": caption(run)}
            results.append({"file": file, "refused": None, **fields})
            if form != JSON:
                show(
                    f"{file}: {fields['metrics']} metrics follow from its rows; by {fields['by']}; {fields['caption']}"
                )
    if form == JSON:
        print(json_of({"files": results}))
    return REFUSED if any(one["refused"] for one in results) else 0


REFUSED = 1
"""Exit code where a file that was handed in is refused."""

SUBMIT = Command(
    name="leaderboard submit",
    summary="a run as one file to hand in to a leaderboard",
    main=_submit,
    argument="RUN",
    arguments="paths",
    about="""\
Writes a finished run's record, its rows and some of its pictures into one file, sealed by hashes, without absolute
paths, predictions or images of the data beyond those pictures. The same run gives the same file.""",
    keys=(
        Key("by", "who made the run, as pages tell it", str, example="NAME", required=True),
        Key("url", "where more is told: a paper or code, http or https", str | None, example="URL"),
        Key("notes", "anything a reader should know", str | None, example="TEXT"),
        Key("pictures", "images whose stored pictures go along, the best first", Annotated[int, Range(0, 20)], 4),
        Key(
            "out",
            "the file (default: the run's name and .submission.zip, here)",
            str | None,
            example="FILE",
            path="local",
        ),
        FORMAT,
    ),
    result="tables:FileResult",
    examples=(
        "sambench leaderboard submit results/edges/mini-hierarchy-1a2b3c4d by='A. Person' out=mine.submission.zip",
    ),
)

CHECK = Command(
    name="leaderboard check",
    summary="whether files that were handed in are what was scored",
    main=_check,
    argument="FILE",
    arguments="paths",
    usage=("leaderboard check FILE [FILE ...]",),
    about="""\
Holds every part of a file against its hash, its rows against the samples that the run says it scored, and makes all
metrics and intervals again from the rows. A row, metric or picture that was changed is refused, and so is whatever
cannot be read. What such a check cannot know is told in docs/leaderboard.md.""",
    keys=(FORMAT,),
    result="verdicts:HandedInResult",
    exit_codes={1: "a file is refused; each is told with its reason"},
    examples=("sambench leaderboard check submissions/mine.submission.zip",),
)

LEADERBOARD = Command(
    name="leaderboard",
    summary="one static site from many runs of many people",
    main=main,
    about="""\
Writes a site that needs no server: of each task ranked tables of the runs that follow one protocol on the same samples,
with intervals and the ranks that they leave possible, what each cost, the front of cost and quality, runs that are
not ranked and why, published rows apart, a map by data set; a page a run and a model; everything as leaderboard.json.
RUN is a run folder or a file of `leaderboard submit`, which is checked first.""",
    keys=(
        Key("runs", "finished runs and files that were handed in", list[str], example="[RUN,...]", path="url"),
        Key("results", "a place below which all of them are found", str | None, example="FOLDER", path="url"),
        Key("out", "the folder that the site is written to", str, "leaderboard", path="local"),
        Key("title", "its heading", str, "Leaderboard"),
        *keys_like(COMPARISON, ("compare", "replicates", "seed")),
        FORMAT,
    ),
    result="tables:FilesResult",
    examples=(
        "sambench leaderboard results=results out=site",
        "sambench leaderboard runs=[results/edges/a,mine.submission.zip] out=site title='Edges on BSDS500'",
    ),
    parts=(SUBMIT, CHECK),
)
