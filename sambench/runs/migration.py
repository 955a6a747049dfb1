"""Records of earlier versions, brought into the form of today's when they are read; files stay as they are."""

from __future__ import annotations

from typing import Any


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
