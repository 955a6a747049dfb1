"""`sambench diff`: what two stored runs differ in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sambench.commands.grammar.declaration import Command
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.errors import UsageError

if TYPE_CHECKING:
    from sambench.runs.differences import RunDifferences, Unlike
    from sambench.runs.run import Run

LONGEST = 34
"""Characters of a value that a table of texts shows; format=json has all of them."""


def main(words: list[str]) -> int:
    """Print what differs."""
    from sambench.runs.differences import run_differences
    from sambench.runs.open import load_run
    from sambench.runs.run import with_distinct_names

    named = [word for word in words if DIFF.key(word.partition("=")[0]) is None]
    values = read(DIFF, [word for word in words if word not in named])
    if len(named) != 2:
        raise UsageError(
            f"{len(named) or 'no'} run{'s' * (len(named) != 1)} given, a difference is of two",
            where="sambench diff",
            mend="use sambench diff RUN OTHER",
        )
    runs = with_distinct_names([load_run(location) for location in named])
    differences = run_differences(*runs)
    result = {
        "runs": [{"run": run.location, "label": run.label, "state": run.record.status} for run in runs],
        "settings": [_entry(one) for one in differences.settings],
        "environment": [_entry(one) for one in differences.environment],
        "metrics": [
            {"metric": one.metric, "first": one.first, "second": one.second, "difference": one.difference}
            for one in differences.metrics
        ],
    }
    tell(values["format"], result, lambda: _text(runs, differences))
    return 0


def _entry(one: Unlike) -> dict[str, Any]:
    return {"key": one.key, "first": one.first, "second": one.second}


def _text(runs: Sequence[Run], differences: RunDifferences) -> str:
    from sambench.files.safe_names import printable
    from sambench.tables.folding import folded_text, terminal_width

    width = terminal_width()
    lines = [printable(f"{word}: {run.location} ({run.label})") for word, run in zip(("A", "B"), runs, strict=True)]
    for title, unlike in (("settings", differences.settings), ("environment", differences.environment)):
        rows = [[printable(one.key), _short(one.first), _short(one.second)] for one in unlike]
        table = folded_text([title, "A", "B"], rows, ["left"] * 3, ("B",), width)
        lines += ["", table if rows else f"{title}: no difference"]
    if differences.metrics:
        rows = [
            [printable(one.metric), *map(_number, (one.first, one.second)), _number(one.difference, "+")]
            for one in differences.metrics
        ]
        align = ("left", "right", "right", "right")
        lines += ["", folded_text(["metric", "A", "B", "B - A"], rows, align, (), width)]
        lines += ["whether a difference is more than chance: sambench gate baseline=A candidate=B"]
    return "\n".join(lines)


def _number(value: float, sign: str = "") -> str:
    return "" if value != value else f"{value:{sign}.4f}"


def _short(value: Any) -> str:
    from sambench.files.safe_names import printable

    text = printable(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


DIFF = Command(
    name="diff",
    summary="what two runs differ in: settings, environment, metrics",
    main=main,
    argument="RUN OTHER",
    arguments="paths",
    about="""\
Prints in which settings two stored runs differ (their weights' and data's fingerprints among them), in which versions
and machines, and their metrics beside each other. It reads their records alone; whether a difference is more than
chance is told by `sambench gate`.""",
    keys=(FORMAT,),
    result="runs:DiffResult",
    examples=("sambench diff results/edges/a results/edges/b",),
)
