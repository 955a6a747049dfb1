"""How commands tell what they found: as text for people, or as JSON of a declared form for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sambench.commands.grammar.declaration import Key
from sambench.tables.fitting import fitted
from sambench.tables.folding import terminal_width

JSON = "json"

FOR_PEOPLE = ("text", "md")
"""Formats that a terminal shows as wide as it is."""

FORMAT = Key("format", "what is printed; docs/json.md tells the form of JSON", str, "text", choices=("text", JSON))
"""The key of commands that print a text."""


def tell(form: str, result: Any, text: str | Callable[[], str]) -> None:
    """Print a result as one JSON document, or as a text.

    Args:
        form: "json", or any other word for the text.
        result: JSON-like values; NaN and infinities become null.
        text: What people read, or what makes it.
    """
    if form == JSON:
        print(json_of(result))
        return
    show(text if isinstance(text, str) else text(), form)


def show(text: str, form: str = "text") -> None:
    """Print a text: for people so that it fits the terminal, into a file or a pipe and for programs as it is."""
    print(fitted(text, terminal_width()) if form in FOR_PEOPLE else text)


def json_of(result: Any, indent: int | None = 1) -> str:
    """Write JSON-like values as one document; paths are written as texts, undefined numbers as null."""
    from sambench.files.atomic import finite

    return json.dumps(finite(result), indent=indent, ensure_ascii=False, default=str)


def format_key(choices: tuple[str, ...], default: str) -> Key:
    """Return the key of commands that print a table in one of several formats, JSON among them."""
    return Key("format", "what is printed", str, default, choices=(*choices, JSON))
