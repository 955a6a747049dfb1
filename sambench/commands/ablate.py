"""`sambench ablate`: a sweep of one choice, its table and its figure."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sambench.commands.lists import listed
from sambench.commands.words import as_list, checked, parse
from sambench.errors import UsageError
from sambench.storage.places import join

HELP = """\
sambench ablate NAME [key=value ...] [checkpoints=[A,B,...]] [format=md] [out=results/tables] [dry=true]

Runs every member of a sweep (an ordinary run each, with `sambench run`'s key=value words for all of them), then prints
its table, each member compared with the reference member over the same images, and draws its figure. Members that are
finished are reused, interrupted ones go on, failed ones are listed and do not stop the rest. dry=true prints the
commands only. NAME may be a YAML file of one's own.

sweeps:
{sweeps}

examples:
  sambench ablate edge_nms
  sambench ablate edge_grid data=bsds500 data.root=/data limit=50
  sambench ablate encoder data=sa23 data.root=/data checkpoints=[sam_b.pth,sam_l.pth,sam_h.pth]
  sambench table edge_nms format=latex
exit code: 0, or 2 where a member failed
"""

OWN = {"checkpoints": None, "format": "md", "out": "results/tables", "dry": False}


def page(words: Sequence[str]) -> str:
    """Return the page, with the list of sweeps."""
    from sambench.tables.ablations import ablation_names

    return HELP.format(sweeps=listed(ablation_names()))


def main(words: list[str]) -> int:
    """Run a sweep."""
    if not words:
        print(page(words))
        return 2
    from sambench.api import compose
    from sambench.figures.ablation import ablation_figure
    from sambench.files.atomic import write_text
    from sambench.files.safe_names import file_inside
    from sambench.gates.ablation import member_words, sweep
    from sambench.runs.open import load_run
    from sambench.tables.ablations import build_ablation_table, check_metrics, load_ablation, member_runs
    from sambench.tables.render import FORMATS, as_file, check_format, render

    ablation = load_ablation(words[0])
    own = [word for word in words[1:] if word.partition("=")[0] in OWN]
    values = checked(parse(own, OWN, f"ablate {words[0]}"), {"out": str, "dry": bool})
    check_format(values["format"])
    others = [word for word in words[1:] if word not in own]
    members = member_words(ablation, others, as_list(values["checkpoints"]))
    first = next(iter(members.values()))
    try:
        results = join(compose(first, also=list(OWN))["run"]["results"])
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
