"""`sambench ls`: what tasks, models, data, tables and runs there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sambench.commands.grammar.declaration import Command
from sambench.commands.grammar.lists import listed
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.commands.ls_runs import RUNS
from sambench.config import registry
from sambench.tables.folding import terminal_width

_FLAGS = {"--config-dir FOLDER": "those of your own folder of configurations, too"}


def _named(what: str, about: str, names: Callable[[], dict[str, str]]) -> Command:
    """Declare the list of one kind of names."""

    def main(words: list[str]) -> int:
        form = read(part, words)["format"]
        lines = names()
        result = {"names": [{"name": name, "about": line} for name, line in lines.items()]}
        tell(form, result, lambda: listed(lines, "", terminal_width()))
        return 0

    part = Command(
        name=f"ls {what}",
        summary=f"every {about}",
        main=main,
        runs_bare=True,
        about=f"Prints the name of every {about}, with a line about it.",
        keys=(FORMAT,),
        result="data:NamesResult",
        flags=_FLAGS,
        examples=(f"sambench ls {what}",),
    )
    return part


def tables() -> dict[str, str]:
    """Map every table of `sambench table`, those of sweeps last, to a line about it."""
    lines = {"all": "every table of the article, one after the other", **registry.options("table")}
    return lines | {
        name: f"sweep of {line}" for name, line in registry.options("ablation").items() if name not in lines
    }


LS = Command(
    name="ls",
    summary="what tasks, models, data, tables and runs there are",
    parts=(
        _named("tasks", "task, as in `sambench run task=NAME`", partial(registry.options, "task")),
        _named("models", "model, as in `sambench run task=edges model=NAME`", partial(registry.options, "model")),
        _named("data", "data set, as in `sambench run task=edges data=NAME`", partial(registry.options, "data")),
        _named("tables", "table, as in `sambench table NAME`", tables),
        RUNS,
    ),
    flags=_FLAGS,
    examples=("sambench ls models", "sambench ls runs results=/data/results"),
)
