"""A gate's finding as one HTML page that asks for nothing beside it and reads on a phone."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 1.5rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.35rem; line-height: 1.3; }
h2 { font-size: 1.05rem; margin-top: 1.5rem; }
h1, li, p { overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
.failing td:last-child { color: #a00000; font-weight: 600; }
.improved td:last-child { color: #00602a; font-weight: 600; }
.untold td:last-child, .shown td:last-child { color: #595959; }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #e8e8e8; }
  th, td { border-color: #3a3a3a; }
  .failing td:last-child { color: #ff8a80; }
  .improved td:last-child { color: #7bd88f; }
  .untold td:last-child, .shown td:last-child { color: #b0b0b0; }
}"""


class GateLine(NamedTuple):
    """A metric's line: how it is marked ("failing", "improved", "untold", "shown" or nothing), and its cells."""

    kind: str
    cells: Sequence[str]


def gate_page(
    heading: str,
    about: Sequence[str],
    heads: Sequence[str],
    lines: Sequence[GateLine],
    reading: Sequence[str],
    lists: Sequence[tuple[str, Sequence[str]]],
) -> str:
    """Write the page; every text is escaped.

    Args:
        heading: The verdict in a line.
        about: What was compared, what forbids it and what differs otherwise.
        heads: Of the table's columns.
        lines: Of the table; no table where there are none.
        reading: How the table is read.
        lists: Further titles, each with its lines.
    """
    body = [f"<h1>{html.escape(heading)}</h1>", *_list(about)]
    if lines:
        body += ['<div class="wide" tabindex="0" role="region" aria-label="metrics">', "<table>", "<thead>"]
        body += [_row("th", heads), "</thead>", "<tbody>"]
        body += [_row("td", line.cells, line.kind) for line in lines]
        body += ["</tbody>", "</table>", "</div>"]
    body += [f"<p>{html.escape(text)}</p>" for text in reading]
    for title, texts in lists:
        body += [f"<h2>{html.escape(title)}</h2>", *_list(texts)]
    head = ['<meta charset="utf-8">', f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">']
    head += ['<meta name="viewport" content="width=device-width, initial-scale=1">']
    head += [f"<title>sambench gate: {html.escape(heading)}</title>", f"<style>\n{_STYLE}\n</style>"]
    page = ["<!doctype html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", *body, "</body>", "</html>"]
    return "\n".join(page) + "\n"


def _list(texts: Sequence[str]) -> list[str]:
    return ["<ul>", *(f"<li>{html.escape(text)}</li>" for text in texts), "</ul>"] if texts else []


def _row(tag: str, cells: Sequence[str], kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f"<tr{marked}>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
