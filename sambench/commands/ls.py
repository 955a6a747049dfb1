"""`sambench ls`: what tasks, models, data, tables and runs there are."""

from __future__ import annotations

from collections.abc import Sequence

from sambench.commands.words import checked, parse
from sambench.config import registry
from sambench.config.spelling import nearest
from sambench.errors import SambenchError, UsageError
from sambench.redact import without_secrets
from sambench.storage.places import Place, join

HELP = """\
sambench ls tasks|models|data|tables      the names there are, each with a line about it
sambench ls runs [results=results]        stored runs with their state and first metrics

  results=FOLDER        where runs are looked for, a path or URL
  --config-dir FOLDER   lists what your own folder of configurations holds, too

examples:
  sambench ls models
  sambench ls runs results=/data/results
"""

RUNS = """\
sambench ls runs [results=results]

Prints every stored run below a folder with its state and its first metrics; one that cannot be read is told.

  results=FOLDER    where runs are looked for, a path or URL

example:
  sambench ls runs results=s3://bucket/results
"""

_OF = {
    "tasks": "task, as in `sambench run task=NAME`",
    "models": "model, as in `sambench run task=edges model=NAME`",
    "data": "data set, as in `sambench run task=edges data=NAME`",
    "tables": "table, as in `sambench table NAME`",
}


def page(words: Sequence[str]) -> str:
    """Return the page of one of the lists, or of all."""
    what = words[0] if words else ""
    if what == "runs":
        return RUNS
    if what not in _OF:
        return HELP
    return f"""\
sambench ls {what} [--config-dir FOLDER]

Prints the name of every {_OF[what]}, with a line about it; no keys.

  --config-dir FOLDER   those of your own folder of configurations, too

example:
  sambench ls {what}
"""


GROUPS = {"tasks": "task", "models": "model", "data": "data"}


def main(words: list[str]) -> int:
    """Print one list."""
    what, rest = (words[0], words[1:]) if words else ("", [])
    if what in GROUPS or what == "tables":
        parse(rest, {}, f"ls {what}")
        lines = tables() if what == "tables" else registry.options(GROUPS[what])
        width = max(map(len, lines), default=0)
        print("\n".join(f"{name:{width}}  {line}" for name, line in lines.items()))
        return 0
    if what == "runs":
        return _runs(join(checked(parse(rest, {"results": "results"}, "ls runs"), {"results": str})["results"]))
    near = nearest(what, [*GROUPS, "tables", "runs"]) or ["tasks, models, data, tables or runs"]
    raise UsageError(
        f"cannot list {what!r}" if what else "nothing was named to list",
        where=f"sambench ls {what}".strip(),
        mend=f"use sambench ls {near[0]}",
    )


def tables() -> dict[str, str]:
    """Map every table of `sambench table`, those of sweeps last, to a line about it."""
    found = {"all": "every table of the article, one after the other", **registry.options("table")}
    return found | {
        name: f"sweep of {line}" for name, line in registry.options("ablation").items() if name not in found
    }


def _runs(folder: Place) -> int:
    """Print the runs below a folder with their state and main metrics; a damaged one is told, not skipped."""
    from sambench.runs.open import load_run, run_places
    from sambench.runs.summary import number

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
