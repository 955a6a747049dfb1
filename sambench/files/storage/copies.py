"""Local copies of what is only read (data sets, checkpoints, predictions), made once and kept in step."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from sambench.errors import StorageError
from sambench.files.atomic import atomic_path, write_text
from sambench.files.paths import cache_root
from sambench.files.progress import progress
from sambench.files.safe_names import faults_of, inside
from sambench.files.storage.hub import hub_copy
from sambench.files.storage.locations import Location, attempt, filesystem, is_hub, is_remote, listing
from sambench.redact import without_secrets

try:
    import fcntl
except ImportError:  # Windows has no flock; two processes that copy the same location are then the user's care
    fcntl = None  # type: ignore[assignment]

STREAMS = 8
"""Files that are copied at once."""

_VERSION_KEYS = ("ETag", "etag", "md5Hash", "generation", "mtime", "LastModified", "last_modified", "created")


def local(location: Location) -> Path:
    """Return a local path as it is, and of a URL the path of its local copy (`local_copy`)."""
    return local_copy(str(location)) if is_remote(location) else Path(location)


def local_copy(url: str) -> Path:
    """Copy a remote file or folder into the cache folder, or bring the copy that is there up to date.

    Files are copied whole or not at all; interrupted, the next call goes on. A file counts as the same while the
    service gives the same size and version (ETag, hash or time) of it. Processes that ask for the same location wait
    for one another.

    Args:
        url: A file or folder on any file system that fsspec knows, or on the Hub (`files.storage.hub.hub_copy`).

    Returns:
        The copy, with the name of the original.

    Raises:
        StorageError: Nothing lies there, it cannot be read, or the disk has no room for it.
    """
    if is_hub(url):
        return hub_copy(url)
    system, root = filesystem(url)
    home = home_of(url, "copies")
    with locked(home):
        remote_files = listing(url)
        if not remote_files:
            raise StorageError("nothing lies at this address", where=url, mend="check the address")
        if faults := faults_of(filter(None, remote_files)):
            raise StorageError(f"files there cannot be copied: {faults}", where=url, mend="rename them")
        wanted = {name: [int(info["size"]), _version(info)] for name, info in remote_files.items()}
        index = home / "index.json"
        known: dict[str, Any] = json.loads(index.read_text()) if index.exists() else {}
        target = inside(home, PurePosixPath(root).name or "files")
        for name in known.keys() - wanted.keys():
            (inside(target, name) if name else target).unlink(missing_ok=True)
        known = {
            name: stamp for name, stamp in known.items() if wanted.get(name) == stamp and (target / name).is_file()
        }
        missing = {name: stamp for name, stamp in wanted.items() if name not in known}
        try:
            _fetch(system, root, url, target, missing, known)
        finally:
            write_text(index, json.dumps(known))
    return target


def home_of(url: str, kind: str) -> Path:
    """Return the folder below the cache folder where things of a URL are kept."""
    return cache_root() / kind / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes of this machine from the folder while the block runs; waits for them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch(
    system: Any, root: str, url: str, target: Path, missing: dict[str, list[Any]], known: dict[str, Any]
) -> None:
    """Copy files, noting each in `known` when it is there."""
    size = sum(stamp[0] for stamp in missing.values())
    free = shutil.disk_usage(target.parent).free
    if size > free:
        raise StorageError(
            f"{size / 1e9:.1f} GB are to be copied from {url}, and {free / 1e9:.1f} GB are free",
            where=target.parent,
            mend="set SAMBENCH_CACHE to a folder on a larger disk, or name a smaller part of the data",
        )

    def one(name: str) -> str:
        path = f"{root}/{name}" if name else root
        with atomic_path(inside(target, name) if name else target) as temporary:
            attempt(lambda: system.get_file(path, str(temporary)), f"copying {path}", url)
        return name

    label = f"copying {without_secrets(url)} ({size / 1e6:.0f} MB)"
    shown = progress("auto" if len(missing) > 1 else "off", label, len(missing))
    pool = ThreadPoolExecutor(STREAMS)
    futures = [pool.submit(one, name) for name in missing]
    try:
        for future in as_completed(futures):
            future.result()
            shown.advance()
    finally:
        pool.shutdown(cancel_futures=True)
        shown.close()
        there = (future for future in futures if not future.cancelled() and future.exception() is None)
        known.update({future.result(): missing[future.result()] for future in there})


def _version(info: dict[str, Any]) -> str:
    return next((str(info[key]) for key in _VERSION_KEYS if info.get(key) is not None), "")
