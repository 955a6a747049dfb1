"""Which runs there are below a folder or URL: found again when asked, read again only where their record changed."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sambench.errors import SambenchError
from sambench.files.storage.locations import Location, is_remote
from sambench.redact import without_secrets
from sambench.runs.open import load_run, run_locations
from sambench.runs.run import RECORD, Run

AGAIN, REMOTE_AGAIN = 3.0, 30.0
"""Seconds for which a list of runs holds, on a disk and on an object store."""


@dataclass(frozen=True)
class Shelved:
    """A run that was found.

    Attributes:
        key: Its name in addresses: a hash of its location below the results, so that no address holds a path.
        name: Its location below the results.
        run: The run, or None where it cannot be read.
        fault: Why it cannot be read.
    """

    key: str
    name: str
    run: Run | None
    fault: SambenchError | None = None


class Shelf:
    """The runs below a location.

    Args:
        results: A folder or URL; a run folder itself holds one run.
    """

    def __init__(self, results: Location) -> None:
        self.results = results
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[object, Shelved]] = {}
        self._when = -float("inf")

    def all(self) -> list[Shelved]:
        """Return the runs, sorted by location."""
        with self._lock:
            if time.monotonic() - self._when > (REMOTE_AGAIN if is_remote(self.results) else AGAIN):
                self._seen = {key: self._looked_at(key, location) for key, location in self._locations().items()}
                self._when = time.monotonic()
            return [shelved for _, shelved in self._seen.values()]

    def one(self, key: str) -> Shelved:
        """Return the run of a key, read again where its record changed.

        Raises:
            KeyError: There is none.
        """
        shelved = {shelved.key: shelved for shelved in self.all()}[key]
        if shelved.run is None or shelved.run.finished or is_remote(self.results):
            return shelved
        with self._lock:
            self._seen[key] = self._looked_at(key, shelved.run.folder)
            return self._seen[key][1]

    def _locations(self) -> dict[str, Location]:
        return {_key(_name(self.results, location)): location for location in run_locations(self.results)}

    def _looked_at(self, key: str, location: Location) -> tuple[object, Shelved]:
        """Read a run, or return it as it was read where its record is the same file."""
        stamp, known = _stamp(location), self._seen.get(key)
        if known is not None and known[0] == stamp and stamp is not None:
            return known
        if known is not None and stamp is None and known[1].run is not None and known[1].run.finished:
            return known
        name = _name(self.results, location)
        try:
            return stamp, Shelved(key, name, load_run(location))
        except SambenchError as error:
            return stamp, Shelved(key, name, None, error)


def _name(results: Location, location: Location) -> str:
    """Return a run's location below the results; the last part of it where it is the results itself."""
    if is_remote(results):
        return without_secrets(
            str(location).removeprefix(str(results).rstrip("/")).strip("/") or str(location).split("/")[-1]
        )
    below = Path(location).relative_to(Path(results)).as_posix()
    return Path(location).resolve().name if below == "." else below


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _stamp(location: Location) -> object:
    """Return time, size and inode of a local record, which change with it; None for a URL or where there is none."""
    if is_remote(location):
        return None
    try:
        stat = (Path(location) / RECORD).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
