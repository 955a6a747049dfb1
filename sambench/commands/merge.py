"""`sambench merge`: partial runs made by hand on several machines become one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of, show
from sambench.commands.grammar.words import read
from sambench.config.ranges import SHARED, Range
from sambench.errors import listing
from sambench.files.storage.locations import is_remote, join


def main(words: list[str]) -> int:
    """Merge runs and print the result."""
    from sambench.commands.results.runs import run_result
    from sambench.engine.merging.merge import merge
    from sambench.runs.open import load_run
    from sambench.tables.console import print_run

    folders = [word for word in words if _is_folder(word)]
    values = read(MERGE, [word for word in words if word not in folders])
    out = None if values["out"] is None else join(values["out"])
    done = merge([load_run(folder) for folder in folders], out, values["data.root"], values["allow_missing"])
    notes = []
    if done.twice:
        notes.append(f"{len(done.twice)} sample(s) in several parts, with the same rows: {listing(done.twice)}")
    if done.missing:
        notes.append(f"{done.missing} sample(s) are in no part: this is a partial run")
    if values["format"] == JSON:
        result = run_result(done.run, False)
        print(json_of({**result, "notes": [*notes, *result["notes"]]}))
    else:
        for note in notes:
            show(note)
        print_run(done.run)
    parts = done.run.record.merged.parts if done.run.record.merged is not None else ()
    commits = {str(part.code.commit) for part in parts if part.code is not None}
    if len(commits) > 1:
        print(f"note: the parts were made at different commits: {', '.join(sorted(commits))}", file=sys.stderr)
    return 0


def _is_folder(word: str) -> bool:
    """Tell a run's folder, whose name may have an equals sign, from a key=value word or a flag."""
    key, equals, _ = word.partition("=")
    return (
        MERGE.key(key) is None and not word.startswith("-") and (not equals or is_remote(word) or Path(word).exists())
    )


MERGE = Command(
    name="merge",
    summary="partial runs made on several machines (shard=1/4) become one",
    main=main,
    argument="RUN RUN ...",
    arguments="paths",
    about="""\
Puts finished partial runs (made with shard=1/4, or with limit= and data.ids=) together into the run that one machine
would have made: the same rows to the byte, metrics and intervals computed again from them, predictions gathered.
Refused, with every difference listed, where settings, model, data or version differ, a sample has different rows in
two parts, a part is unfinished, or samples are in no part.""",
    keys=(
        Key(
            "out",
            "the run folder (default: the one that `sambench run` would choose for the whole)",
            str | None,
            example="FOLDER",
            path="url",
        ),
        Key(
            "data.root",
            "where the data lies on this machine, if not where the parts found it",
            str | None,
            example="FOLDER",
            path="url",
        ),
        Key(
            "allow_missing",
            "accepts exactly so many samples that are in no part",
            Annotated[int, Range(0, SHARED["limit"].most)],
            0,
        ),
        FORMAT,
    ),
    result="runs:RunResult",
    examples=(
        "sambench run task=edges data=bsds500 shard=1/2 run.dir=half1     on one machine",
        "sambench run task=edges data=bsds500 shard=2/2 run.dir=half2     on another",
        "sambench merge half1 half2 out=whole",
    ),
)
