"""`sambench ablate`: a sweep of one choice, its table and its figure."""

from __future__ import annotations

import sys
from pathlib import Path

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import choices
from sambench.commands.grammar.words import own_words, read
from sambench.config import registry
from sambench.errors import UsageError
from sambench.storage.places import join
from sambench.tables.render import FORMATS


def main(words: list[str]) -> int:
    """Run a sweep."""
    from sambench.config.compose import compose
    from sambench.figures.ablation import ablation_figure
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
        print("\n".join(f"sambench run {' '.join(member)}" for member in members.values()))
        return 0
    failed = 0
    for place, member in enumerate(sweep(ablation, members, compose, results), 1):
        told = f"failed: {member.error}" if member.error else member.folder
        print(f"member {place} of {len(members)}, {member.label}: {told}", file=sys.stderr)
        failed += bool(member.error)
        if member.folder:
            check_metrics(ablation, load_run(member.folder))
    table, notes, title = build_ablation_table(words[0], results)
    out = Path(values["out"])
    for form, ending in FORMATS.items():
        text = as_file(render(table, notes, title, form), form)
        write_text(file_inside(out, ablation.name, f".{ending}"), text)
    drawn = ablation_figure(ablation, member_runs(ablation.name, results), out)
    print(as_file(render(table, notes, title, values["format"]), values["format"]), end="")
    print(
        f"written: {out / ablation.name}.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}", file=sys.stderr
    )
    return 2 if failed else 0


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
        Key("format", "what is printed", str, "md", choices=tuple(FORMATS)),
        Key("out", "where all formats and the figure are written", str, "results/tables", path="local"),
        Key("dry", "print the commands of the members and run nothing", bool, False, example="true"),
    ),
    exit_codes={2: "wrong usage or bad input, or a member failed"},
    examples=(
        "sambench ablate edge_nms",
        "sambench ablate edge_grid data=bsds500 data.root=/data limit=50",
        "sambench ablate encoder data=sa23 data.root=/data checkpoints=[sam_b.pth,sam_l.pth,sam_h.pth]",
        "sambench table edge_nms format=latex",
    ),
)
