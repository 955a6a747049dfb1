"""Files that are whole or absent: written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sambench.redact import without_secrets


@contextmanager
def atomic_path(path: Path, sync: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to; it takes the place of `path` when the block ends without an error.

    What processes of this machine were writing in the same folder when they were killed is removed on the way.

    Args:
        path: The file.
        sync: Wait until the file and its name are on the disk, so that they outlive a loss of power.

    Raises:
        OSError: With the file's name (`named`).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_of_the_dead(os.path.abspath(path.parent))
    temporary = path.with_name(_temporary_name(path.name))
    with named(path):
        try:
            yield temporary
            if sync:
                _sync(temporary)
            os.replace(temporary, path)
            if sync:
                _sync(path.parent)
        except BaseException:
            with suppress(OSError):  # what went wrong first is told
                temporary.unlink(missing_ok=True)
            raise


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """Make a folder to work in, for as long as the block lasts; one of a killed process is removed by the next."""
    parent.mkdir(parents=True, exist_ok=True)
    _remove_of_the_dead(os.path.abspath(parent))
    folder = parent / _temporary_name("work")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_name(name: str) -> str:
    """Return a hidden name that tells its process: 32 hex digits of machine, process and chance, then the name."""
    return f".{_machine()}{os.getpid():08x}{uuid.uuid4().hex[:16]}.{name}"


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give a file's name to errors inside the block that have none: writing, syncing and closing have only numbers."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted; none where there is no such folder.

    `Path.rglob` passes over folders that cannot be read, as if they were empty.

    Raises:
        OSError: A folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        if not (isinstance(error, FileNotFoundError) and error.filename == str(folder)):
            raise error

    paths = (Path(top, name) for top, _, names in os.walk(folder, onerror=refuse) for name in names)
    return sorted(path for path in paths if path.is_file())


def is_leftover(name: str) -> bool:
    """Tell whether a file's name is a temporary one of `atomic_path`."""
    return re.match(r"\.[0-9a-f]{32}\.", name) is not None


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files below a folder that killed processes were writing; no one must be writing there."""
    for path in files_below(folder):
        if is_leftover(path.name):
            path.unlink(missing_ok=True)


@lru_cache(maxsize=4096)
def _remove_of_the_dead(folder: str) -> None:
    """Remove, once a process and folder, what is temporary and whose writers on this machine do not live any more."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if is_leftover(name) and name[1:9] == _machine() and not _alive(int(name[9:17], 16)):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)


@cache
def _machine() -> str:
    """Return eight hex digits of what process numbers are unique in: a machine, since it was started, a container."""
    parts = [platform.node()]
    with suppress(OSError):
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:8]


def _alive(process: int) -> bool:
    if os.name == "nt":  # there, asking with a signal would stop it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def hidden(path: Path) -> bool:
    """Tell whether a file is hidden, as temporary ones are."""
    return path.name.startswith(".")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_sha256(paths: Iterable[Path]) -> str:
    """Return the SHA-256 (hex) of files' bytes, one after another."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def write_bytes(path: Path, content: bytes, sync: bool = False) -> None:
    """Write a file atomically (`atomic_path`)."""
    with atomic_path(path, sync) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, sync: bool = False) -> None:
    """Write a text file atomically, as UTF-8 with newlines as they are, without credentials."""
    write_bytes(path, without_secrets(text).encode(), sync)


def write_json(path: Path, value: Any, sync: bool = False) -> None:
    """Write a JSON file atomically (`json_text`)."""
    write_text(path, json_text(value), sync)


def json_text(value: Any) -> str:
    """Return a value as JSON, indented, NaN and infinity as null, with a newline at its end."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Replace NaN and infinite numbers by None throughout a JSON-like value."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
