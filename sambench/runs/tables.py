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
        place: The file, or its address.
        path: Dotted key of the table in it, with a dot at its end; empty for the whole.
    """

    place: object = ""
    path = ""

    def __missing__(self, key: str) -> Any:
        raise RunError(f"the record does not say {self.path}{key}", where=self.place, mend=AGAIN)

    def like(self, content: dict[str, Any]) -> Table:
        """Return a table of other values in this one's place."""
        made = Table(content)
        made.place, made.path = self.place, self.path
        return made


def guarded(found: dict[str, Any], where: object) -> Table:
    """Return a table all of whose tables tell what is missing in them (`Table`).

    Args:
        found: What was read.
        where: The file, for messages.
    """
    made: Table = _told(found, where, "")
    return made


def _told(value: Any, place: object, path: str) -> Any:
    """Turn every table of a value into a `Table`."""
    if isinstance(value, dict):
        table = Table((key, _told(item, place, f"{path}{key}.")) for key, item in value.items())
        table.place, table.path = place, path
        return table
    return [_told(item, place, path) for item in value] if isinstance(value, list) else value


def check_form(found: Any, schema: dict[str, Any], where: object) -> None:
    """Hold something that was read against its form.

    Args:
        found: What was read.
        schema: Its form as JSON Schema.
        where: The file, for messages.

    Raises:
        RunError: Something is missing or of another type; names the first key.
    """
    try:
        faults = sorted(Draft202012Validator(schema).iter_errors(found), key=lambda error: list(map(str, error.path)))
    except RecursionError as error:
        raise RunError("the record cannot be read: it is nested too deeply", where=where, mend=AGAIN) from error
    for fault in faults:
        key = ".".join(str(part) for part in fault.absolute_path) or "the whole"
        shown = json.dumps(fault.instance)
        shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
        form = fault.schema.get("type") or " or ".join(str(one.get("type", "table")) for one in fault.schema["anyOf"])
        missing = fault.message if fault.validator == "required" else f"it is {shown}, but takes {form}"
        raise RunError(f"the record is not what a run writes: {key}: {missing}", where=where, mend=AGAIN)
