"""`run.json` as it is read: its form is checked once and becomes typed, so that whoever uses it can rely on it.

On disk it is a table of tables, which is written as it is (`sambench.runs.store`); in the program it is a `RunRecord`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sambench.errors import RunError
from sambench.files.json_text import JsonError, parse_json
from sambench.runs.record_course import (
    CacheUse,
    MergedParts,
    RecordedCode,
    RecordedEnvironment,
    RecordedWorker,
    RunSession,
    StageTime,
)
from sambench.runs.record_parts import (
    RecordedConfig,
    RecordedData,
    RecordedMetric,
    RecordedModel,
    RecordedShard,
    RunIdentity,
)
from sambench.runs.seals import check_record
from sambench.runs.sections import AGAIN, Section, check_form, form_of, guarded

SCHEMA_VERSION = 2
"""Version of `run.json`; from 2 on it holds its own hash and those of the files beside it."""


@dataclass(frozen=True, eq=False, repr=False)
class RunRecord(Section):
    """The content of a `run.json`.

    `record["config"]` and `"nan" in record` read the table as it is stored, as scripts do.

    Attributes:
        schema_version: Version of its form.
        status: How far the run is; "not begun" for a folder without a record.
        finished: When it came to its end (UTC, ISO 8601).
        sha256: Hash of everything else in the file.
        identity: What makes two runs the same.
        config: The resolved configuration.
        switches: The task's protocol switches.
        metrics: The metrics by name.
        data: The data as they were found.
        model: The model as it described itself.
        shard: Which part of the data was run; None for the whole.
        timings: What each stage took, and `wall`.
        costs: `peak_host` and `peak_device`, the most bytes that one process held; `device_idle`, the share of the wall
            time in which none encoded or decoded; `energy_cpu` and `energy_gpu` in joules; each where it is known.
        cache: What the embedding cache did; None without one.
        nan: How many of a model's answers were NaN, where they count as empty masks.
        counts: Samples and rows.
        workers: What each worker process did; None where none ran.
        sessions: When the run was begun and gone on with.
        merged: What a merged run was made of; None for any other.
        files: SHA-256 (hex) of the rows and of the list of predictions; empty before schema version 2.
        code: Version and commit.
        environment: Machine and libraries.
    """

    schema_version: int
    identity: RunIdentity
    config: RecordedConfig
    switches: Mapping[str, Any]
    data: RecordedData
    model: RecordedModel
    code: RecordedCode
    environment: RecordedEnvironment
    sha256: str
    status: str = "not begun"
    finished: str = ""
    metrics: Mapping[str, RecordedMetric] = field(default_factory=dict)
    shard: RecordedShard | None = None
    timings: Mapping[str, StageTime] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    cache: CacheUse | None = None
    nan: Mapping[str, int] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    workers: tuple[RecordedWorker, ...] | None = None
    sessions: tuple[RunSession, ...] = ()
    merged: MergedParts | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        """Return a part of the table as it is stored."""
        return self.stored[key]

    def __contains__(self, key: str) -> bool:
        """Tell whether the stored table has a key."""
        return key in self.stored

    @property
    def task_name(self) -> str:
        """The task's name."""
        return self.identity.task.name

    def seconds(self, stage: str) -> float:
        """Return the seconds that a stage took; 0 for one that the run did not have."""
        return self.timings[stage].seconds if stage in self.timings else 0.0


SCHEMA: dict[str, Any] = form_of(RunRecord)
"""The form of `run.json` as JSON Schema."""


def schema_text() -> str:
    """Return the form of `run.json` as a JSON Schema file, as `run.schema.json` beside this module ships it."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"run.json of sambench, schema version {SCHEMA_VERSION}",
        "description": "Tables may hold more keys than are named here; null stands for a number that is undefined.",
    }
    return json.dumps({**head, **SCHEMA}, indent=1) + "\n"


def parse_record(text: str | bytes, where: object) -> RunRecord:
    """Read the text of a `run.json`, and check its form and its hash.

    Args:
        text: Its content.
        where: The file, for messages.

    Raises:
        RunError: It is no JSON, is nested too deeply, is no record, was changed after it was written, or holds
            something of another type; names the key.
    """
    try:
        stored = parse_json(text, strict=True)
    except JsonError as error:
        raise RunError(f"run.json cannot be read: {error.what}{error.position}", where=where, mend=AGAIN) from error
    if not isinstance(stored, dict) or "schema_version" not in stored:
        raise RunError("run.json is not a sambench run", where=where, mend=AGAIN)
    return checked_record(stored, where)


def checked_record(stored: dict[str, Any], where: object) -> RunRecord:
    """Check the form and the hash of a record that is read already (`parse_record`)."""
    check_form(stored, SCHEMA, where)
    if stored.get("schema_version", 1) > SCHEMA_VERSION:
        raise RunError(
            f"run.json has schema {stored['schema_version']}, this sambench reads up to {SCHEMA_VERSION}",
            where=where,
            mend="upgrade sambench",
        )
    check_record(stored, where)
    return as_record(stored, where)


def kept_record(stored: dict[str, Any], where: object) -> RunRecord:
    """Check the form of the part of a record that another file keeps, whose hash that file answers for."""
    check_form(stored, SCHEMA, where)
    return as_record(stored, where)


def as_record(stored: dict[str, Any], where: object) -> RunRecord:
    """Return a record that needs no check, as one that was just written; an older one as if it were written now."""
    table, now = guarded(stored, where), migrated(stored)
    record = RunRecord.read(table if now is stored else guarded(now, where))
    object.__setattr__(record, "stored", table)  # with the hash that it was written with
    return record


def migrated(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of whatever version in the form of the newest.

    Before schema version 2, and in the first records of it, `config.predictions` was the predictions' path alone, or
    null; now it is a table that also says how edge maps are thinned. What later versions tell beyond earlier ones, such
    as hashes of files, digests of ground truths or the images of several frames, has defaults in `RunRecord`.

    Args:
        record: The table, of a form that was checked.
    """
    config = record.get("config")
    if config is None or isinstance(config.get("predictions"), dict):
        return record
    return {**record, "config": {**config, "predictions": {"path": config.get("predictions")}}}
