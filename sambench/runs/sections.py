"""Tables of a record: each tells what is missing in it, is held against its form, and is read as a frozen dataclass.

The dataclass's fields' types give both the form that is checked and what is read.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from jsonschema import Draft202012Validator

from sambench.errors import RunError

AGAIN = "point to a folder made by `sambench run`, or run it again in a new folder or with run.overwrite=true"


class Table(dict[str, Any]):
    """A table of a record, which tells what is missing by its key and its file.

    Attributes:
        location: The file, or its address.
        path: Dotted key of the table in it, with a dot at its end; empty for the whole.
    """

    location: object = ""
    path = ""

    def __missing__(self, key: str) -> Any:
        raise RunError(f"the record does not say {self.path}{key}", where=self.location, mend=AGAIN)

    def like(self, content: dict[str, Any]) -> Table:
        """Return a table of other values in this one's place."""
        made = Table(content)
        made.location, made.path = self.location, self.path
        return made


def guarded(content: dict[str, Any], where: object) -> Table:
    """Return a table all of whose tables tell what is missing in them (`Table`).

    Args:
        content: What was read.
        where: The file, for messages.
    """
    made: Table = _as_tables(content, where, "")
    return made


def _as_tables(value: Any, location: object, path: str) -> Any:
    """Turn every table of a value into a `Table`."""
    if isinstance(value, dict):
        table = Table((key, _as_tables(item, location, f"{path}{key}.")) for key, item in value.items())
        table.location, table.path = location, path
        return table
    return [_as_tables(item, location, path) for item in value] if isinstance(value, list) else value


def check_form(content: Any, schema: dict[str, Any], where: object) -> None:
    """Hold something that was read against its form.

    Args:
        content: What was read.
        schema: Its form as JSON Schema.
        where: The file, for messages.

    Raises:
        RunError: Something is missing or of another type; names the first key.
    """
    try:
        faults = sorted(Draft202012Validator(schema).iter_errors(content), key=lambda error: list(map(str, error.path)))
    except RecursionError as error:
        raise RunError("the record cannot be read: it is nested too deeply", where=where, mend=AGAIN) from error
    for fault in faults:
        key = ".".join(str(part) for part in fault.absolute_path) or "the whole"
        shown = json.dumps(fault.instance)
        shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
        form = fault.schema.get("type") or " or ".join(str(one.get("type", "table")) for one in fault.schema["anyOf"])
        missing = fault.message if fault.validator == "required" else f"it is {shown}, but takes {form}"
        raise RunError(f"the record is not what a run writes: {key}: {missing}", where=where, mend=AGAIN)


_FORMS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}


class Section:
    """A table of a record; its subclasses are dataclasses that name its keys.

    A key that no record has to hold has a default. One without is told by its name and file where it is asked for and
    not there, as of a file that somebody else wrote; what nobody asks for may be missing. `Section.read` makes one.

    Attributes:
        stored: The table as it is stored, with keys that no field names.
        REQUIRED: Keys without which the table is refused when it is read.
    """

    stored: Table
    REQUIRED: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls: type[_S], stored: Table) -> _S:
        """Read a table whose form was checked (`form_of`)."""
        made, hints = object.__new__(cls), _hints(cls)  # type: ignore[arg-type]
        object.__setattr__(made, "stored", stored)
        for item in fields(cls):  # type: ignore[arg-type]
            if item.name in stored:
                object.__setattr__(made, item.name, _value(stored[item.name], hints[item.name]))
            elif item.default_factory is not MISSING:
                object.__setattr__(made, item.name, item.default_factory())
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Tell a key that is not there."""
            if name not in {item.name for item in fields(self)}:
                raise AttributeError(name)
            return self.stored[name]


_S = TypeVar("_S", bound=Section)


def form_of(section: type[Section]) -> dict[str, Any]:
    """Return the form of a section's table as JSON Schema; keys that no field names are let pass.

    A field's metadata may hold a `form` of its own, where older records have another than its type says.
    """
    hints = _hints(section)  # type: ignore[arg-type]
    keys = {item.name: item.metadata.get("form") or _form(hints[item.name]) for item in fields(section)}  # type: ignore[arg-type]
    required = {"required": list(section.REQUIRED)} if section.REQUIRED else {}
    return {"type": "object", "properties": keys, **required}


def _form(hint: Any) -> dict[str, Any]:
    """Return the form of a value of a type."""
    if _is_section(hint):
        return form_of(hint)
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return {"anyOf": [_form(_not_none(options)), {"type": "null"}]}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _form(options[1])}
    if origin is tuple:
        length = {} if options[1:] == (...,) else {"minItems": len(options), "maxItems": len(options)}
        return {"type": "array", "items": _form(options[0]), **length}
    return _FORMS[hint]


def _value(value: Any, hint: Any) -> Any:
    """Turn a stored value into what a field of a type holds."""
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _value(value, _not_none(options))
    if _is_section(hint):
        return hint.read(value)
    if origin is Mapping:
        return value.like({key: _value(item, options[1]) for key, item in value.items()})
    if origin is tuple:
        return tuple(_value(item, options[0]) for item in value)
    return value


def _not_none(options: tuple[Any, ...]) -> Any:
    """Return the type beside None; no other unions are known."""
    (only,) = (option for option in options if option is not types.NoneType)
    return only


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)


@cache
def _hints(section: Any) -> dict[str, Any]:
    """Return a section's types by key."""
    return typing.get_type_hints(section)
