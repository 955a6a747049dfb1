"""Cells of CSV files that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What formulas begin with, in the wide forms as well that spreadsheets of some countries take."""

_VALUE = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"{_VALUE}(?: ?\[{_VALUE}, {_VALUE}\])?")
"""A number, alone or with its interval."""


def csv_cell(text: str) -> str:
    """Put a quote before a text that a spreadsheet would run; numbers, with an interval or without, stay numbers."""
    if text.lstrip(" ").startswith(_STARTS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
