"""What makes two runs the same, and what to say where they are not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench.errors import RunError


def identity_hash(identity: dict[str, Any]) -> str:
    """Return eight hex digits that name an identity in a default folder's name."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def check_same(stored: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    """Refuse to continue a run under other settings.

    Raises:
        RunError: The identities differ; every differing key is shown with both values.
    """
    before, after = flatten(stored), flatten(json.loads(json.dumps(wanted)))
    lines = [
        f"{key}: {before.get(key, '(absent)')} there, {after.get(key, '(absent)')} now"
        for key in sorted(before.keys() | after.keys())
        if before.get(key, "(absent)") != after.get(key, "(absent)")
    ]
    if lines:
        raise RunError(
            "the folder holds a run with other settings:\n    " + "\n    ".join(lines),
            where=folder,
            mend="choose another folder with run.dir=FOLDER, or redo this one with overwrite=true",
        )


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables into one with dotted keys."""
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            flat.update(flatten(item, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = item
    return flat


def keys_sha256(keys: Sequence[str]) -> str:
    """Return the SHA-256 (hex) of a list of sample ids, as it stands in a run's identity."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()
