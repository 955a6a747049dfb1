"""What of a dataset a run reads: a switch's choice; samples, `ids` first, then `limit`, in the dataset's own order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from sambench.config.ranges import SHARED, check_range
from sambench.datasets.base import DatasetCard
from sambench.errors import DatasetError, UsageError, listing

_SHOWN = 10


def select(
    keys: Sequence[str],
    *,
    ids: Iterable[str | int] | None = None,
    limit: int | None = None,
    aliases: Mapping[str, str] | None = None,
    where: object = None,
) -> list[str]:
    """Choose sample ids.

    Args:
        keys: All sample ids, in the dataset's order.
        ids: The samples to keep: full ids, their last parts ("100007" for "test/100007") where these are unique, or
            aliases. Naming one twice keeps it once.
        limit: Keep at most this many, the first ones.
        aliases: Other names a sample goes by (an image id of the annotation file), each with its sample id.
        where: The folder or file that was read, for messages.

    Returns:
        The chosen sample ids in the dataset's order.

    Raises:
        UsageError: `limit` is below 1, or `ids` is empty.
        DatasetError: `ids` holds unknown or ambiguous names; all are counted, and near matches are shown.
    """
    check_range(limit, SHARED["limit"], "limit")
    if ids is None:
        return list(keys[:limit])
    wanted = [str(name) for name in ([ids] if isinstance(ids, str) else ids)]
    if not wanted:
        raise UsageError("ids is an empty list, which keeps no sample", mend="name samples, or leave ids out")
    names = _names(keys, aliases or {})
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise DatasetError(_unknown(unknown, names), where=where, mend=f"known ids look like {listing(list(keys), 3)}")
    twofold = [f"{name} ({listing(names[name], 3)})" for name in wanted if len(names[name]) > 1]
    if twofold:
        raise DatasetError(f"ids that fit several samples: {listing(twofold)}", where=where, mend="give the full ids")
    chosen = {names[name][0] for name in wanted}
    return [key for key in keys if key in chosen][:limit]


def _names(keys: Sequence[str], aliases: Mapping[str, str]) -> dict[str, list[str]]:
    """Map every accepted name to the sample ids it fits; a full id fits only its own sample."""
    names: dict[str, list[str]] = {}
    for name, key in [*((key.rsplit("/", 1)[-1], key) for key in keys), *aliases.items()]:
        fitting = names.setdefault(name, [])
        if key not in fitting:
            fitting.append(key)
    names.update({key: [key] for key in keys})
    return names


def _unknown(unknown: list[str], names: Mapping[str, list[str]]) -> str:
    suggestions = []
    for name in unknown[:_SHOWN]:
        near = [names[match][0] for match in difflib.get_close_matches(name, names, n=3)]
        suggestions.append(f"{name} (near: {', '.join(dict.fromkeys(near))})" if near else name)
    return f"{len(unknown)} of the ids are not in this dataset: {listing(suggestions + unknown[_SHOWN:], _SHOWN)}"


def check_choice(card: DatasetCard, name: str, value: str, options: Sequence[str]) -> None:
    """Refuse a switch's value that is none of its choices.

    Raises:
        UsageError: The value is unknown.
    """
    if value not in options:
        mend = f"choose one of {', '.join(options)}"
        raise UsageError(f"{card.name} has no {name} {value!r}", where=f"data.{name}", mend=mend)
