"""`sambench ablate`: a sweep of one choice, its table and its figure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import choices
from sambench.commands.grammar.output import format_key, tell
from sambench.commands.grammar.words import own_words, read
from sambench.config import registry
from sambench.errors import UsageError
from sambench.files.progress import say
from sambench.files.storage.locations import join
from sambench.tables.render import FORMATS


def main(words: list[str]) -> int:
    """Run a sweep."""
    from sambench.commands.results.tables import shown_runs, table_result
    from sambench.config.compose import compose
    from sambench.drawing.figures.ablation import ablation_figure
    from sambench.files.atomic import write_text
    from sambench.files.safe_names import file_inside
    from sambench.gates.ablation import member_words, sweep
    from sambench.runs.open import load_run
    from sambench.tables.ablations import build_ablation_table, check_metrics, load_ablation, member_runs
    from sambench.tables.render import as_file, render

    ablation = load_ablation(words[0])
    own, others = own_words(ABLATE, words[1:])
    values = read(ABLATE, own)
    members = member_words(ablation, others, values["checkpoints"])
    first = next(iter(members.values()))
    try:
        results = join(compose(first, also=[key.name for key in ABLATE.keys])["run"]["results"])
    except UsageError as error:
        if error.where in first and error.where not in others:
            mend = error.mend
            if str(error.where).lstrip("+").startswith("model."):
                mend = f"choose a model that has it: sambench ablate {words[0]} model=NAME model.checkpoint=FILE"
            raise UsageError(error.what, where=f"{error.where}, which the sweep sets", mend=mend) from error
        raise
    if values["dry"]:
        commands = [f"sambench run {' '.join(member)}" for member in members.values()]
        tell(values["format"], result_of([], [], [], commands, 0), "\n".join(commands))
        return 0
    failed = 0
    for number, member in enumerate(sweep(ablation, members, compose, results), 1):
        if member.error:
            print(f"member {number} of {len(members)}, {member.label}: failed: {member.error}", file=sys.stderr)
        else:
            say(f"member {number} of {len(members)}, {member.label}: {member.folder}")
        failed += bool(member.error)
        if member.folder:
            check_metrics(ablation, load_run(member.folder))
    table, notes, title = build_ablation_table(words[0], results)
    out = Path(values["out"])
    for form, ending in FORMATS.items():
        text = as_file(render(table, notes, title, form), form)
        write_text(file_inside(out, ablation.name, f".{ending}"), text)
    runs = member_runs(ablation.name, results)
    drawn = ablation_figure(ablation, runs, out)
    files = [*(f"{out / ablation.name}.{ending}" for ending in FORMATS.values()), *map(str, drawn)]
    form = values["format"]
    result = result_of(
        [table_result(ablation.name, table, notes, title)], shown_runs(list(runs.values())), files, [], failed
    )
    tell(form, result, lambda: as_file(render(table, notes, title, form), form).removesuffix("\n"))
    say(f"written: {out / ablation.name}.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}")
    return 2 if failed else 0


def result_of(tables: list[Any], runs: list[Any], files: list[str], commands: list[str], failed: int) -> dict[str, Any]:
    """Return a sweep as `SweepResult`."""
    return {"tables": tables, "runs": runs, "files": files, "commands": commands, "failed": failed}


ABLATE = Command(
    name="ablate",
    summary="a sweep of one choice, its table and figure",
    main=main,
    argument="NAME",
    arguments=lambda: registry.options("ablation"),
    takes_run_words=True,
    about="""\
Runs every member of a sweep (an ordinary run each, with `sambench run`'s key=value words for all of them), then prints
its table, each member compared with the reference member over the same images, and draws its figure. Members that are
finished are reused, interrupted ones go on, failed ones are listed and do not stop the rest. NAME may be a YAML file of
one's own.""",
    lists=lambda: f"sweeps:\n{choices('ablation')}",
    keys=(
        Key("checkpoints", "a member for each of these weights", list[str], example="[A,B,...]", path="url"),
        format_key(tuple(FORMATS), "md"),
        Key("out", "where all formats and the figure are written", str, "results/tables", path="local"),
        Key("dry", "print the commands of the members and run nothing", bool, False, example="true"),
    ),
    result="tables:SweepResult",
    exit_codes={2: "wrong usage or bad input, or a member failed"},
    examples=(
        "sambench ablate edge_nms",
        "sambench ablate edge_grid data=bsds500 data.root=/data limit=50",
        "sambench ablate encoder data=sa23 data.root=/data checkpoints=[sam_b.pth,sam_l.pth,sam_h.pth]",
        "sambench table edge_nms format=latex",
    ),
)
