"""What `sambench reproduce` prints, and the page it writes: the same text for the same outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from sambench.commands.reproductions.catalogue import DATA, Input, Reproduction, families
from sambench.commands.reproductions.running import Figure, Outcome
from sambench.runs.summary import number

WORDS = {"within": "within", "outside": "**outside**", "beside": "no recipe published"}
"""Verdict -> how a table says it."""

HEAD = """\
# Reproductions

Published numbers, made again by commands. `sambench reproduce all data.root=DATA page=FILE` writes this page. What was
run, where its inputs come from and why a number may differ by as much as it does is below the tables; *no recipe
published* means that the source does not say how its number was made, so that there is nothing to be within.
"""


def badge(outcomes: Sequence[Outcome]) -> str:
    """Return the one line that says it all, as a README shows it."""
    verdicts = [figure.verdict for one in outcomes for figure in one.figures]
    judged = len(verdicts) - verdicts.count("beside")
    run, absent = sum(bool(one.figures) for one in outcomes), sum(not one.figures for one in outcomes)
    line = f"**{verdicts.count('within')} of {judged} published figures reproduced within their tolerances** by"
    line += f" {run} {'command' if run == 1 else 'commands'}"
    if judged < len(verdicts):
        line += f"; {len(verdicts) - judged} more stand beside figures whose recipe is not published"
    return f"{line}; {absent} entries were not run here." if absent else f"{line}."


def report_text(outcomes: Sequence[Outcome]) -> str:
    """Return what is printed: the table, what is missing, what failed, the line that says it all."""
    parts = [figure_table(outcomes)] if any(one.figures for one in outcomes) else []
    absent = [one for one in outcomes if one.missing]
    if absent:
        parts.append("not run:\n" + "\n".join(f"  {one.entry.name}: {'; '.join(_whys(one))}" for one in absent))
        lacking = {each.name + each.place: each for one in absent for each in _lacking(one)}
        parts.append("to bring:\n" + "\n".join(f"  {_brought(each)}" for each in lacking.values()))
    parts += [f"failed: {one.entry.name}: {one.error}" for one in outcomes if one.error]
    return "\n\n".join([*parts, badge(outcomes)]) + "\n"


def figure_table(outcomes: Sequence[Outcome]) -> str:
    """Return the figures as a markdown table, one row each."""
    rows = [
        "| entry | metric | published | reproduced | 95 % interval | difference | tolerance | verdict |",
        "|:--|:--|--:|--:|:-:|--:|--:|:--|",
    ]
    rows += [_row(one.entry, figure) for one in outcomes for figure in one.figures]
    return "\n".join(rows)


def page(outcomes: Sequence[Outcome]) -> str:
    """Return the whole page in markdown."""
    entries = [one.entry for one in outcomes]
    parts = [HEAD, badge(outcomes) + "\n", figure_table(outcomes) + "\n"]
    absent = [one for one in outcomes if not one.figures]
    if absent:
        parts.append("## Not run here\n")
        parts.append("\n".join(["| entry | published | what is missing |", "|:--|:--|:--|", *map(_absent_row, absent)]))
        parts.append("")
    parts.append("## What to put where\n")
    parts.append(f"Paths are below `{DATA}`, the folder that `data.root` names.\n")
    parts.append(_layout(entries) + "\n")
    parts.append("## Sources, commands, tolerances\n")
    for family, line in families().items():
        own = [entry for entry in entries if entry.name.startswith(f"{family}/")]
        if own:
            parts.append(f"### {family}\n\n{_sentence(line)}\n")
            parts.append("\n".join(_described(entry) for entry in own) + "\n")
    return "\n".join(parts).rstrip() + "\n"


def _row(entry: Reproduction, figure: Figure) -> str:
    digits = max(4, len(figure.published.partition(".")[2]))
    low, high = (number(end, 4) for end in figure.ci95) if figure.ci95 is not None else ("", "")
    interval = f"[{low}, {high}]" if low and high else ""
    difference = number(round(figure.difference, digits) + 0.0, digits)  # no minus before a zero
    signed = f"+{difference}" if difference and not difference.startswith("-") else difference
    allowed = number(entry.tolerance, 6).rstrip("0") if entry.verdict else ""
    cells = [f"`{entry.name}`", figure.metric, _plain(figure.published), number(figure.value, digits), interval, signed]
    return f"| {' | '.join([*cells, allowed, WORDS[figure.verdict]])} |"


def _plain(published: str) -> str:
    """Return a fraction as the field writes it: .768."""
    return published.replace("0.", ".", 1) if published.startswith("0.") else published


def _lacking(one: Outcome) -> list[Input]:
    """Return the inputs of an entry that are not there."""
    return [each for each in one.entry.inputs if each.name in one.missing]


def _whys(one: Outcome) -> list[str]:
    return list(dict.fromkeys(one.missing.values()))


def _absent_row(one: Outcome) -> str:
    values = ", ".join(f"{metric} {_plain(value)}" for metric, value in one.entry.published.items())
    return f"| `{one.entry.name}` | {values} | {one.error or '; '.join(each.what for each in _lacking(one))} |"


def _brought(one: Input) -> str:
    size = f", {one.size}" if one.size else ""
    return f"{one.place or f'package {one.package}'}: {one.what} ({one.home}{size})"


def _layout(entries: Sequence[Reproduction]) -> str:
    """Return a table of every input that some entry needs, each place once."""
    by_location = {(one.place or one.package): one for entry in entries for one in entry.inputs}
    rows = ["| place | what | from | size |", "|:--|:--|:--|:--|"]
    for location, one in sorted(by_location.items()):
        where = f"`{location}`" if one.place else f"package `{location}`"
        rows.append(f"| {where} | {one.what} | <{one.home}> | {one.size} |")
    return "\n".join(rows)


def _described(entry: Reproduction) -> str:
    command = f"sambench {entry.command}"
    allowed = f"Tolerance {number(entry.tolerance, 6).rstrip('0')}: " if entry.verdict else "Without a verdict: "
    return (
        f"* **{entry.name}**: {entry.title}. Source: {entry.source}. {allowed}{_sentence(entry.reason)}\n  `{command}`"
    )


def _sentence(text: str) -> str:
    """Return a text on one line with one full stop."""
    return " ".join(text.split()).rstrip(".") + "."
