"""JSON Schema of what commands print with format=json, made from the types that they declare."""

from __future__ import annotations

import dataclasses
import importlib
import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NotRequired, Required

from sambench.commands.grammar.declaration import Command

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}
"""Types of values; null stands for a number that is undefined."""

TITLE = "What each command of sambench prints with format=json"


def schema_of(hint: Any, closed: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of a type: a TypedDict, dataclass, list, tuple, dict, Literal, union or plain type.

    `Annotated[A, B]`, where B is a dataclass, is a table with the keys of both.

    Args:
        hint: The type.
        closed: Whether keys that are not declared are refused. Later versions may add some.
    """
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (NotRequired, Required):
        return schema_of(options[0], closed)
    if origin is typing.Annotated:
        schema = schema_of(options[0], closed)
        for more in (schema_of(one, closed) for one in options[1:] if dataclasses.is_dataclass(one)):
            schema["properties"] |= more["properties"]
            schema["required"] += more["required"]
        return schema
    if typing.is_typeddict(hint) or dataclasses.is_dataclass(hint):
        return _table(hint, closed)
    if origin in (list, Sequence) or (origin is tuple and options[1:] == (...,)):
        return {"type": "array", "items": schema_of(options[0], closed)}
    if origin is tuple:
        items = [schema_of(one, closed) for one in options]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": schema_of(options[1], closed)}
    if origin is Literal:
        return {"enum": list(options)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [schema_of(one, closed) for one in options]}
    return dict(_PLAIN[hint])


def _table(hint: Any, closed: bool) -> dict[str, Any]:
    """Return the schema of a type with named keys; those of a dataclass are all there."""
    hints = typing.get_type_hints(hint, include_extras=True)
    keys = {key: schema_of(one, closed) for key, one in hints.items()}
    required = [key for key, one in hints.items() if typing.get_origin(one) is not NotRequired]
    about = (hint.__doc__ or "").strip().splitlines()
    description = {"description": about[0]} if about else {}
    end = {"additionalProperties": False} if closed else {}
    return {"type": "object", **description, "properties": keys, "required": required, **end}


def printing(commands: Iterable[Command]) -> dict[str, Command]:
    """Return the commands, parts among them, that print a result, by their words."""
    printable = [one for command in commands for one in (command, *command.parts)]
    return {one.name: one for one in printable if one.result}


def result_type(command: Command) -> Any:
    """Return the type that a command declares its result to have."""
    module, _, name = command.result.partition(":")
    return getattr(importlib.import_module(f"sambench.commands.results.{module}"), name)


def schemas_text(commands: Iterable[Command]) -> str:
    """Write the schemas of commands as one file: `$defs` holds one a command, by its words."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": TITLE}
    definitions = {name: schema_of(result_type(command)) for name, command in printing(commands).items()}
    return json.dumps({**head, "$defs": definitions}, indent=1) + "\n"
