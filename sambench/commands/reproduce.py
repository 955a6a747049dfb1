"""`sambench reproduce`: published numbers made again, each with its verdict."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import listed
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.commands.reproductions.catalogue import chosen, families, names
from sambench.errors import UsageError
from sambench.files.progress import say

if TYPE_CHECKING:
    from sambench.commands.reproductions.running import Outcome

NOTHING = 3
"""Exit code: nothing could be run."""


def main(words: list[str]) -> int:
    """Run what a name stands for, tell what came of it, and write the page."""
    from sambench.commands.reproductions.page import page, report_text
    from sambench.commands.reproductions.running import reproduce
    from sambench.files.atomic import write_text

    if not words or "=" in words[0] or words[0].startswith("-"):
        mend = f"sambench reproduce all, or one of {', '.join(families())}"
        raise UsageError("no reproduction was named", where="sambench reproduce", mend=mend)
    entries = chosen(words[0])
    values = read(REPRODUCE, words[1:])
    root = Path(values["data.root"]) if values["data.root"] is not None else None
    if root is not None and not root.is_dir():
        mend = "give the folder that holds the inputs; `sambench reproduce all` tells what has to lie where"
        raise UsageError("there is no such folder", where=f"data.root={root}", mend=mend)
    outcomes = []
    for entry in entries:
        say(f"{entry.name}: {entry.title}")
        outcomes.append(reproduce(entry, root, values["results"], values["redo"]))
    tell(values["format"], {"entries": list(map(_entry, outcomes))}, lambda: report_text(outcomes).removesuffix("\n"))
    if values["page"] is not None:
        write_text(Path(values["page"]), page(outcomes))
        say(f"written: {values['page']}")
    if any(one.error or any(figure.verdict == "outside" for figure in one.figures) for one in outcomes):
        return 1
    return 0 if any(one.figures for one in outcomes) else NOTHING


def _entry(one: Outcome) -> dict[str, Any]:
    """Return what came of an entry as `ReproducedEntry`."""
    figures = [{**asdict(figure), "difference": figure.difference} for figure in one.figures]
    fields = {"missing": dict(one.missing), "figures": figures, "was_finished": one.again, "error": one.error}
    return {"name": one.entry.name, "title": one.entry.title, **fields}


REPRODUCE = Command(
    name="reproduce",
    summary="published numbers made again, each with its verdict",
    main=main,
    argument="NAME|all",
    arguments=names,
    about="""\
Runs the commands of a catalogue (`configs/reproduction/`) whose inputs are there, and prints each published number
beside the one made here: its interval, the difference, the tolerance, and whether it is within. An entry whose inputs
are missing is not run; what to bring, from where, and where to put it is told. NAME is a family of entries (pidinet) or
one of them (pidinet/full).

A run that is finished, with the same inputs and version, is not run again unless redo=true, as after a change of the
code; an interrupted one goes on where it was.""",
    lists=lambda: f"families:\n{listed(families())}",
    keys=(
        Key("data.root", "the folder that holds the inputs", str | None, example="DIR", path="local"),
        Key("results", "where run folders go", str, "results/reproductions", path="url"),
        Key("redo", "runs again what is finished", bool, False),
        Key("page", "writes the page of docs/reproductions.md to a file", str | None, example="FILE.md", path="local"),
        FORMAT,
    ),
    exit_codes={1: "a number is outside its tolerance, or a run failed", NOTHING: "nothing could be run"},
    result="verdicts:ReproduceResult",
    examples=(
        "sambench reproduce all data.root=/data",
        "sambench reproduce pidinet data.root=/data",
        "sambench reproduce gpb_owt_ucm/regions data.root=/data page=reproductions.md",
    ),
)
