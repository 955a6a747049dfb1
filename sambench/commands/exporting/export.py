"""`sambench export`: a run's results in the format of the field's own tools."""

from __future__ import annotations

from pathlib import Path

from sambench.commands.exporting.model import MODEL
from sambench.commands.exporting.model import main as export_model
from sambench.commands.exporting.results import RESULTS
from sambench.commands.exporting.results import main as export_results
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, tell
from sambench.commands.grammar.words import own_words, part_format, read
from sambench.errors import UsageError
from sambench.files.progress import say
from sambench.runs.open import load_run
from sambench.runs.run import Run

SUMMARIES = ("eval_bdry.txt", "eval_cover.txt", "eval_RI_VOI.txt")
"""Files that are printed as well."""


def bsds(words: list[str]) -> int:
    """Write the Berkeley benchmark's files of one run."""
    from sambench.files.atomic import write_text
    from sambench.files.safe_names import inside
    from sambench.tables.bsds import bsds_files

    form, words = part_format(BSDS, words)
    run, out = _chosen(words, form)
    texts = bsds_files(run)
    for name, text in texts.items():
        write_text(inside(out, name), text)
    say(f"written: {len(texts)} files to {out}")
    shown = {name: text for name, text in texts.items() if name in SUMMARIES}
    result = {"run": run.location, "folder": str(out), "files": list(texts), "summaries": shown}
    tell(form, result, "".join(f"{name}: {text}" for name, text in shown.items()).removesuffix("\n"))
    return 0


def _chosen(words: list[str], form: str) -> tuple[Run, Path]:
    """Open the run that is named, or score what the words say; returns it and where its files go."""
    own, rest = own_words(BSDS, words)
    out = read(BSDS, own)["out"]
    if not rest:
        raise UsageError("no run was given", where="sambench export bsds", mend="sambench export bsds RUN out=FOLDER")
    if "=" in rest[0]:
        run = _scored(rest, form)
    else:
        read(BSDS, rest[1:])
        run = load_run(rest[0])
    return run, Path(out) if out is not None else Path("results/bsds") / run.folder.resolve().name


def _scored(words: list[str], form: str) -> Run:
    from sambench.config.compose import compose
    from sambench.engine.launch import launch
    from sambench.tables.console import print_run

    launched = launch(compose(words, also=[key.name for key in BSDS.keys]))
    if not launched.was_finished and form != JSON:
        print_run(launched.run)
    return launched.run


BSDS = Command(
    name="export bsds",
    summary="the Berkeley benchmark's result files of a run",
    main=bsds,
    argument="RUN",
    arguments="paths",
    runs_bare=True,
    takes_run_words=True,
    usage=(
        "export bsds RUN [out=FOLDER]",
        "export bsds task=NAME data=NAME predictions=FOLDER [key=value ...] [out=FOLDER]",
    ),
    about="""\
Writes the Berkeley benchmark's result files: of task edges eval_bdry.txt, eval_bdry_thr.txt, eval_bdry_img.txt and
each image's _ev1.txt; of task regions eval_cover*.txt, eval_RI_VOI*.txt and each image's _ev2.txt to _ev4.txt.
Instead of a run folder it takes the words of `sambench score` or `sambench run`: what they say is scored first, found
where it was scored before, or gone on with where it was interrupted.""",
    keys=(
        Key(
            "out",
            "where the files are written (default: results/bsds/RUN)",
            str | None,
            example="FOLDER",
            path="local",
        ),
        FORMAT,
    ),
    result="tables:BsdsResult",
    examples=(
        "sambench export bsds results/edges/bsds500-hed-1a2b3c4d out=hed_eval",
        "sambench export bsds task=edges data=bsds500 data.root=/data predictions=hed_png workers=2 out=hed_eval",
        "sambench export bsds task=regions data=bsds500 data.root=/data predictions=ucm2 out=ucm_eval",
    ),
)


def without_part(words: list[str]) -> int:
    """Take `export runs=[...] ...` for `export results ...`, `export model=NAME ...` for `export model ...`.

    Raises:
        UsageError: The words are of neither.
    """
    if any(word.startswith("runs=") for word in words):
        return export_results(words)
    if any(word.startswith(("model=", "to=")) for word in words):
        return export_model(words)
    mend = "use sambench export runs=[RUN] to=csv, sambench export bsds RUN, or sambench export model=NAME to=onnx"
    raise UsageError(f"there is no format {words[0]!r}", where=f"sambench export {words[0]}", mend=mend)


EXPORT = Command(
    name="export",
    summary="a run's results in the format of the field's own tools, or a model in another form",
    main=without_part,
    parts=(BSDS, RESULTS, MODEL),
    examples=(*RESULTS.examples[:1], *BSDS.examples[:1], *MODEL.examples[:1]),
)
