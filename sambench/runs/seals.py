"""What makes two runs the same, and hashes of a run: what is altered or lost is told, never scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench.errors import RunError, listing
from sambench.files.atomic import file_sha256, files_below, finite, hidden, write_text
from sambench.redact import redacted

LISTING = "predictions.sha256"
"""Name, in a run folder, of the list of its predictions, in the format of the `sha256sum` tool."""

SEAL = "sha256"
"""Key of a record's own hash."""

AGAIN = "bring the file back as it was, or score the run again with run.overwrite=true"


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as it is stored: without credentials, with the hash of everything else in it under "sha256"."""
    plain = {key: value for key, value in redacted(finite(dict(record))).items() if key != SEAL}
    return {**plain, SEAL: _record_sha256(plain)}


def check_record(record: Mapping[str, Any], where: object) -> None:
    """Compare a record with its own hash; one without any was written before there were hashes and passes.

    Raises:
        RunError: It was changed after it was written.
    """
    if SEAL not in record:
        return
    if record[SEAL] != _record_sha256({key: value for key, value in record.items() if key != SEAL}):
        raise RunError("run.json is not what the run wrote: its SHA-256 is another", where=where, mend=AGAIN)


def _record_sha256(record: Mapping[str, Any]) -> str:
    """Hash a record; its keys' order and spacing do not count."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_bytes(path: Path, expected: str | None) -> bytes:
    """Read a file of a run and compare it with its hash.

    Args:
        path: The file.
        expected: Its SHA-256 (hex) as `run.json` holds it; None for a run written before there were hashes.

    Raises:
        RunError: The file has other bytes.
        FileNotFoundError, OSError: It cannot be read.
    """
    content = path.read_bytes()
    if expected is not None and hashlib.sha256(content).hexdigest() != expected:
        raise RunError(f"{path.name} is not what the run wrote: its SHA-256 is another", where=path, mend=AGAIN)
    return content


def prediction_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of every prediction below a run folder by its name there, as "predictions/1.png"."""
    names = sorted(path.relative_to(folder).as_posix() for path in _files(folder / "predictions"))
    return {name: file_sha256(folder / name) for name in names}


def write_listing(folder: Path, hashes: Mapping[str, str]) -> str:
    """Write the list of a run's predictions; returns the list's own SHA-256 (hex)."""
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    write_text(folder / LISTING, text, sync=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_predictions(folder: Path, expected: str | None) -> None:
    """Compare all predictions of a run with their list, and the list with its hash.

    Args:
        folder: The run folder.
        expected: The SHA-256 (hex) of the list as `run.json` holds it; None where there is none to compare with.

    Raises:
        RunError: The list or a prediction has other bytes, or one is missing or was added; the files are named.
    """
    if expected is None:
        return
    path = folder / LISTING
    try:
        text = checked_bytes(path, expected).decode()
    except FileNotFoundError as error:
        raise RunError("the list of the run's predictions is missing", where=path, mend=AGAIN) from error
    listed = {name: sha256 for sha256, _, name in (line.partition("  ") for line in text.splitlines())}
    hashes = prediction_hashes(folder)
    kinds = {
        "changed": [name for name in listed.keys() & hashes.keys() if listed[name] != hashes[name]],
        "missing": list(listed.keys() - hashes.keys()),
        "added": list(hashes.keys() - listed.keys()),
    }
    faults = [f"{len(names)} {kind}: {listing(sorted(names), 5)}" for kind, names in kinds.items() if names]
    if faults:
        raise RunError(f"the predictions are not what the run wrote; {'; '.join(faults)}", where=folder, mend=AGAIN)


def _files(folder: Path) -> list[Path]:
    return [path for path in files_below(folder) if not hidden(path)]


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
