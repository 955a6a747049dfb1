"""`run.json` as it is read: its form is checked once, so that whoever uses it can rely on it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from sambench.errors import RunError
from sambench.files.json_files import JsonError, parse_json
from sambench.runs.seals import check_record

SCHEMA_VERSION = 2
"""Version of `run.json`; from 2 on it holds its own hash and those of the files beside it."""

AGAIN = "point to a folder made by `sambench run`, or run it again in a new folder or with run.overwrite=true"

_TEXT, _WHOLE, _NUMBER, _FLAG = {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}
_TEXTS = {"type": "array", "items": _TEXT}


def _maybe(form: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [form, {"type": "null"}]}


def _table(**keys: dict[str, Any]) -> dict[str, Any]:
    """Return the form of a table some of whose keys have a form; other keys are let pass, and none must be there."""
    return {"type": "object", "properties": keys}


def _each(form: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": form}


_DATA = {"name": _TEXT, "split": _TEXT, "fingerprint": _TEXT, "samples": _WHOLE, "keys_sha256": _TEXT}
_CARD = _table(**dict.fromkeys(("name", "title", "home", "terms", "layout", "note"), _TEXT), generated=_FLAG)
_STAGE = _table(seconds=_NUMBER, share=_NUMBER, per_image=_NUMBER)
_METRIC = {
    **_table(
        value=_maybe(_NUMBER),
        ci95=_maybe({"type": "array", "items": _maybe(_NUMBER), "minItems": 2, "maxItems": 2}),
        n=_WHOLE,
        higher_is_better=_FLAG,
        unit=_TEXT,
        reference=_maybe(_TEXT),
        support=_maybe(_WHOLE),
        strata=_each(_WHOLE),
    ),
    "required": ["value", "ci95", "n"],
}
_PREDICTIONS = {"anyOf": [_maybe(_TEXT), _table(path=_maybe(_TEXT), nms=_TEXT)]}

SCHEMA: dict[str, Any] = _table(
    schema_version=_WHOLE,
    status=_TEXT,
    finished=_TEXT,
    sha256=_TEXT,
    identity=_table(
        version=_TEXT,
        task=_table(name=_TEXT),
        model=_table(name=_TEXT, fingerprint=_TEXT, settings=_table()),
        data=_table(**_DATA),
        predictions=_each(_TEXT),
        seed=_WHOLE,
        device=_TEXT,
        embedding_dtype=_TEXT,
    ),
    config=_table(
        task=_table(name=_TEXT, preset=_maybe(_TEXT)),
        data=_table(name=_TEXT, root=_maybe(_TEXT)),
        model=_table(name=_TEXT),
        run=_table(dir=_maybe(_TEXT), results=_TEXT),
        predictions=_PREDICTIONS,
        seed=_WHOLE,
    ),
    switches=_table(),
    metrics=_each(_METRIC),
    data=_table(
        **_DATA, root=_TEXT, card=_CARD, orientations=_each(_WHOLE), readings=_each(_WHOLE), truths=_each(_TEXT)
    ),
    model=_table(name=_TEXT, fingerprint=_TEXT, missing=_TEXTS, missing_means=_TEXT, notes=_TEXTS),
    shard=_maybe(_table(index=_WHOLE, count=_WHOLE, samples=_WHOLE, keys_sha256=_TEXT)),
    timings=_each(_STAGE),
    cache=_maybe(
        _table(
            **dict.fromkeys(("hits", "misses", "corrupt", "evicted", "failed", "unsigned"), _WHOLE),
            environment=_each(_TEXT),
            signed=_FLAG,
        )
    ),
    nan=_maybe(_each(_WHOLE)),
    counts=_each(_WHOLE),
    workers=_maybe({"type": "array", "items": _table(name=_TEXT, images=_WHOLE, idle_share=_NUMBER, restarts=_WHOLE)}),
    sessions={"type": "array", "items": _table(started=_TEXT, resumed=_WHOLE)},
    merged=_table(parts={"type": "array", "items": _table()}, in_several_parts=_WHOLE, in_no_part=_WHOLE),
    files=_each(_TEXT),
    code=_table(),
    environment=_table(packages=_table()),
)
"""The form of `run.json` as JSON Schema."""


def schema_text() -> str:
    """Return the form of `run.json` as a JSON Schema file, as `run.schema.json` beside this module ships it."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"run.json of sambench, schema version {SCHEMA_VERSION}",
        "description": "Tables may hold more keys than are named here; null stands for a number that is undefined.",
    }
    return json.dumps({**head, **SCHEMA}, indent=1) + "\n"


class Record(dict[str, Any]):
    """A table of a record, which tells what is missing by its key and its file.

    Attributes:
        place: The file, or its address.
        path: Dotted key of the table in it.
    """

    place: object = ""
    path = ""

    def __missing__(self, key: str) -> Any:
        raise RunError(f"the record does not say {self.path}{key}", where=self.place, mend=AGAIN)


def parse_record(text: str | bytes, where: object) -> Record:
    """Read the text of a `run.json`, and check its form and its hash.

    Args:
        text: Its content.
        where: The file, for messages.

    Raises:
        RunError: It is no JSON, is nested too deeply, is no record, was changed after it was written, or holds
            something of another type; names the key.
    """
    try:
        found = parse_json(text, strict=True)
    except JsonError as error:
        raise RunError(f"run.json cannot be read: {error.what}{error.place}", where=where, mend=AGAIN) from error
    if not isinstance(found, dict) or "schema_version" not in found:
        raise RunError("run.json is not a sambench run", where=where, mend=AGAIN)
    return checked_record(found, where)


def checked_record(found: dict[str, Any], where: object) -> Record:
    """Check the form and the hash of a record that is read already (`parse_record`)."""
    check_form(found, SCHEMA, where)
    if found.get("schema_version", 1) > SCHEMA_VERSION:
        raise RunError(
            f"run.json has schema {found['schema_version']}, this sambench reads up to {SCHEMA_VERSION}",
            where=where,
            mend="upgrade sambench",
        )
    check_record(found, where)
    return guarded(found, where)


def check_form(found: Any, schema: dict[str, Any], where: object) -> None:
    """Hold something that was read against its form.

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


def guarded(record: dict[str, Any], where: object) -> Record:
    """Return a record whose tables tell what is missing in them (`Record`)."""
    found: Record = _told(record, where, "")
    return found


def _told(value: Any, place: object, path: str) -> Any:
    """Turn every table of a value into a `Record`."""
    if isinstance(value, dict):
        record = Record((key, _told(item, place, f"{path}{key}.")) for key, item in value.items())
        record.place, record.path = place, path
        return record
    return [_told(item, place, path) for item in value] if isinstance(value, list) else value
