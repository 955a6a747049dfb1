"""The reference part of docs/commands.md, made from what commands declare."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from sambench.commands.grammar.declaration import EXIT_CODES, Command, Key, spelled
from sambench.commands.grammar.pages import exit_codes, ways
from sambench.config.ranges import Range

START = "<!-- What follows is written by `python docs/generate.py`, from what commands declare. -->"

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def written(page: str, commands: Iterable[Command]) -> str:
    """Return docs/commands.md with its reference part made anew.

    Args:
        page: The file's text.
        commands: The commands, in their order.
    """
    head, mark, _ = page.partition(START)
    if not mark:
        raise ValueError(f"the page has no line {START}")
    parts = [one for command in commands for one in (command, *command.parts)]
    codes = "\n".join(f"| {code} | {text} |" for code, text in EXIT_CODES.items())
    common = f"## Exit codes\n\n| code | of every command |\n|---|---|\n{codes}\n"
    return "\n".join([f"{head}{START}\n", common, *(_section(one) for one in parts)])


def _section(command: Command) -> str:
    """Return the section of one command."""
    blocks = [f"## sambench {command.name}", f"{command.summary[0].upper()}{command.summary[1:]}."]
    if command.main:
        blocks.append("```text\n" + "\n".join(ways(command)) + "\n```")
    blocks.append(command.about.partition("\n\nwhat is read:")[0].strip("\n"))
    if command.parts and not command.main:
        blocks.append("Parts: " + ", ".join(f"`{part.name.split()[-1]}`" for part in command.parts) + ".")
    if command.keys:
        rows = [
            f"| `{_cell(key.shown)}` | {_cell(takes(key))} | {_default(key)} | {_cell(key.help)} |"
            for key in command.keys
        ]
        blocks.append("\n".join(["| key | takes | default | what it is |", "|---|---|---|---|", *rows]))
    if codes := exit_codes(command):
        blocks.append(
            "\n".join(
                ["| exit code | |", "|---|---|", *(f"| {code} | {_cell(text)} |" for code, text in codes.items())]
            )
        )
    return "\n\n".join(filter(None, blocks)) + "\n"


def takes(key: Key) -> str:
    """Return what values a key takes, in words."""
    if key.choices:
        return ", ".join(key.choices)
    kind = _type_text(key.type)
    if key.path:
        kind = kind.replace(_PLAIN[str], "path or URL" if key.path == "url" else "local path")
    return " or ".join([kind, *key.beside])


def _type_text(hint: Any) -> str:
    """Return a type in words, with its range."""
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        ranges = [str(one) for one in options[1:] if isinstance(one, Range)]
        return " ".join([_type_text(options[0]), *ranges])
    if origin is Literal:
        return ", ".join(map(str, options))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_text(option) for option in options if option is not type(None))
    if origin is list:
        return f"{_type_text(options[0])}, or a list"
    return _PLAIN.get(hint, "value")


def _default(key: Key) -> str:
    if key.required:
        return "none: it is needed"
    return "" if key.default is None else f"`{spelled(key.default)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
