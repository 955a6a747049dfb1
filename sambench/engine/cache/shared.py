"""Embeddings at a URL that several machines share, under the same names and in the same form as in a local cache."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sambench.engine.cache.entry import Secret, unpack
from sambench.errors import StorageError
from sambench.files.atomic import is_leftover
from sambench.files.storage.locations import Location, join, listing, read_bytes, remove, write_bytes

ENDING = ".safetensors"

STALE_SECONDS = 3600.0
"""Age from which a half-written entry is what a killed process left."""


UNSIGNED = "it is not signed with this secret"
"""What is wrong with a sound entry that somebody else made."""


@dataclass(frozen=True)
class StoredEmbedding:
    """One stored embedding: its key, location, size in bytes and time of last use (seconds since the epoch)."""

    key: str
    path: Location
    size: int
    used: float


class SharedEntries:
    """A remote store of embeddings.

    An object is written whole or not at all, and always the same under the same name, so any number of machines can
    write at once. Reading does not mark an entry as used: `used` is when it was written, and the oldest go first.

    Args:
        url: Where the entries lie.
    """

    def __init__(self, url: str) -> None:
        self.folder = url
        self._known: set[str] | None = None

    def known(self, key: str) -> bool:
        """Tell whether an entry was there when the store was first asked, or was written since."""
        if self._known is None:
            try:
                self._known = {entry.key for entry in self.entries()}
            except StorageError:
                return True  # a store that cannot be listed is not written to for nothing
        return key in self._known

    def read(self, key: str) -> bytes | None:
        """Return an entry's bytes, or None where there is none.

        Raises:
            StorageError: The location cannot be read.
        """
        return read_bytes(self._location(key))

    def write(self, key: str, blob: bytes) -> None:
        """Store an entry.

        Raises:
            StorageError: The location cannot be written.
        """
        write_bytes(self._location(key), blob)
        if self._known is not None:
            self._known.add(key)

    def remove(self, key: str) -> None:
        """Remove an entry."""
        remove(str(self._location(key)))

    def entries(self) -> Iterator[StoredEmbedding]:
        """Walk over the entries, by name."""
        for name, info in listing(self.folder).items():
            last = PurePosixPath(name).name
            if last.endswith(ENDING) and not last.startswith("."):  # hidden ones are being written
                key = last.removesuffix(ENDING)
                yield StoredEmbedding(key, join(self.folder, name), int(info["size"]), _written(info))

    def prune(self, budget_bytes: int) -> list[StoredEmbedding]:
        """Remove the oldest entries until at most `budget_bytes` remain; returns what was removed."""
        removed = surplus(self.entries(), budget_bytes)
        for entry in removed:
            self.remove(entry.key)
        for name, info in listing(self.folder).items():  # what killed writers left, where the location is a folder
            if is_leftover(PurePosixPath(name).name) and time.time() - _written(info) > STALE_SECONDS:
                remove(str(join(self.folder, name)))
        return removed

    def verify(self, secret: Secret | None = None) -> Iterator[tuple[StoredEmbedding, str | None]]:
        """Check every entry as `trouble` does; yields each with None, or with what is wrong with it."""
        for entry in self.entries():
            blob = self.read(entry.key)
            if blob is not None:
                yield entry, trouble(blob, entry.key, secret)

    def _location(self, key: str) -> Location:
        return join(self.folder, key[:2], f"{key}{ENDING}")


def surplus(entries: Iterable[StoredEmbedding], budget_bytes: int) -> list[StoredEmbedding]:
    """Return the entries to remove, least recently used first, so that at most `budget_bytes` remain."""
    kept = sorted(entries, key=lambda entry: entry.used)
    total = sum(entry.size for entry in kept)
    removed = []
    for entry in kept:
        if total <= budget_bytes:
            break
        total -= entry.size
        removed.append(entry)
    return removed


def trouble(blob: bytes, key: str, secret: Secret | None = None) -> str | None:
    """Say what is wrong with an entry's bytes, or nothing; with a secret, `UNSIGNED` where only its signature lacks."""
    try:
        unpack(blob, key)
    except ValueError as error:
        return str(error)
    return None if secret is None or secret.signed(blob, key) else UNSIGNED


def _written(info: dict[str, Any]) -> float:
    when = next((info[key] for key in ("mtime", "LastModified", "last_modified", "created") if key in info), 0.0)
    return when.timestamp() if isinstance(when, datetime) else float(when)
