"""Text that fits the terminal: wide markdown tables are parted into narrower ones, other long lines break at words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from sambench.tables.folding import broken

_BETWEEN = re.compile(r"(?<!\\)\|")

_RULE = re.compile(r"\|[-:| ]+\|")


def fitted(text: str, width: int | None) -> str:
    """Return a text whose lines fit a terminal; nothing is left out, and no cell of a table is wrapped.

    Of a markdown table that is too wide the columns that do not fit follow below it: several that fit beside the names
    of its rows in a table of their own, others in a line a row.

    Args:
        text: Lines, markdown tables among them.
        width: Columns of the terminal; None for as many as it takes (`terminal_width`).
    """
    if width is None:
        return text
    pieces: list[str] = []
    for piped, group in groupby(text.split("\n"), key=lambda line: line.startswith("|")):
        lines = list(group)
        if piped and len(lines) > 1 and _RULE.fullmatch(lines[1]):
            pieces += _parted(lines, width)
        else:
            pieces += [part for line in lines for part in broken(line, width)]
    return "\n".join(pieces)


def joined(parts: Sequence[str], width: int | None) -> str:
    """Write parts of one line with two spaces between them; what does not fit goes on in lines that are indented."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}  {part}" if lines[-1] else part
        if lines[-1] and width is not None and len(longer) > width:
            lines.append(f"    {part}")
        else:
            lines[-1] = longer
    return "\n".join(piece for line in lines for piece in broken(line, width))


def _parted(lines: Sequence[str], width: int) -> list[str]:
    """Part a markdown table: tables that fit, then a line a row for what is in none of them.

    Where two rows have one name, and words in the next column, these belong to the names.
    """
    if max(map(len, lines)) <= width:
        return list(lines)
    heads, rule, *rows = [_cells(line) for line in lines]
    named = len({row[0] for row in rows}) == len(rows) or len(heads) < 3 or _on_the_right(rule[1])
    naming = 1 if named else 2
    sizes = [max(len(row[index]) for row in (heads, *rows)) + 3 for index in range(len(heads))]
    left = width - 1 - sum(sizes[:naming])
    narrow = [index for index in range(naming, len(heads)) if sizes[index] <= left]
    first, *others = _shares(narrow, sizes, left) or [[]]
    shares = [shared for shared in (first, *(one for one in others if len(one) > 1)) if shared]
    parted: list[str] = []
    for shared in shares:
        columns = [*range(naming), *shared]
        parted += [*([""] if parted else []), _row(heads, rule, columns, sizes), _ruled(rule, columns, sizes)]
        parted += [_row(row, rule, columns, sizes) for row in rows]
    wide = [index for index in range(naming, len(heads)) if not any(index in shared for shared in shares)]
    below = [line for row in rows for line in _below(heads, row, naming, wide, width)]
    return [*parted, *([""] if parted and below else []), *below]


def _shares(columns: Sequence[int], sizes: Sequence[int], left: int) -> list[list[int]]:
    """Deal columns out to as many tables as it takes, in their order."""
    shares: list[list[int]] = []
    for index in columns:
        if shares and sum(sizes[one] for one in shares[-1]) + sizes[index] <= left:
            shares[-1].append(index)
        else:
            shares.append([index])
    return shares


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _BETWEEN.split(line.strip()[1:-1])]


def _below(heads: Sequence[str], row: Sequence[str], naming: int, places: Sequence[int], width: int) -> list[str]:
    """Write some cells of a row as `name: head cell; head cell`, broken between cells where that is possible."""
    cells = [f"{heads[index]} {row[index]}".strip() for index in places if row[index]]
    if not cells:
        return []
    lines = [f"{' '.join(filter(None, row[:naming]))}:"]
    for cell in [*(f"{one};" for one in cells[:-1]), cells[-1]]:
        if len(f"{lines[-1]} {cell}") <= width:
            lines[-1] += f" {cell}"
        else:
            lines.append(f"  {cell}")
    return [part for line in lines for part in broken(line, width)]


def _row(cells: Sequence[str], rule: Sequence[str], columns: Sequence[int], sizes: Sequence[int]) -> str:
    sides = [str.rjust if _on_the_right(rule[index]) else str.ljust for index in columns]
    shown = [side(cells[index], sizes[index] - 3) for side, index in zip(sides, columns, strict=True)]
    return f"| {' | '.join(shown)} |"


def _on_the_right(rule: str) -> bool:
    return rule.endswith(":") and not rule.startswith(":")


def _ruled(rule: Sequence[str], columns: Sequence[int], sizes: Sequence[int]) -> str:
    """Write the line below the heads, which says again which columns stand on the right."""
    ends = [(rule[index].startswith(":"), rule[index].endswith(":")) for index in columns]
    dashes = [sizes[index] - 1 - sum(pair) for index, pair in zip(columns, ends, strict=True)]
    parts = [f"{':' * first}{'-' * many}{':' * last}" for many, (first, last) in zip(dashes, ends, strict=True)]
    return f"|{'|'.join(parts)}|"
