"""Folders that hold one file a sample, named by its id (`sambench.files.safe_names`)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sambench.files.atomic import atomic_path, files_below, hidden
from sambench.files.safe_names import file_inside, safe_name, stored_names


def find_file(folder: Path, sample_id: str, ending: str) -> Path:
    """Return the file of a sample; where there is none, the one that is missing."""
    paths = [folder / f"{name}{ending}" for name in stored_names(sample_id)]
    return next((path for path in paths if path.exists()), folder / f"{safe_name(sample_id)}{ending}")


def write_packed(content: Any, folder: Path, sample_id: str, ending: str) -> None:
    """Write what JSON can hold as a sample's file, packed with gzip, atomically and always to the same bytes."""
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), compresslevel=1, mtime=0)
    with atomic_path(file_inside(folder, sample_id, ending)) as temporary:
        temporary.write_bytes(packed)


def compare_files(
    folder: Path, ending: str, keys: Iterable[str], all_keys: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Compare the files below a folder with the samples they answer.

    Returns:
        Those of `keys` that have no file, and the names without ending of files that answer none of `all_keys`.
    """
    present = {path.relative_to(folder).as_posix().removesuffix(ending) for path in files_ending(folder, ending)}

    def name_of(key: str) -> str | None:
        return next((name for name in stored_names(key) if name in present), None)

    return [key for key in keys if name_of(key) is None], sorted(present - {name_of(key) for key in all_keys})


def files_ending(folder: Path, ending: str) -> list[Path]:
    """Return all files of an ending below a folder but hidden ones, sorted."""
    return [path for path in files_below(folder) if path.name.endswith(ending) and not hidden(path)]


def files_fingerprint(folder: Path, paths: Sequence[Path]) -> str:
    """Return a SHA-256 (hex) over names and bytes of files below a folder."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(folder)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
