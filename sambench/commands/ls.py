"""`sambench ls`: what tasks, models, data, tables and runs there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.words import read
from sambench.config import registry
from sambench.errors import SambenchError
from sambench.redact import without_secrets
from sambench.storage.places import join

_FLAGS = {"--config-dir FOLDER": "those of your own folder of configurations, too"}


def _named(what: str, about: str, names: Callable[[], dict[str, str]]) -> Command:
    """Declare the list of one kind of names."""

    def main(words: list[str]) -> int:
        read(part, words)
        lines = names()
        width = max(map(len, lines), default=0)
        print("\n".join(f"{name:{width}}  {line}" for name, line in lines.items()))
        return 0

    part = Command(
        name=f"ls {what}",
        summary=f"every {about}",
        main=main,
        runs_bare=True,
        about=f"Prints the name of every {about}, with a line about it; no keys.",
        flags=_FLAGS,
        examples=(f"sambench ls {what}",),
    )
    return part


def tables() -> dict[str, str]:
    """Map every table of `sambench table`, those of sweeps last, to a line about it."""
    found = {"all": "every table of the article, one after the other", **registry.options("table")}
    return found | {
        name: f"sweep of {line}" for name, line in registry.options("ablation").items() if name not in found
    }


def _runs(words: list[str]) -> int:
    """Print the runs below a folder with their state and main metrics; a damaged one is told, not skipped."""
    from sambench.runs.open import load_run, run_places
    from sambench.runs.summary import number

    folder = join(read(RUNS, words)["results"])
    found = run_places(folder)
    if not found:
        print(f"no runs below {without_secrets(str(folder))}")
    for place in found:
        try:
            run = load_run(place)
        except SambenchError as error:
            print(f"{without_secrets(str(place))}  cannot be read: {error.what}")
            continue
        told = ", ".join(f"{name} {number(metric.value)}" for name, metric in list(run.metrics.items())[:4])
        print(f"{without_secrets(str(place))}  {run.record.status}  {told}")
    return 0


RUNS = Command(
    name="ls runs",
    summary="stored runs with their state and first metrics",
    main=_runs,
    runs_bare=True,
    about="Prints every stored run below a folder with its state and its first metrics, or that it cannot be read.",
    keys=(Key("results", "where runs are looked for, a path or URL", str, "results", path="url"),),
    examples=("sambench ls runs results=s3://bucket/results",),
)

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
