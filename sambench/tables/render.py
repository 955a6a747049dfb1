"""Tables as markdown, CSV, LaTeX and HTML; the same table gives the same bytes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sambench.config.spelling import choose_value
from sambench.files.csv_cells import csv_cell

if TYPE_CHECKING:
    import pandas as pd

FORMATS = {"md": "md", "csv": "csv", "latex": "tex", "html": "html"}
"""Format -> file ending."""

_MARK = re.compile(r" \[(\d+)\](?=(?: \[\d+\])*$)")
_NOTE = re.compile(r"\[(\d+)\] (.*)", re.DOTALL)

_TABLE_STYLE = "margin:1em 0;border-collapse:collapse;font-variant-numeric:tabular-nums"
_ROW_STYLES = {"difference": ' style="font-style:italic"', "not-run": ' style="color:gray"'}
_SUP_STYLE = ' style="line-height:0"'


def check_format(form: object) -> None:
    """Refuse a format that no table is written in.

    Raises:
        UsageError: It is none of `FORMATS`.
    """
    if form not in list(FORMATS):
        raise choose_value("format", form, FORMATS)


def render(table: pd.DataFrame, notes: Sequence[str], title: str, form: str) -> str:
    """Write a table in one format.

    Args:
        table: Texts; a mark of a footnote is " [1]" at the end of a cell or column name.
        notes: The footnotes, as "[1] text"; those without a number belong to the whole table.
        title: Its caption.
        form: "md", "csv", "latex" or "html".

    Raises:
        UsageError: The format is unknown.
    """
    check_format(form)
    writers = {"md": _markdown, "csv": _csv, "latex": _latex, "html": _html}
    return writers[form](table, notes, title)


def _markdown(table: pd.DataFrame, notes: Sequence[str], title: str) -> str:
    """Write aligned pipes that read as plain text too."""
    escaped = table.map(_escape_markdown).rename(columns=_escape_markdown)
    align = [("right" if numeric else "left") for numeric in _numeric(table)]
    body = escaped.to_markdown(index=False, disable_numparse=True, colalign=align)
    return "\n\n".join([title, body, *notes]) + "\n"


def _csv(table: pd.DataFrame, notes: Sequence[str], title: str) -> str:
    """Write plain cells, with a last column that holds the words of each row's footnotes."""
    texts = _numbered(notes)
    plain = table.map(lambda cell: _MARK.sub("", cell)).rename(columns=lambda name: _MARK.sub("", name))
    heads = [name for column in table.columns for name in _MARK.findall(column)]
    noted = [[*heads, *(mark for cell in row for mark in _MARK.findall(cell))] for row in table.to_numpy()]
    plain["note"] = ["; ".join(texts[mark] for mark in dict.fromkeys(marks) if mark in texts) for marks in noted]
    return plain.map(csv_cell).rename(columns=csv_cell).to_csv(index=False, lineterminator="\n")


def _latex(table: pd.DataFrame, notes: Sequence[str], title: str) -> str:
    """Write a floating table with the rules of `booktabs` and its footnotes below."""
    columns = "".join("r" if numeric else "l" for numeric in _numeric(table))
    lines = ["% \\usepackage{booktabs}", r"\begin{table}", r"\centering", rf"\caption{{{_escape_latex(title)}}}"]
    lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines.append(" & ".join(map(_latex_cell, table.columns)) + r" \\")
    lines.append(r"\midrule")
    lines += [" & ".join(map(_latex_cell, row)) + r" \\" for row in table.to_numpy()]
    lines += [r"\bottomrule", r"\end{tabular}"]
    for note in notes:
        match = _NOTE.fullmatch(note)
        text = rf"\textsuperscript{{{match[1]}}} {_escape_latex(match[2])}" if match else _escape_latex(note)
        lines.append(rf"\par{{\footnotesize {text}}}")
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _html(table: pd.DataFrame, notes: Sequence[str], title: str) -> str:
    """Write one table element, in ASCII, that needs nothing beside it; its rows carry their kind as a class."""
    numeric = _numeric(table)
    lines = [f'<table class="sambench" style="{_TABLE_STYLE}">', f"<caption>{_escape_html(title)}</caption>", "<thead>"]
    lines.append(_html_row(list(table.columns), numeric, "th", ' style="border-bottom:1px solid"'))
    lines += ["</thead>", "<tbody>"]
    for row in table.to_numpy():
        kind = _kind(row[-1])
        lines.append(_html_row(list(row), numeric, "td", f' class="{kind}"{_ROW_STYLES.get(kind, "")}'))
    lines.append("</tbody>")
    if notes:
        cells = (
            f'<tr><td colspan="{table.shape[1]}" style="padding:0 8px">{_html_note(note)}</td></tr>' for note in notes
        )
        lines += ["<tfoot>", *cells, "</tfoot>"]
    return "\n".join([*lines, "</table>"]) + "\n"


def as_file(texts: str, form: str) -> str:
    """Make a file of tables in one format (`render`): of HTML a page that runs no script whatever its cells hold."""
    if form != "html":
        return texts
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    heads = ['<meta charset="utf-8">', f'<meta http-equiv="Content-Security-Policy" content="{policy}">']
    lines = ["<!doctype html>", '<html lang="en">', "<head>", *heads, "<title>sambench table</title>", "</head>"]
    return "\n".join([*lines, "<body>", f"{texts}</body>", "</html>"]) + "\n"


def _html_row(cells: Sequence[str], numeric: Sequence[bool], tag: str, attributes: str = "") -> str:
    aligned = ["text-align:right;white-space:nowrap" if right else "text-align:left" for right in numeric]
    styles = [f' style="{align};padding:2px 8px"' for align in aligned]
    markup = "".join(f"<{tag}{style}>{_html_cell(cell)}</{tag}>" for cell, style in zip(cells, styles, strict=True))
    return f"<tr{attributes}>{markup}</tr>"


def _html_cell(cell: str) -> str:
    return _MARK.sub(rf"<sup{_SUP_STYLE}>\1</sup>", _escape_html(cell))


def _html_note(note: str) -> str:
    match = _NOTE.fullmatch(note)
    text = _escape_html(match[2] if match else note)
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", text)
    return f"<sup{_SUP_STYLE}>{match[1]}</sup> {text}" if match else text


def _kind(source: str) -> str:
    """Return the class of a row, from how its source column begins."""
    return next((one for one in ("measured", "difference", "not run") if source.startswith(one)), "published").replace(
        " ", "-"
    )


def _numbered(notes: Sequence[str]) -> dict[str, str]:
    return {match[1]: match[2] for note in notes if (match := _NOTE.fullmatch(note))}


def _numeric(table: pd.DataFrame) -> list[bool]:
    """Tell which columns hold numbers and stand on the right: all but the first, the last and those of words."""
    inner = table.iloc[:, 1:-1]
    numeric = [not inner.iloc[:, index].str.fullmatch(r"(?![+-]?\.?\d).+").any() for index in range(inner.shape[1])]
    return [False, *numeric, False]


def _escape_markdown(text: str) -> str:
    return re.sub(r"([\\|*<])", r"\\\1", text.replace("\n", " "))


def _escape_html(text: str) -> str:
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode("ascii")


_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {"<": r"\textless{}", ">": r"\textgreater{}", '"': "''"}
_LATEX |= {character: f"\\{character}" for character in "&%$#_{}"}


def _escape_latex(text: str) -> str:
    """Escape a text; words in backquotes are set in a typewriter face."""
    parts = ["".join(_LATEX.get(character, character) for character in part) for part in text.split("`")]
    return "".join(
        rf"\texttt{{{part.replace('--', '-{}-')}}}" if index % 2 else part for index, part in enumerate(parts)
    )


def _latex_cell(cell: str) -> str:
    """Escape a cell: marks are raised, a sign is a minus; a bracket in front would belong to the row above."""
    text, marks = _MARK.sub("", cell), ",".join(_MARK.findall(cell))
    text = re.sub(r"^\[", "{[}", re.sub(r"^-(?=\.?\d)", "$-$", _escape_latex(text)))
    return text + (rf"\textsuperscript{{{marks}}}" if marks else "")
