"""Stored runs removed for good, wherever they lie, but none that a process is writing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from sambench.errors import RunError
from sambench.files.storage.lease import Lease
from sambench.files.storage.locations import listing
from sambench.runs.remote_folder import RemoteFolder
from sambench.runs.run import LOCK, OWN, Run
from sambench.runs.store import lock, remove_run

MEND = "wait for it, or end it first"


def bytes_of(run: Run) -> int:
    """Return how many bytes a run's files take where they lie, links not counted."""
    if run.url is not None:
        return sum(int(info.get("size") or 0) for info in listing(run.url).values())
    return sum(_size(entry) for entry in _entries(run.folder) if entry.name in OWN)


def _entries(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):  # a process that writes the run has just removed it
        return []


def _size(entry: os.DirEntry[str]) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if entry.is_dir(follow_symlinks=False):
        return sum(map(_size, _entries(entry.path)))
    try:
        return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0
    except FileNotFoundError:
        return 0


def refuse_in_use(run: Run) -> None:
    """Refuse a run that a process is writing.

    Raises:
        RunError: One is; a finished run is written by none.
        StorageError: The same of a run at a URL.
    """
    if run.url is not None:
        lease = Lease(run.url)
        lease.take()
        lease.release()
        return
    held = _held(run.folder)
    if held is not None:
        held.close()


def remove(run: Run) -> None:
    """Remove a run's files, and its folder where nothing else lies in it.

    Raises:
        RunError: A process is writing it.
        StorageError: The same of a run at a URL, or its files cannot be removed.
    """
    if run.url is not None:
        lease = Lease(run.url)
        lease.take()
        try:
            RemoteFolder(run.url).clear()
        finally:
            lease.release()
        return
    held = _held(run.folder)
    try:
        remove_run(run.folder)
        (run.folder / LOCK).unlink(missing_ok=True)
        with suppress(OSError):  # there are files that no run writes
            run.folder.rmdir()
    finally:
        if held is not None:
            held.close()


def _held(folder: Path) -> IO[str] | None:
    try:
        return lock(folder)
    except RunError as error:
        raise RunError(error.what, where=folder, mend=MEND) from error
