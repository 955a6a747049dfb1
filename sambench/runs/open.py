"""Runs wherever they lie, at a path or a URL: opened to be written or read, and listed below a location."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sambench.errors import RunError
from sambench.files.safe_names import safe_part
from sambench.files.storage.copies import home_of, locked
from sambench.files.storage.locations import Location, is_remote, listing
from sambench.runs.remote_folder import MANIFEST, PARTS, RemoteFolder
from sambench.runs.remote_store import RemoteRunStore
from sambench.runs.run import OWN, RECORD, Run, read_record
from sambench.runs.store import RunStore

log = logging.getLogger("sambench.runs")


def open_store(location: Location, identity: dict[str, Any], overwrite: bool = False) -> RunStore:
    """Open a run folder at a path or a URL to write it (`RunStore`, `RemoteRunStore`)."""
    if is_remote(location):
        return RemoteRunStore(str(location), identity, overwrite)
    return RunStore(Path(location), identity, overwrite)


def load_run(location: Location) -> Run:
    """Open a stored run at a path or a URL.

    Raises:
        RunError: There is no run, its `run.json` is damaged or of a newer schema, or a file is not what was published.
        StorageError: The URL cannot be read.
    """
    if is_remote(location):
        return _fetched(str(location))
    return Run(Path(location), read_record(Path(location)))


def run_locations(results: Location) -> list[Location]:
    """Return the runs below a folder or URL, sorted; folders that may not be read are told and left out."""
    if not is_remote(results):
        return sorted(_local_runs(Path(results)))
    folders = set()
    for name in listing(str(results)):
        folder, _, last = name.rpartition("/")
        if last == MANIFEST:
            folders.add(folder)
        elif PurePosixPath(folder).name == PARTS:
            folders.add(folder.rpartition("/")[0])
    return ["/".join(filter(None, (str(results).rstrip("/"), name))) for name in sorted(folders)]


def _local_runs(results: Path) -> Iterator[Path]:
    """Yield the folders with a run; what a run made itself, which may be many files, is not looked through."""
    for top, folders, names in os.walk(results, onerror=_warn):
        if RECORD in names:
            folders[:] = [name for name in folders if name not in OWN]
            yield Path(top)


def _warn(error: OSError) -> None:
    """Pass over a folder that is not there, or is another user's own."""
    if isinstance(error, PermissionError):
        log.warning("left out: %s cannot be read: %s", error.filename, error.strerror)
    elif not isinstance(error, FileNotFoundError):
        raise error


def _fetched(url: str) -> Run:
    """Copy a remote run to read it; its predictions are copied when they are asked for."""
    remote = RemoteFolder(url)
    published = remote.read()
    if published is None:
        raise RunError("there is no run in this folder", where=url, mend="`sambench ls runs results=URL` lists runs")
    home = home_of(url, "read")
    folder = home / safe_part(PurePosixPath(url).name)
    first = {name: entry for name, entry in published.files.items() if not name.startswith("predictions/")}
    with locked(home):
        remote.download(folder, first)
    return Run(folder, published.record, url, lambda: remote.download(folder, published.files))
