"""The rows of each task, checked when they are read, before any arithmetic meets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sambench.errors import RunError
from sambench.metrics.baseline_rows import SIZES
from sambench.metrics.coco.params import IOU_THRESHOLDS
from sambench.runs.row_columns import ALIKE, COLUMNS, FROZEN, OPTIONAL, TOGETHER

_AGAIN = "score the run again in a new folder"


def read_table(content: bytes) -> pa.Table:
    """Read a Parquet file's bytes, and see that every value can be taken from them (texts are UTF-8, lists end).

    Arrow gets a copy of its own: one of its threads may be the last to let go of the file, and a thread that lets go
    of a Python object while the interpreter ends aborts the process.

    Raises:
        pa.ArrowException: It is no Parquet file, or is damaged; OSError and ValueError mean the same.
    """
    with pa.BufferOutputStream() as copy:
        copy.write(content)
        table = pq.read_table(pa.BufferReader(copy.getvalue()))
    table.validate(full=True)
    return table


def check_columns(table: pa.Table, task: str, where: object, frozen: bool = False, mend: str = _AGAIN) -> None:
    """Refuse rows that a task could not be summarised from.

    Args:
        table: The rows.
        task: The task's name; of one that is not known here only the sample ids are looked at.
        where: Their file.
        frozen: Whether they are a frozen baseline's.
        mend: What mends the file.

    Raises:
        RunError: There is no row, a sample has several, a column is missing, has empty places or other types, or
            lists that belong together have several lengths; names the column and the sample.
    """
    try:
        _check(table, task, frozen)
    except _FaultError as fault:
        raise RunError(f"the run's rows are not those of its task: {fault}", where=where, mend=mend) from fault


class _FaultError(Exception):
    """What is wrong with the rows."""


def _check(table: pa.Table, task: str, frozen: bool) -> None:
    names = table.column_names
    if not table.num_rows:
        raise _FaultError("there is none")
    needed = {"sample_id": "text", **(FROZEN if frozen else COLUMNS).get(task, {})}
    if missing := [name for name in needed if name not in names]:
        raise _FaultError(f"there is no column {missing[0]}")
    for name, kind in {"image_sha256": "text or nothing", **OPTIONAL.get(task, {}), **needed}.items():
        if name in names:
            _check_column(table[name], name, kind)
    clicks = task == "points" and not frozen
    samples = table["sample_id"].to_pylist()
    several = clicks or (task == "noise" and not frozen)
    if task in COLUMNS and not several and len(set(samples)) < len(samples):
        raise _FaultError(f"sample {next(one for one in samples if samples.count(one) > 1)} has several rows")
    _check_lengths(table, samples, task, frozen)
    if clicks:
        _check_clicks(table)


def _check_column(column: pa.ChunkedArray, name: str, kind: str) -> None:
    what, _, empty = kind.partition(" or ")
    if empty and column.null_count == len(column):
        return
    if column.null_count and empty != "nothing":
        raise _FaultError(f"{column.null_count} of {len(column)} places of column {name} are empty")
    if not _fits(column.type, what, empty):
        raise _FaultError(f"column {name} holds {column.type}, {kind} is expected")
    if _is_list(column.type):
        _check_values(pc.list_flatten(column), name)


def _check_values(values: pa.ChunkedArray, name: str) -> None:
    """Refuse elements of lists that no figure is made of: none, NaN, infinity, places that no ranking has."""
    if values.null_count:
        raise _FaultError(f"column {name} has empty places in its lists")
    if pa.types.is_floating(values.type) and not pc.all(pc.is_finite(values), min_count=0).as_py():
        raise _FaultError(f"column {name} has NaN or infinity in its lists")
    if "place" in name and len(values):
        ends = pc.min_max(values).as_py()
        if ends["min"] < -1 or ends["max"] >= 2**31:
            raise _FaultError(f"column {name} has places from {ends['min']} to {ends['max']}")


def _check_lengths(table: pa.Table, samples: Sequence[str], task: str, frozen: bool) -> None:
    """Compare the lengths of lists that belong together, over all rows and in each."""
    alike = {name: set(_lengths(table, name)) for name in ALIKE.get(task, ())}
    if len(set().union(*alike.values())) > 1:
        message = ", ".join(f"{name} {' and '.join(map(str, sorted(lengths)))}" for name, lengths in alike.items())
        raise _FaultError(f"lists that belong together have several lengths: {message}")
    for group in TOGETHER.get(task, ()):
        there = [name for name in group if name in table.column_names]
        for sample, *lengths in zip(samples, *(_lengths(table, name) for name in there), strict=True):
            if len(set(lengths)) > 1:
                message = ", ".join(f"{name} {length}" for name, length in zip(there, lengths, strict=True))
                raise _FaultError(f"lists of sample {sample} that belong together have several lengths: {message}")
    for name in table.column_names if task == "proposals" else ():
        if name.startswith("places_"):
            for sample, length in zip(samples, _lengths(table, name), strict=True):
                if length % len(IOU_THRESHOLDS):
                    message = f"{length} places, not {len(IOU_THRESHOLDS)} an object"
                    raise _FaultError(f"column {name} of sample {sample} has {message}")
    if task == "points" and frozen:
        _check_steps(table, samples)


def _check_steps(table: pa.Table, samples: Sequence[str]) -> None:
    """Compare a frozen image's overlaps with its objects and numbers of clicks."""
    columns = (table[name].to_pylist() for name in ("clicks", "size", "steps", "oracle_steps"))
    for sample, clicks, size, steps, oracle in zip(samples, *columns, strict=True):
        objects = len(size or [])
        if not clicks or len(steps or []) != len(clicks) * objects or len(oracle or []) not in (0, objects):
            raise _FaultError(
                f"lists of sample {sample} that belong together have several lengths: {len(clicks)} clicks, "
                f"{objects} objects, {len(steps or [])} steps, {len(oracle or [])} oracle_steps"
            )
        if not all(0 <= one < len(SIZES) for one in size or []):
            raise _FaultError(f"column size of sample {sample} holds a number that names no range of sizes")


def _check_clicks(table: pa.Table) -> None:
    """Compare how many objects of an image were scored after each number of clicks."""
    objects: dict[str, set[int]] = {}
    for row in table.group_by(["sample_id", "clicks"]).aggregate([([], "count_all")]).to_pylist():
        objects.setdefault(row["sample_id"], set()).add(row["count_all"])
    for sample, counts in objects.items():
        if len(counts) > 1:
            text = " and ".join(map(str, sorted(counts)))
            raise _FaultError(f"sample {sample} has {text} objects after different numbers of clicks")


def _lengths(table: pa.Table, name: str) -> list[int]:
    """Return the length of each row's list; a place without any counts as an empty one."""
    if pa.types.is_null(table[name].type):
        return [0] * table.num_rows
    lengths: list[int] = pc.fill_null(pc.list_value_length(table[name]), 0).to_pylist()
    return lengths


def _fits(column_type: pa.DataType, kind: str, empty: str) -> bool:
    """Tell whether a column's type is of a kind; lists without any element have none, which whole numbers may be."""
    if kind.endswith("s"):
        bare = bool(empty) or kind == "whole numbers"
        return _is_list(column_type) and (
            _is_one(column_type.value_type, kind[:-1]) or (bare and pa.types.is_null(column_type.value_type))
        )
    return _is_one(column_type, kind)


def _is_one(column_type: pa.DataType, kind: str) -> bool:
    text = pa.types.is_string(column_type) or pa.types.is_large_string(column_type)
    whole = pa.types.is_integer(column_type)
    number = whole or pa.types.is_floating(column_type)
    return bool({"text": text, "name": text or number, "number": number, "whole number": whole}[kind])


def _is_list(column_type: Any) -> bool:
    return bool(pa.types.is_list(column_type) or pa.types.is_large_list(column_type))
