"""Tables of JSON as they are read: each tells what is missing in it, and all are held against a form."""

from __future__ import annotations

import json
from typing import Any

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
