"""`sambench rm`: stored runs removed, after a question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.errors import UsageError
from sambench.tables.folding import terminal_width

if TYPE_CHECKING:
    from sambench.runs.run import Run


def main(words: list[str]) -> int:
    """Remove runs; nothing is removed before all of them are known to be runs that nobody writes."""
    from sambench.runs.open import load_run
    from sambench.runs.removing import bytes_of, refuse_in_use, remove

    named = [word for word in words if RM.key(word.partition("=")[0]) is None]
    values = read(RM, [word for word in words if word not in named])
    if not named:
        raise UsageError("no run was given", where="sambench rm", mend="use sambench rm RUN; `sambench ls runs` lists")
    runs = [load_run(location) for location in dict.fromkeys(named)]
    for run in runs:
        refuse_in_use(run)
    sizes = [bytes_of(run) for run in runs]
    if not (values["yes"] or _agreed(runs, sum(sizes))):
        print("nothing was removed", file=sys.stderr)
        return 1
    for run in runs:
        remove(run)
    removed = [{"run": run.location, "bytes": size} for run, size in zip(runs, sizes, strict=True)]
    text = "\n".join(f"removed: {run.location}, {size / 1e6:.1f} MB" for run, size in zip(runs, sizes, strict=True))
    tell(values["format"], {"removed": removed}, lambda: text)
    return 0


def _agreed(runs: Sequence[Run], size: int) -> bool:
    """Ask whoever sits at the terminal.

    Raises:
        UsageError: Nobody sits there.
    """
    from sambench.commands.ls_runs import described, line_of

    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at", where="sambench rm", mend="add yes=true to remove unasked")
    width = terminal_width()
    for run in runs:
        print(line_of(described(run), width), file=sys.stderr)
    several = f"these {len(runs)} runs" if len(runs) > 1 else "this run"
    print(f"remove {several} ({size / 1e6:.1f} MB) for good? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


RM = Command(
    name="rm",
    summary="remove stored runs, after a question",
    main=main,
    argument="RUN ...",
    arguments="paths",
    about="""\
Removes run folders with all they hold: record, rows, predictions, pictures. It shows what they are and asks first; with
yes=true it does not ask. A run that a process is writing is refused, and so is a folder that holds no run. Files in a
run folder that no run writes are kept, and the folder with them.""",
    keys=(Key("yes", "remove without a question", bool, False, example="true"), FORMAT),
    result="runs:RemovedResult",
    exit_codes={1: "the answer was no: nothing was removed"},
    examples=("sambench rm results/edges/mini-hierarchy-1a2b3c4d", "sambench rm results/edges/a yes=true"),
)
