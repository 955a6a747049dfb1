"""Category names as phrases, for models that take text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sambench.errors import DatasetError, UsageError, listing

Names = Literal["name", "underscore_to_space", "first_synonym"]
"""How a category becomes a phrase: its name as it stands, that with spaces for underscores, or so its first synonym."""


def phrases_of(categories: Sequence[Mapping[str, Any]], names: Names, data: str, switch: str) -> dict[int, str]:
    """Return category id -> phrase, lowest id first.

    Args:
        categories: Records of an annotation file: `id`, `name`, and in LVIS `synonyms`, whose first is the name there.
        names: How a category becomes a phrase.
        data: The data's name.
        switch: What `names` is called where it is chosen, as "task.names".

    Raises:
        DatasetError: A category has no name.
        UsageError: Synonyms are asked for, and there are none.
    """
    records = {int(record["id"]): record for record in categories}
    nameless = [str(key) for key, record in records.items() if not str(record.get("name") or "").strip()]
    if nameless:
        raise DatasetError(
            f"{len(nameless)} categories have no name, which is what is asked: {listing(nameless)}",
            where=f"data={data}",
            mend="write a name into each of the file's `categories`",
        )
    if names == "first_synonym" and (bare := [key for key, one in records.items() if not _synonym(one)]):
        what = f"{len(bare)} of {len(records)} categories have no list of synonyms"
        raise UsageError(what, where=switch, mend=f"choose {switch}=underscore_to_space; LVIS has synonyms")
    return {key: _phrase(records[key], names) for key in sorted(records)}


def _phrase(record: Mapping[str, Any], names: Names) -> str:
    if names == "name":
        return str(record["name"])
    return (_synonym(record) if names == "first_synonym" else str(record["name"])).replace("_", " ")


def _synonym(record: Mapping[str, Any]) -> str:
    synonyms = record.get("synonyms")
    return str(synonyms[0]) if isinstance(synonyms, list) and synonyms else ""
