"""What the rows of each task hold: checked when they are read, before any arithmetic meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sambench.errors import RunError

if TYPE_CHECKING:
    import pyarrow as pa

_EDGES = ("cnt_r", "sum_r", "cnt_p", "sum_p")
_REGIONS = ("cover_r", "sum_r", "cover_p", "sum_p", "rand_index", "voi")
_PLACES = tuple(f"places_{group}" for group in ("all", "small", "medium", "large"))
_FOUND = tuple(f"found_{what}" for what in ("category", "score", "place", "all", "small", "medium", "large"))
_TRUTH = tuple(f"truth_{what}" for what in ("category", "all", "small", "medium", "large"))

COLUMNS: dict[str, dict[str, str]] = {
    "edges": {**dict.fromkeys(_EDGES, "numbers")},
    "regions": {"cover_best": "number", **dict.fromkeys(_REGIONS, "numbers")},
    "points": {"dataset": "text", "object": "text", **dict.fromkeys(("area", "clicks", "iou"), "number")},
    "proposals": {"image_id": "name", "proposals": "number", **dict.fromkeys(_PLACES, "numbers or nothing")},
    "instances": {"image_id": "name", **dict.fromkeys((*_FOUND, *_TRUTH), "numbers or nothing")},
}
"""Task -> column -> "text", "number", "name" (a number or a text), "numbers" (a list), "numbers or nothing"."""

ALIKE: dict[str, tuple[str, ...]] = {"edges": _EDGES, "regions": _REGIONS}
"""Task -> columns whose lists have one length, in all rows."""


def check_columns(table: pa.Table, task: str, where: object) -> None:
    """Refuse rows that a task could not be summarised from.

    Args:
        table: The rows.
        task: The task's name; of one that is not known here only the sample ids are looked at.
        where: Their file.

    Raises:
        RunError: There is no row, or a column is missing, has empty places or other types; names the column.
    """
    import pyarrow as pa

    if not table.num_rows:
        raise _fault("there is none", where)
    for name, kind in {"sample_id": "text", **COLUMNS.get(task, {})}.items():
        if name not in table.column_names:
            raise _fault(f"there is no column {name}", where)
        column = table[name]
        if kind == "numbers or nothing" and pa.types.is_null(column.type):
            continue
        if column.null_count and kind != "numbers or nothing":
            raise _fault(f"{column.null_count} of {table.num_rows} places of column {name} are empty", where)
        if not _fits(column.type, kind):
            raise _fault(f"column {name} holds {column.type}, {kind} is expected", where)
    _check_lengths(table, ALIKE.get(task, ()), where)


def _check_lengths(table: pa.Table, names: tuple[str, ...], where: object) -> None:
    import pyarrow.compute as pc

    lengths = {name: set(pc.list_value_length(table[name]).to_pylist()) for name in names}
    if len(set().union(*lengths.values())) > 1:
        told = ", ".join(f"{name} {' and '.join(map(str, sorted(found)))}" for name, found in lengths.items())
        raise _fault(f"lists that belong together have several lengths: {told}", where)
    for name in names:
        if any(part.values.null_count for part in table[name].chunks):
            raise _fault(f"column {name} has empty places in its lists", where)


def _fits(found: pa.DataType, kind: str) -> bool:
    """Tell whether a column's type is of a kind."""
    import pyarrow as pa

    if kind.startswith("numbers"):
        return (pa.types.is_list(found) or pa.types.is_large_list(found)) and (
            _is_number(found.value_type) or (kind != "numbers" and pa.types.is_null(found.value_type))
        )
    text = pa.types.is_string(found) or pa.types.is_large_string(found)
    return (text and kind in ("text", "name")) or (_is_number(found) and kind in ("number", "name"))


def _is_number(found: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(found) or pa.types.is_floating(found))


def _fault(what: str, where: object) -> RunError:
    return RunError(
        f"the run's rows are not those of its task: {what}", where=where, mend="score the run again in a new folder"
    )
