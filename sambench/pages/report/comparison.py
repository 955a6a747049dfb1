"""What a comparison of several runs found, as markdown, CSV, LaTeX and an HTML page with its figure."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sambench.drawing.figures.comparison import draw_standings
from sambench.files.atomic import write_text
from sambench.gates.result import CANNOT_TELL, NOT_COMPARABLE
from sambench.gates.standings import CompareResult, PairFound
from sambench.tables.render import render

if TYPE_CHECKING:
    import pandas as pd

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 0 1rem 2rem; color: #222; }
.wide { overflow-x: auto; }
img { width: 100%; max-width: 60rem; min-width: 38rem; height: auto; }
caption { text-align: left; font-weight: 600; padding: 4px 8px; }
td, th { white-space: nowrap; }
li { overflow-wrap: anywhere; }"""


def render_comparison(result: CompareResult, form: str) -> str:
    """Write a finding as "md", "csv", "latex" or "html" (parts of a page)."""
    if result.forbidding:
        return "\n".join([f"{NOT_COMPARABLE} ({_what(result)})", "", *_sides(result)]) + "\n"
    notes = _notes(result)
    parts = [
        render(ranking_table(result), notes if form in ("md", "latex") else [], f"Ranking ({_what(result)})", form),
        render(pair_table(result), [], "Every two runs: the first held against the second", form),
    ]
    if form == "md":
        return "\n".join([*(f"- {line}" for line in _sides(result)), "", *parts])
    if form == "csv":
        return "\n".join(f"# {title}\n{part}" for title, part in zip(("ranking", "pairs"), parts, strict=True))
    if form == "html":
        parts = [f'<div class="wide">\n{part}</div>' for part in parts] + [f"<p>{html.escape(' '.join(notes))}</p>"]
    return "\n".join(parts)


def ranking_table(result: CompareResult) -> pd.DataFrame:
    """Return a row a metric and run, the best first, as texts."""
    models = {one.label: one.model for one in result.runs}
    rows = [
        (
            one.metric,
            f"{one.run} ({models[one.run]})",
            "undefined" if one.value != one.value else f"{one.value:.4f}",
            str(one.rank),
            " to ".join(str(rank) for rank in dict.fromkeys(one.ranks)),
            one.told,
        )
        for one in result.ranking
    ]
    return pd.DataFrame(rows, columns=["metric", "run", "value", "rank", "ranks possible", "standing"])


def pair_table(result: CompareResult) -> pd.DataFrame:
    """Return a row a metric and pair, as texts."""
    percent = f"simultaneous {100 * (1 - result.alpha):g} % interval"
    columns = ["metric", "runs", "difference", percent, "p", "verdict"]
    return pd.DataFrame([_pair_cells(one, result.samples) for one in result.pairs], columns=columns)


def _pair_cells(one: PairFound, samples: int) -> tuple[str, ...]:
    low, high = one.interval
    verdict = one.verdict if one.support == samples else f"{one.verdict} ({one.support} of {samples} images)"
    return (
        one.metric,
        f"{one.first} - {one.second}",
        "" if one.difference != one.difference else f"{one.difference:+.4f}",
        "" if low != low else f"[{low:+.4f}, {high:+.4f}]",
        "" if one.p != one.p else f"{one.p:.4f}",
        verdict,
    )


def write_comparison(result: CompareResult, folder: Path) -> list[Path]:
    """Write `compare.md`, `.tex`, `.html`, `ranking.csv` and `pairs.csv`, and the figure as `compare.png` and `.svg`.

    Returns:
        The files; of runs that are not comparable `compare.md` alone, which says why.
    """
    texts = {"compare.md": render_comparison(result, "md")}
    figures: list[Path] = []
    if not result.forbidding:
        figures = draw_standings(result, folder)
        texts |= {"compare.tex": render_comparison(result, "latex"), "compare.html": _page(result, figures[-1])}
        for name, table in (("ranking", ranking_table(result)), ("pairs", pair_table(result))):
            texts[f"{name}.csv"] = render(table, [], "", "csv")
    for name, text in texts.items():
        write_text(folder / name, text)
    return [*(folder / name for name in texts), *figures]


def _page(result: CompareResult, figure: Path) -> str:
    """Write the HTML page, with the figure in it; it needs nothing beside it and runs no script."""
    sides = "\n".join(f"<li>{html.escape(line)}</li>" for line in _sides(result))
    picture = base64.b64encode(figure.read_bytes()).decode("ascii")
    heads = ['<meta charset="utf-8">', f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">']
    heads += ['<meta name="viewport" content="width=device-width, initial-scale=1">']
    body = [f"<h1>{len(result.runs)} runs compared</h1>", f"<ul>\n{sides}\n</ul>"]
    seen = "how far each run is from the best, with intervals"
    body += [f'<div class="wide"><img alt="{seen}" src="data:image/svg+xml;base64,{picture}"></div>']
    lines = ["<!doctype html>", '<html lang="en">', "<head>", *heads, "<title>sambench compare</title>"]
    lines += [f"<style>\n{_STYLE}\n</style>", "</head>", "<body>", *body, render_comparison(result, "html"), "</body>"]
    return "\n".join([*lines, "</html>"]) + "\n"


def _what(result: CompareResult) -> str:
    return f"{result.task}, {result.data}, {result.samples} images"


def _sides(result: CompareResult) -> list[str]:
    """Say which runs were compared, what forbids it and what differs otherwise."""
    first = result.runs[0].label
    lines = [f"{one.label}: {one.path} ({one.model})" for one in result.runs]
    for word, differences in (("forbids a comparison: ", result.forbidding), ("differs: ", result.told)):
        for other, one in differences:
            mend = f"; {one.mend}" if one.mend else ""
            lines.append(f"{word}{one.key}: {one.baseline} in {first}, {one.candidate} in {other}{mend}")
    holders: dict[str, list[str]] = {}
    for name, own in result.uncompared.items():
        holders.setdefault(", ".join(own), []).append(name)
    return lines + [f"not compared: {', '.join(names)}, which only {own} has" for own, names in holders.items()]


def _notes(result: CompareResult) -> Sequence[str]:
    notes = [
        f"{result.replicates} resamples of the images, the same in all runs. Intervals and p values hold for all pairs"
        f" and metrics together; better, worse: the interval leaves out 0. Ranks possible: what those verdicts leave."
    ]
    if any(one.support < result.samples and one.verdict == CANNOT_TELL for one in result.pairs):
        notes.append("Where too few images carry a metric there is no interval.")
    return notes
