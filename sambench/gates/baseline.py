"""A small file that stands for a run as a gate's baseline: what the scores are made of, and what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sambench.errors import RunError
from sambench.files.atomic import atomic_path, finite
from sambench.files.json_text import parse_json
from sambench.redact import without_absolute_paths
from sambench.runs.record import RunRecord, kept_record
from sambench.runs.row_checks import check_columns, read_table
from sambench.types import Row

ENDING = ".baseline"
SCHEMA_VERSION = 1
KEPT = ("identity", "switches", "config", "metrics", "data", "model", "finished", "code")
"""What of a run's `run.json` the file keeps, absolute paths but for their last parts."""


@dataclass(frozen=True)
class Baseline:
    """A frozen run.

    Attributes:
        path: The file.
        record: The kept part of its `run.json`.
        rows: Its rows as `Task.compact` left them.
    """

    path: Path
    record: RunRecord
    rows: list[Row]


def write_baseline(path: Path, record: RunRecord, rows: Sequence[Row]) -> int:
    """Write a baseline atomically: Parquet with Zstandard, its record and the SHA-256 of both in the file's metadata.

    Args:
        path: The file, by custom with the ending `.baseline`.
        record: Of a finished run, or of a baseline.
        rows: Its compact rows.

    Returns:
        The file's size in bytes.
    """
    kept = without_absolute_paths(finite({key: record.stored[key] for key in KEPT if key in record.stored}))
    table = pa.Table.from_pylist(list(rows))
    described = {
        b"sambench_schema": str(SCHEMA_VERSION).encode(),
        b"sambench_record": json.dumps(kept, sort_keys=True).encode(),
        b"sambench_sha256": _digest(kept, table.to_pylist()).encode(),
    }
    table = table.replace_schema_metadata(described)
    with atomic_path(path) as temporary, temporary.open("wb") as file:  # Python's errors say which, pyarrow's may not
        pq.write_table(table, file, compression="zstd", compression_level=19)
    return path.stat().st_size


def stored_rows(rows: Sequence[Row], task: str, where: object) -> list[Row]:
    """Return compact rows as a baseline gives them back.

    Args:
        rows: As `Task.compact` left them.
        task: The task's name.
        where: The run, for messages.

    Raises:
        RunError: They are not those of the task, or are of types that no column can hold.
    """
    try:
        table = pa.Table.from_pylist(list(rows))
    except (pa.ArrowException, OverflowError) as error:
        why = str(error).partition("\n")[0]
        raise RunError(
            f"the run's rows cannot be kept in columns: {why}", where=where, mend="mend `compact` of the task"
        ) from error
    check_columns(table, task, where, frozen=True)
    kept: list[Row] = table.to_pylist()
    return kept


def read_baseline(path: Path) -> Baseline:
    """Read a baseline and check that it is what was written.

    Raises:
        RunError: There is no such file, or it is damaged, edited or of a newer schema.
    """
    again = "make it anew: sambench gate freeze RUN out=FILE"
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(
            "there is no such baseline", where=path, mend="give a run folder or a frozen baseline"
        ) from error
    try:
        table = read_table(content)
        described = table.schema.metadata or {}
        schema = int(described[b"sambench_schema"])
        kept = parse_json(described[b"sambench_record"], strict=True)
        rows = table.to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise RunError(f"the file is no baseline, or is damaged: {why}", where=path, mend=again) from error
    if schema > SCHEMA_VERSION:
        raise RunError(
            f"the baseline has schema {schema}, this sambench reads up to {SCHEMA_VERSION}",
            where=path,
            mend="upgrade sambench",
        )
    if _digest(kept, rows).encode() != described.get(b"sambench_sha256"):
        raise RunError("the baseline is not what was frozen: its checksum is wrong", where=path, mend=again)
    record = kept_record(kept, path)
    check_columns(table, record.task_name, path, frozen=True, mend=again)
    return Baseline(path, record, rows)


def _digest(record: dict[str, Any], rows: Sequence[Row]) -> str:
    body = json.dumps([record, [dict(sorted(row.items())) for row in rows]], sort_keys=True, default=_plain)
    return hashlib.sha256(body.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Spell what JSON cannot hold as text: bytes, and whatever else a foreign file's columns may be of."""
    return value.hex() if isinstance(value, bytes) else repr(value)
